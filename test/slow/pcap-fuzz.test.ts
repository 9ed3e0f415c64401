/**
 * Mutated real captures through the reader: no exception but NetError, no endless loop, no row beyond its
 * block, no memory that grows. SLUICE_FUZZ_RUNS sets the number of mutants, SLUICE_FUZZ_SEED the first one;
 * a failure names the seed that shows it again.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NetError } from '../../src/base/errors.ts';
import { CaptureReader, MAX_RECORD_BYTES } from '../../src/pcap/capture-reader.ts';
import { CaptureRows } from '../../src/pcap/capture-rows.ts';
import { CaptureStream } from '../../src/pcap/capture-stream.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import { PcapngBuilder, patternBytes, textOption } from '../support/capture-builder.ts';
import { captureFiles } from '../support/captures.ts';
import { Chance } from '../support/chance.ts';

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 100_000);
const FIRST_SEED = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1);
/** A mutant is the start of a capture: damage further on is met in the same states. */
const MUTANT_BYTES = 20_000;
const HEAP_GROWTH_MAX = 64 << 20;

function pcapngWithEverything(littleEndian: boolean): Uint8Array {
  const builder = new PcapngBuilder().section({ littleEndian }).interface({ resolution: 9 });
  builder.interface({ linkType: 113, snapLength: 64, offset: -5n, options: [textOption(2, 'if')] });
  for (let packet = 0; packet < 40; packet++) {
    const data = patternBytes(20 + packet * 7, packet);
    const ticks = BigInt(packet) * 10n ** 16n;
    builder.enhanced({ interfaceId: packet & 1, ticks, data, options: [textOption(1, 'note')] });
    builder.simple(data, data.length).obsolete({ ticks, data });
    if (packet % 8 === 0) builder.secrets(0x544c534b, data).block(5, data).block(0x0bad, data);
    if (packet === 20) builder.section({ littleEndian: !littleEndian }).interface().interface();
  }
  return builder.build();
}

function mutate(original: Uint8Array, chance: Chance): Uint8Array {
  let bytes = Buffer.from(original.subarray(0, MUTANT_BYTES));
  const words = [0, 1, 3, 4, 11, 12, 16, 28, 32, 262_144, 1 << 20, 0x7fffffff, -1, 0x0a0d0d0a];
  for (let change = chance.below(8); change >= 0; change--) {
    // Headers are where it matters: half of the changes fall into the first 200 bytes.
    const at = chance.below(chance.below(2) === 0 ? Math.min(200, bytes.length) : bytes.length);
    const length = chance.below(64);
    const kind = chance.below(5);
    if (kind === 0) bytes[at] = chance.below(256);
    else if (kind === 1) bytes[at] = (bytes[at] as number) ^ (1 << chance.below(8));
    else if (kind === 2 && at + 4 <= bytes.length) {
      bytes.writeInt32LE(words[chance.below(words.length)] as number, at);
    } else if (kind === 3)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    if (bytes.length === 0) return bytes;
  }
  return chance.below(4) === 0 ? bytes.subarray(0, chance.below(bytes.length)) : bytes;
}

const block = new Uint8Array(MAX_RECORD_BYTES);
const rows = new CaptureRows(100);

/** Returns the ending, or 'refused'. */
function readMutant(bytes: Uint8Array, blockBytes: number): string {
  const reader = new CaptureReader('mutant');
  const stream = new CaptureStream(new MemorySource(bytes), reader);
  let length = blockBytes;
  let steps = 0;
  try {
    while (stream.load(block, 0, length)) {
      rows.clear();
      while (stream.decode(rows) > 0) {
        checkRows(length, reader.interfaces.length);
        rows.clear();
        if (++steps > bytes.length) throw new Error('does not end');
      }
      if (reader.requiredBytes >= length) length = reader.requiredBytes + 1;
      if (++steps > bytes.length + 10) throw new Error('does not end');
    }
  } catch (error) {
    if (error instanceof NetError && !error.message.includes('\n')) return 'refused';
    throw error;
  }
  return reader.ending ?? 'no ending';
}

function checkRows(blockBytes: number, interfaces: number): void {
  for (let row = 0; row < rows.count; row++) {
    const end = (rows.offset[row] as number) + (rows.capturedLength[row] as number);
    const nanoseconds = rows.nanoseconds[row] as number;
    const isSound =
      end + (rows.optionsLength[row] as number) <= blockBytes &&
      (rows.capturedLength[row] as number) >= 0 &&
      (rows.originalLength[row] as number) >= 0 &&
      nanoseconds >= 0 &&
      nanoseconds < 1e9 &&
      Number.isInteger(rows.seconds[row]) &&
      (rows.interfaceIndex[row] as number) < interfaces;
    if (!isSound) throw new Error(`row ${row} is not sound`);
  }
}

it(`reads ${RUNS} mutated captures without crash, hang or growth`, () => {
  const originals = [
    ...captureFiles().map((path) => new Uint8Array(readFileSync(path))),
    pcapngWithEverything(true),
    pcapngWithEverything(false),
  ];
  const endings = new Map<string, number>();
  let heapBefore = 0;
  for (let run = 0; run < RUNS; run++) {
    if (run === RUNS >> 3) heapBefore = process.memoryUsage().heapUsed;
    const seed = FIRST_SEED + run;
    const chance = new Chance(seed);
    const bytes = mutate(originals[chance.below(originals.length)] as Uint8Array, chance);
    let ending: string;
    try {
      ending = readMutant(bytes, 30 + chance.below(5000));
    } catch (error) {
      throw new Error(`seed ${seed}: ${error}`, { cause: error });
    }
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  console.log(Object.fromEntries(endings));
  for (const ending of ['complete', 'cut', 'malformed', 'refused']) {
    expect(endings.get(ending) ?? 0, ending).toBeGreaterThan(RUNS / 100);
  }
  expect(endings.size).toBe(4);
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(HEAP_GROWTH_MAX);
});
