/**
 * A hostile script never crashes or hangs the interpreter, nor breaks the stack under it: our scripts, mangled by
 * chance, each end with a verdict.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runScript } from '../../src/packetdrill/run-script.ts';

const FOLDER = join(import.meta.dirname, '../packetdrill');
const texts = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.pkt'))
  .sort()
  .map((path) => readFileSync(join(FOLDER, path), 'utf8'));

/** Numbers that sit at some edge. */
const NUMBERS = ['-1', '0', '1', '65535', '65536', '2147483647', '4294967295', '1e9', '0x7fffffff'];
const PIECES = [
  ...['(', ')', '[', ']', '{', '}', '<', '>', '`', '%{', '}%', '"', "'", '...', '*', '|', '='],
  ...['+0', '+.1', '~', 'S.', 'R', 'F.', '-', 'ack', 'win', 'sack 1:2', 'TS val 0 ecr 0', 'mss 1'],
  ...[
    'icmp unreachable frag_needed mtu 0',
    'close(4)',
    'MSG_FASTOPEN',
    'SO_LINGER',
    'FO',
    '\n--mss=0\n',
    '\n--mtu=69\n',
    '\n-Dack=win\n',
    '`ip route change default mtu 1`',
    '/*',
    '\r\n\t',
    '+0~+1',
    'nocheck',
    'udp',
    '\0',
    '😀',
  ],
];

const mutation = fc.record({
  kind: fc.constantFrom('drop', 'repeat', 'swap', 'number', 'insert', 'cut', 'borrow'),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  by: fc.nat(9999),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

function mutate(text: string, { kind, at, by }: Mutation): string {
  const lines = text.split('\n');
  const line = Math.floor(at * lines.length);
  const offset = Math.floor(at * text.length);
  switch (kind) {
    case 'drop':
      return lines.filter((_, index) => index !== line).join('\n');
    case 'repeat':
      return [...lines.slice(0, line), pick(lines, line), ...lines.slice(line)].join('\n');
    case 'swap': {
      const other = by % lines.length;
      const moved = [...lines];
      [moved[line], moved[other]] = [pick(lines, other), pick(lines, line)];
      return moved.join('\n');
    }
    case 'number': {
      const found = [...text.matchAll(/\d+/g)];
      if (found.length === 0) return text;
      const match = pick(found, Math.floor(at * found.length));
      const start = match.index;
      return text.slice(0, start) + pick(NUMBERS, by) + text.slice(start + match[0].length);
    }
    case 'insert':
      return text.slice(0, offset) + pick(PIECES, by) + text.slice(offset);
    case 'cut':
      return text.slice(0, offset) + text.slice(offset + (by % 12) + 1);
    default: {
      const others = pick(texts, by).split('\n');
      return [...lines.slice(0, line), pick(others, by), ...lines.slice(line)].join('\n');
    }
  }
}

describe('a hostile script', () => {
  it('ends with a verdict, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.nat(texts.length - 1),
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('ipv4' as const, 'ipv6' as const),
        (index, mutations, ipVersion) => {
          const text = mutations.reduce(mutate, pick(texts, index));
          const { verdict, reason, actual } = runScript('mangled.pkt', text, { ipVersion });
          expect({ text, verdict, actual }).not.toMatchObject({ verdict: undefined });
          expect({ text, reason, actual }).not.toMatchObject({ reason: 'broken stack' });
        },
      ),
      { numRuns: 400, seed: 0x5eed },
    );
  });
});
