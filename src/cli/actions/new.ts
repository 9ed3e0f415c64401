/** What `sluice new` does. Loaded when it is called. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NetError } from '../../base/errors.ts';
import type { NewOptions } from '../commands/new.ts';

/** Copied beside the command when it is built. */
const TEMPLATE = fileURLToPath(new URL('./templates/controller.ts.txt', import.meta.url));

/** Throws NetError for another kind, a name that is no class's, or a file that is there. */
export function runNew(kind: string, name: string, { force = false }: NewOptions): void {
  if (kind !== 'cc') throw NetError.value('kind', 'cc', kind);
  if (!/^[A-Za-z]\w{0,63}$/.test(name)) {
    throw NetError.value('name', 'letters and digits like Mine', name);
  }
  const path = `${name}.ts`;
  if (existsSync(path) && !force) {
    throw NetError.value('name', 'one that is not taken, or --force', `${path}, which is there`);
  }
  const text = readFileSync(TEMPLATE, 'utf8').replaceAll('NAME', name);
  try {
    writeFileSync(path, text);
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new NetError('ERR_OUTPUT', `${path}: expected a folder to write to, got ${got}`);
  }
  process.stdout.write(
    `Written   ${path}\nTry       npx sluice run dumbbell --set cc=./${path},cubic\n`,
  );
}
