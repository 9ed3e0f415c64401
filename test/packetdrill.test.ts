/**
 * Our own packetdrill scripts, each named by the sentence that it proves, against our TCP in virtual time.
 * A script also fails when a packet goes out that none of its lines asks for.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScript } from '../src/packetdrill/run-script.ts';
import { KNOWN_SCRIPT_FAILURES } from './support/known-script-failures.ts';
import { TCP_FAULTS } from './support/tcp-faults.ts';

const FOLDER = join(import.meta.dirname, 'packetdrill');
const CITATION = /: (?:RFC \d+|POSIX|Linux|linux profile)/;

const paths = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.pkt'))
  .sort();
const scripts = paths.map((path) => {
  const text = readFileSync(join(FOLDER, path), 'utf8');
  return { path, text, sentence: text.split('\n')[0]?.replace(/^\/\/ /, '') ?? '' };
});

describe('packetdrill scripts', () => {
  it('are named by a sentence with its source, each its own', () => {
    const unnamed = scripts.filter(({ sentence }) => !CITATION.test(sentence));
    expect(unnamed.map(({ path }) => path)).toEqual([]);
    const gone = [...KNOWN_SCRIPT_FAILURES.keys()].filter((path) => !paths.includes(path));
    expect(gone).toEqual([]);
    expect(new Set(scripts.map(({ sentence }) => sentence)).size).toBe(scripts.length);
  });

  it('have deliberate faults to catch whose place is still there: test/slow runs them', () => {
    const lost = TCP_FAULTS.filter(({ file, find }) => {
      const text = readFileSync(join(import.meta.dirname, '../src', file), 'utf8');
      return text.split(find).length !== 2;
    });
    expect(lost.map(({ name }) => name)).toEqual([]);
  });
});

for (const topic of new Set(paths.map((path) => path.split('/')[0] ?? ''))) {
  describe(`packetdrill ${topic}`, () => {
    const own = scripts.filter(({ path }) => path.startsWith(`${topic}/`));
    for (const { path, text, sentence } of own) {
      const test = KNOWN_SCRIPT_FAILURES.has(path) ? it.fails : it;
      test(`${path}: ${sentence}`, () => {
        const { verdict, line, reason, expected, actual } = runScript(path, text, {
          claimsAll: true,
        });
        expect({ verdict, line, reason, expected, actual }).toMatchObject({ verdict: 'pass' });
      });
    }
  });
}
