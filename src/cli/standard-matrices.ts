/** Matrices that ship with the package, by name: files that others can copy and change. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./matrices', import.meta.url));
const ENDING = '.yaml';

export const standardMatrixNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();

/** Path of the file, undefined for a name that is none. */
export function standardMatrix(name: string): string | undefined {
  return standardMatrixNames().includes(name) ? join(FOLDER, name + ENDING) : undefined;
}
