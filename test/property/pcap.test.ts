import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NetError } from '../../src/base/errors.ts';
import { MAX_RECORD_BYTES } from '../../src/pcap/capture-reader.ts';
import { buildPcap, PcapngBuilder, patternBytes } from '../support/capture-builder.ts';
import { type ReadCapture, readCapture, timeText } from '../support/read-capture.ts';
import { type WrittenPacket, writePcap, writePcapng } from '../support/write-capture.ts';

const SEED = { seed: 20_260_101, numRuns: 100 };

const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });
const data = fc.uint8Array({ maxLength: 200 });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });

function shown({ reader, packets }: ReadCapture) {
  const { ending, reason, counters, interfaces, secrets, consumedBytes } = reader;
  return { packets, ending, reason, counters, interfaces, secrets, consumedBytes };
}

/** What the reader says, or its error in one line; anything else it throws fails the test. */
function outcome(bytes: Uint8Array, blockBytes: number, rowCapacity: number) {
  try {
    return shown(readCapture(bytes, blockBytes, rowCapacity));
  } catch (error) {
    if (error instanceof NetError && !error.message.includes('\n')) return error.message;
    throw error;
  }
}

/** A capture with something of everything. */
function variedCapture(littleEndian: boolean): Uint8Array {
  const builder = new PcapngBuilder();
  for (const order of [littleEndian, !littleEndian]) {
    builder.section({ littleEndian: order });
    builder.interface({
      snapLength: 50,
      resolution: 9,
      options: [{ code: 2, value: patternBytes(7) }],
    });
    builder.interface({ linkType: 101, resolution: 0x80 | 20, offset: -77n });
    builder.block(4, patternBytes(24)).secrets(0x544c534b, patternBytes(33));
    for (let packet = 0; packet < 6; packet++) {
      const length = 40 + packet * 3;
      const spec = { ticks: 10n ** 17n * BigInt(packet), data: patternBytes(length, packet) };
      const options = packet & 1 ? [{ code: 1, value: patternBytes(packet + 65) }] : [];
      builder.enhanced({ ...spec, interfaceId: packet % 2, options });
      builder.obsolete(spec).simple(patternBytes(48), 48);
    }
    builder.block(5, patternBytes(28)).block(1234, patternBytes(36));
  }
  return builder.build();
}

const pcapOf = (littleEndian: boolean, magic: number) =>
  buildPcap(
    Array.from({ length: 12 }, (_, index) => ({
      seconds: 1_700_000_000 + index,
      fraction: index * 77_777,
      data: patternBytes(index * 9, index),
    })),
    { littleEndian, magic },
  );

/** Chosen by index, so that a counterexample stays short. */
const bases = [
  variedCapture(true),
  variedCapture(false),
  pcapOf(true, 0xa1b2c3d4),
  pcapOf(false, 0xa1b23c4d),
  pcapOf(true, 0xa1b2cd34),
];

const base = fc.nat({ max: bases.length - 1 });
const baseOf = (index: number) => bases[index] as Uint8Array;

