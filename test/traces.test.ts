/**
 * The bundled captures are the ones that traces/README.md describes: each file listed with its sha256 and
 * figures, nothing unlisted, and small enough for a package. What is inside them is for the reader's tests.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('../traces/', import.meta.url);
const TOTAL_BYTES_MAX = 3_000_000;

interface Listed {
  packets: number;
  bytes: number;
  sha256: string;
}

/** The rows "| `name` | packets | bytes | sha256 |" of the provenance table. */
function readProvenance(): Map<string, Listed> {
  const table = readFileSync(new URL('README.md', folder), 'utf8');
  const row = /^\| `([^`]+)` *\| (\d+) *\| (\d+) *\| ([0-9a-f]{64}) \|$/gm;
  return new Map(
    Array.from(table.matchAll(row), ([, name = '', packets, bytes, sha256 = '']) => [
      name,
      { packets: Number(packets), bytes: Number(bytes), sha256 },
    ]),
  );
}

/** Records of a little-endian pcap file, counted by their lengths alone. */
function countRecords(file: Buffer): number {
  let packets = 0;
  for (let at = 24; at < file.length; at += 16 + file.readUInt32LE(at + 8)) packets++;
  return packets;
}

const listed = readProvenance();
const captures = readdirSync(folder)
  .filter((name) => name !== 'README.md' && name !== 'record.sh')
  .sort();

it('lists every bundled capture with its provenance, and no other', () => {
  expect(captures.length).toBeGreaterThan(0);
  expect([...listed.keys()].sort()).toEqual(captures);
});

it('keeps the bundled captures within 3 MB together', () => {
  const bytes = captures.map((name) => readFileSync(new URL(name, folder)).length);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(TOTAL_BYTES_MAX);
});

it.each(captures)('finds %s as its line of provenance says', (name) => {
  const file = readFileSync(new URL(name, folder));
  expect({
    packets: countRecords(file),
    bytes: file.length,
    sha256: createHash('sha256').update(file).digest('hex'),
  }).toEqual(listed.get(name));
});
