/** The given cellular traces, for tests that may skip without them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = resolve(ROOT, process.env['SLUICE_DATA'] ?? '../shared', 'data/cellular');

/** Name and text of each trace; says once when there is none. */
export function cellularTraces(): { name: string; text: string }[] {
  if (!existsSync(FOLDER)) {
    console.warn(`no cellular traces in ${FOLDER}: real traces are skipped`);
    return [];
  }
  return readdirSync(FOLDER)
    .filter((name) => /\.(up|down)$/.test(name))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'latin1') }));
}