/** Bytes overwritten, cut out, or doubled. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('word', 'byte', 'cut', 'repeat', 'end'),
  value: fc.oneof(uint32, fc.constantFrom(0, 1, 4, 12, 0x7fffffff, 0x80000000, 0xffffffff)),
});

function mutate(
  bytes: Uint8Array,
  { at, kind, value }: { at: number; kind: string; value: number },
) {
  const place = Math.floor(at * bytes.length);
  const length = value % 40;
  const before = bytes.subarray(0, place);
  if (kind === 'end') return before;
  if (kind === 'cut') return Buffer.concat([before, bytes.subarray(place + length)]);
  if (kind === 'repeat')
    return Buffer.concat([bytes.subarray(0, place + length), bytes.subarray(place)]);
  const copy = Buffer.from(bytes);
  if (kind === 'byte' && place < copy.length) copy[place] = value & 255;
  const aligned = place & ~3;
  if (kind === 'word' && aligned + 4 <= copy.length) copy.writeUInt32LE(value, aligned);
  return copy;
}

describe('CaptureReader', () => {
  it('gives the same packets, counts and ending whatever the size of blocks and rows', () => {
    const sizes = fc.record({
      block: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 64, max: 4000 })),
      rows: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(base, fc.array(mutation, { maxLength: 2 }), sizes, (index, changes, size) => {
        const bytes = changes.reduce<Uint8Array>(mutate, baseOf(index));
        expect(outcome(bytes, size.block, size.rows)).toEqual(
          outcome(bytes, MAX_RECORD_BYTES, 1000),
        );
      }),
      { ...SEED, numRuns: 300 },
    );
  });

  it('never throws but NetError, and always ends, on mutated captures', () => {
    fc.assert(
      fc.property(base, fc.array(mutation, { minLength: 1, maxLength: 6 }), (index, changes) => {
        const got = outcome(changes.reduce<Uint8Array>(mutate, baseOf(index)), 8192, 100);
        if (typeof got === 'object') expect(got.ending).toBeDefined();
      }),
      { ...SEED, numRuns: 500 },
    );
  });

  it('never throws but NetError on arbitrary bytes behind a good start', () => {
    const starts = bases.map((base) => base.subarray(0, 60));
    fc.assert(
      fc.property(
        fc.constantFrom(new Uint8Array(0), ...starts),
        fc.uint8Array({ maxLength: 400 }),
        (start, rest) => {
          outcome(Buffer.concat([start, rest]), 1024, 10);
        },
      ),
      SEED,
    );
  });
});

describe('round trips', () => {
  it('gives back what PcapWriter wrote: stamps of 1970 to 2106, lengths, cuts', () => {
    const packet = fc.record({
      interfaceIndex: fc.constant(0),
      seconds: fc.oneof(uint32, fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff)),
      nanoseconds,
      data,
      original: fc.integer({ min: 0, max: 0x7fffffff }),
    });
    const snapLength = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 250 }));
    fc.assert(
      fc.property(fc.array(packet), snapLength, uint32, (packets, snap, link) => {
        const linkType = link & 0xffff;
        const { reader, packets: read } = readCapture(writePcap(packets, linkType, snap));
        expect(read).toEqual(packets.map((each) => expected(each, snap)));
        expect(reader.interfaces[0]?.linkType).toBe(linkType);
        expect(reader.ending).toBe('complete');
      }),
      SEED,
    );
  });

  it('gives back what PcapngWriter wrote: interfaces, offsets, comments, cuts', () => {
    const source = fc.record({
      linkType: fc.integer({ min: 0, max: 0xffff }),
      name: fc.option(fc.string({ maxLength: 20, unit: 'grapheme' }), { nil: undefined }),
      snapLength: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 250 })),
      offsetSeconds: fc.oneof(
        fc.constant(0),
        fc.integer({ min: -5_000_000_000, max: 5_000_000_000 }),
      ),
    });
    const packet = fc.record({
      interfaceIndex: fc.nat({ max: 1000 }),
      seconds: fc.oneof(uint32, fc.integer({ min: 0, max: 18_446_744_072 })),
      nanoseconds,
      data,
      original: fc.integer({ min: 0, max: 0x7fffffff }),
      comment: fc.option(fc.string({ maxLength: 30, unit: 'grapheme' }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(source, { minLength: 1, maxLength: 5 }),
        fc.array(packet),
        (all, some) => {
          const packets = some.map((each) => {
            const interfaceIndex = each.interfaceIndex % all.length;
            const offset = all[interfaceIndex]?.offsetSeconds as number;
            return { ...each, interfaceIndex, seconds: each.seconds + offset };
          });
          const { reader, packets: read } = readCapture(writePcapng(all, packets));
          const cut = (each: WrittenPacket) => all[each.interfaceIndex]?.snapLength as number;
          expect(read).toEqual(packets.map((each) => expected(each, cut(each))));
          expect(reader.interfaces).toMatchObject(
            all.map(({ linkType, name, snapLength, offsetSeconds }) => ({
              linkType,
              name: name?.split('\0')[0],
              snapLength,
              offsetSeconds,
            })),
          );
          expect(reader.ending).toBe('complete');
        },
      ),
      SEED,
    );
  });
});

function expected(packet: WrittenPacket, snapLength: number) {
  const { seconds, original, interfaceIndex, comment } = packet;
  const cut = packet.data.subarray(0, snapLength || 200);
  return {
    time: timeText(seconds, packet.nanoseconds),
    captured: cut.length,
    original,
    interfaceIndex,
    data: Buffer.from(cut).toString('hex'),
    comments: comment === undefined ? [] : [comment.split('\0')[0]],
  };
}
