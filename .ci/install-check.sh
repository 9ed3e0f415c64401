#!/usr/bin/env bash
# Installs Sluice where neither a compiler nor Python is on the PATH: the optional native packages must not
# break an install.
#
#   .ci/install-check.sh [repository | tarball]     (default: both)
#
# repository: `npm install` and a build in a copy of the repository. tarball: `npm pack`, an install of the
# tarball in an empty folder, the command and the library from there.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# All that an install needs, and nothing that could build an addon.
mkdir "$work/bin"
for tool in node npm npx env sh bash git tar gzip uname sed grep basename dirname cat chmod cp find head ls mkdir \
  mktemp mv pwd readlink realpath rm sort tail test touch tr wc xargs; do
  path=$(type -P "$tool") && ln -s "$(realpath "$path")" "$work/bin/$tool"
done
unset CC CXX CPP LD AR MAKE PYTHON NODE_GYP_FORCE_PYTHON
unset npm_config_python npm_config_nodedir npm_config_node_gyp npm_config_build_from_source
export npm_config_yes=false # npx runs what is installed, and never fetches a namesake
bare() { PATH=$work/bin "$@"; }
for tool in cc gcc g++ c++ clang make python python3; do
  if bare type -P $tool; then echo "this check is void: $tool is on its PATH" >&2; exit 1; fi
done

install_repository() {
  local copy=$work/repository
  mkdir "$copy"
  tar -cf - --exclude=./.git --exclude=./node_modules --exclude=./dist --exclude=./dist-bench --exclude=./.tsc \
    --exclude=./out --exclude='./*.tgz' . | tar -xf - -C "$copy"
  cd "$copy"
  bare npm install --no-save --no-audit --no-fund --loglevel=error
  bare npm run build --silent
  bare node dist/main.js --version
}

install_tarball() {
  local app=$work/app
  node .ci/bootstrap.mjs --build
  npm pack --silent --pack-destination "$work"
  mkdir "$app"
  cd "$app"
  # A project of its own: npm would else take a folder above for it, if that is one.
  echo '{ "private": true }' >package.json
  bare npm install --no-audit --no-fund --loglevel=error "$work"/sluice-*.tgz
  [[ $(bare npx sluice --version) == $(node -p 'require("sluice/package.json").version') ]]
  bare npx sluice --help
  # A capture of the package, by the command of the package.
  bare npx sluice replay node_modules/sluice/traces/download-cubic.pcap --rate 8Mbps --delay 20ms --queue 64KiB \
    --json >"$work/result.json"
  bare node --input-type=module -e '
    const names = Object.keys(await import("sluice"));
    if (names.length === 0) throw new Error("the library exports nothing");
    console.log(`library: ${names.length} exports`);
  '
}

case ${1:-both} in
  repository) install_repository ;;
  tarball) install_tarball ;;
  both)
    (install_repository)
    (install_tarball)
    ;;
  *) echo "expected repository or tarball, got $1" >&2; exit 2 ;;
esac
echo "installed without a compiler: ${1:-both}"
