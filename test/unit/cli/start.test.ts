/** What a short run loads: packages that only files, bars or pools need take longer than it does. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const STATIC_IMPORT = /^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)'/gm;

/** Packages that a file of src/ loads by its static imports and theirs. */
function packagesOf(entry: string): string[] {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const waiting = [new URL(`../../../src/${entry}`, import.meta.url).href];
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    if (seen.has(url)) continue;
    seen.add(url);
    for (const [, name = ''] of readFileSync(fileURLToPath(url), 'utf8').matchAll(STATIC_IMPORT)) {
      if (name.startsWith('.')) waiting.push(new URL(name, url).href);
      else if (!name.startsWith('node:')) packages.add(name);
    }
  }
  expect(seen.size).toBeGreaterThan(1);
  return [...packages].sort();
}

describe('what is loaded to start', () => {
  it('is one package for the command', () => {
    expect(packagesOf('cli/main.ts')).toEqual(['commander']);
  });

  it('is no package for a run of the catalogue and for a worker of a matrix', () => {
    expect(packagesOf('cli/actions/run.ts')).toEqual([]);
    expect(packagesOf('cli/matrix-worker.ts')).toEqual([]);
  });

  it('is the schema library for a file', () => {
    expect(packagesOf('cli/run-files.ts')).toEqual(['zod']);
  });
});
