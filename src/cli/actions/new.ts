/** What `sluice new` does. Loaded when it is called. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetError } from '../../base/errors.ts';
import type { NewOptions } from '../commands/new.ts';

/** Copied beside the command when they are built. */
const TEMPLATES = fileURLToPath(new URL('./templates', import.meta.url));
const NAME = /^([A-Za-z]\w{0,63})(?:\.(ts|js|mjs))?$/;

/** Throws NetError for another kind, a name that is no class's, or a file that is there. */
export function runNew(kind: string, name: string, { force = false }: NewOptions): void {
  if (kind !== 'cc') throw NetError.value('kind', 'cc', kind);
  const match = NAME.exec(name);
  if (match === null) {
    throw NetError.value('name', 'letters and digits like Mine, or Mine.js', name);
  }
  const [, className = '', ending = 'ts'] = match;
  const path = `${className}.${ending}`;
  if (existsSync(path) && !force) {
    throw NetError.value('name', 'one that is not taken, or --force', `${path}, which is there`);
  }
  const template = join(TEMPLATES, `controller.${ending === 'ts' ? 'ts' : 'js'}.txt`);
  const text = readFileSync(template, 'utf8')
    .replaceAll('NAME.FILE', path)
    .replaceAll('NAME', className);
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
