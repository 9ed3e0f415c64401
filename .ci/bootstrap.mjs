// Makes a fresh clone ready: installs what is missing, and with --build builds when a source is newer
// than the last build. Plain JavaScript with Node's own modules, since nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function run(label, args) {
  console.error(`sluice: ${label} (npm ${args.join(' ')})`);
  const result = spawnSync(npm, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

const modifiedMs = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestMs(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(path) : modifiedMs(path));
  }
  return newest;
}

const installedMs = modifiedMs('node_modules/.package-lock.json');
if (installedMs === 0 || installedMs < modifiedMs('package-lock.json') - 1000) {
  // Not `npm ci`: it fails where a registry lacks the binaries of a foreign platform.
  run('installing packages', [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
}

if (process.argv.includes('--build')) {
  const sourceMs = Math.max(
    newestMs('src'),
    modifiedMs('tsup.config.ts'),
    modifiedMs('package.json'),
  );
  if (modifiedMs('dist/main.js') < sourceMs) run('building', ['run', 'build', '--silent']);
}
