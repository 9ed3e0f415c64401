import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importDefault } from '../../../src/edge/load-module.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-module-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = (name: string, text: string): Promise<unknown> => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return importDefault(path, name, 'ERR_CONTROLLER', name.startsWith('Endless') ? 1 : 10);
};

describe('importDefault', () => {
  it('loads JavaScript and TypeScript', async () => {
    expect(await load('Good.mjs', 'export default 7;')).toBe(7);
    expect(await load('Good.ts', 'const x: number = 8; export default x;')).toBe(8);
  });

  it.each(['js', 'mjs', 'ts'])(
    'ends a module that loops for ever while it loads (.%s)',
    async (ending) => {
      const loading = load(`Endless.${ending}`, 'for (;;) {}');
      await expect(loading).rejects.toThrow('expected a module that loads within 1 s, got none');
    },
  );

  it('ends one that waits for ever, or ends the process', async () => {
    const waits = load('EndlessWait.mjs', 'await new Promise(() => setInterval(() => {}, 1e6));');
    await expect(waits).rejects.toThrow('within 1 s');
    await expect(load('Never.mjs', 'await new Promise(() => {});')).rejects.toThrow('got none');
    await expect(load('Exit.mjs', 'process.exit(0);')).rejects.toThrow('got none');
  });

  it('says why a module fails to load', async () => {
    const thrown = load('Throws.mjs', 'throw new Error("its reason");');
    await expect(thrown).rejects.toThrow(
      'Throws.mjs: expected a module that loads, got its reason',
    );
  });
});
