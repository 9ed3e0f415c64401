import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dissect } from '../../src/wire/dissect.ts';
import { LinkLayer } from '../../src/wire/link-layer.ts';
import { PacketColumns } from '../../src/wire/packet-columns.ts';
import { packetMemory } from '../../src/wire/packet-memory.ts';
import { CANNOT_SPLIT, SegmentSplitter } from '../../src/wire/split-segment.ts';
import { ChecksumVerdict, verifyChecksums } from '../../src/wire/verify-checksums.ts';
import { type PacketSpec, packetSpecs, tcpFrame } from '../support/packets.ts';

const SEED = 0x5eed;
const FIN_RST_PSH = 0x00d;
const SYN_CWR = 0x082;
const SYN = 0x002;
const URG = 0x020;

interface Piece {
  bytes: number[];
  originalLength: number;
}

const columns = new PacketColumns(1);

/** The pieces of an Ethernet frame, of which `capturedLength` bytes are stored. */
function split(
  frame: readonly number[],
  capturedLength: number,
  mtuBytes: number,
  payloadBytesMax: number,
): Piece[] | typeof CANNOT_SPLIT {
  const memory = packetMemory(new Uint8Array(frame.length * 2 + 2000).fill(0xee));
  memory.bytes.set(frame.slice(0, capturedLength), 5);
  dissect(memory.view, 5, capturedLength, frame.length, LinkLayer.Ethernet, columns, 0);
  const splitter = new SegmentSplitter(memory, mtuBytes);
  const count = splitter.begin(5, capturedLength, frame.length, columns, 0, payloadBytesMax);
  if (count === CANNOT_SPLIT) return CANNOT_SPLIT;
  if (count === 1) return [{ bytes: frame.slice(0, capturedLength), originalLength: frame.length }];
  const target = frame.length + 100;
  return Array.from({ length: count }, (_, piece) => {
    splitter.emit(piece, target);
    const end = target + splitter.capturedLength(piece);
    expect(memory.bytes[end]).toBe(0xee);
    const bytes = Array.from(memory.bytes.slice(target, end));
    memory.bytes.fill(0xee, target);
    return { bytes, originalLength: splitter.originalLength(piece) };
  });
}

/** A piece as the sender's own stack would have made it, had it known the segment size. */
function expectedPiece(spec: PacketSpec, start: number, size: number): PacketSpec {
  const isFirst = start === 0;
  const isLast = start + size >= spec.payload.length;
  const { tcp } = spec;
  let flags = tcp.flags;
  if (!isFirst) flags &= ~SYN_CWR;
  if (!isLast) flags &= ~FIN_RST_PSH;
  let urgentPointer = tcp.urgentPointer;
  if (!isFirst && (tcp.flags & URG) !== 0) {
    urgentPointer = Math.max(0, tcp.urgentPointer - start);
    if (urgentPointer === 0) flags &= ~URG;
  }
  const afterSyn = !isFirst && (tcp.flags & SYN) !== 0 ? 1 : 0;
  return {
    ...spec,
    identification: (spec.identification + start / size) & 0xffff,
    tcp: { ...tcp, sequence: (tcp.sequence + start + afterSyn) >>> 0, flags, urgentPointer },
    payload: spec.payload.slice(start, start + size),
  };
}

const superSegments = packetSpecs.chain((spec) =>
  fc
    .tuple(
      fc.uint8Array({ minLength: 1, maxLength: 900 }),
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 1, max: 150 }),
      fc.boolean(),
    )
    .map(([payload, urgentPointer, segmentBytes, isLimitedByMtu]) => ({
      spec: {
        ...spec,
        payload: Array.from(payload),
        tcp: { ...spec.tcp, urgentPointer },
      } satisfies PacketSpec,
      segmentBytes,
      isLimitedByMtu,
    })),
);

/** Link header, tags and all else before the payload. */
const headerBytes = (spec: PacketSpec): number => tcpFrame({ ...spec, payload: [] }).length;
const networkHeaderBytes = (spec: PacketSpec): number =>
  headerBytes(spec) - 14 - 4 * spec.vlanTags.length;

describe('SegmentSplitter', () => {
  it('makes the packets that a sender with that segment size makes, byte for byte', () => {
    fc.assert(
      fc.property(superSegments, ({ spec, segmentBytes, isLimitedByMtu }) => {
        const frame = tcpFrame(spec);
        const mtuBytes = networkHeaderBytes(spec) + segmentBytes;
        const pieces = isLimitedByMtu
          ? split(frame, frame.length, mtuBytes, 0)
          : split(frame, frame.length, 9000, segmentBytes);
        if (pieces === CANNOT_SPLIT) throw new Error('a TCP segment is split');
        expect(pieces.length).toBe(Math.ceil(spec.payload.length / segmentBytes));
        for (const [index, piece] of pieces.entries()) {
          const start = index * segmentBytes;
          expect(piece.bytes).toEqual(tcpFrame(expectedPiece(spec, start, segmentBytes)));
          expect(piece.originalLength).toBe(piece.bytes.length);
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('gives the payload back in order, in packets within the MTU, all checksums good', () => {
    fc.assert(
      fc.property(superSegments, ({ spec, segmentBytes }) => {
        // As an offloading host captures it: the transport checksum is not finished.
        const frame = tcpFrame(spec);
        const checksumAt = headerBytes(spec) - spec.tcp.options.length - 4;
        frame[checksumAt] = (frame[checksumAt] as number) ^ 0x55;
        const mtuBytes = networkHeaderBytes(spec) + segmentBytes;
        const pieces = split(frame, frame.length, mtuBytes, 0);
        if (pieces === CANNOT_SPLIT) throw new Error('a TCP segment is split');
        const network = 14 + 4 * spec.vlanTags.length;
        for (const { bytes } of pieces) {
          const { length } = bytes;
          expect(length - network).toBeLessThanOrEqual(mtuBytes);
          if (pieces.length === 1) continue;
          const memory = packetMemory(Uint8Array.from(bytes));
          expect(verifyChecksums(memory, network, length, length)).toBe(ChecksumVerdict.Good);
        }
        const joined = pieces.flatMap(({ bytes }) => bytes.slice(headerBytes(spec)));
        expect(joined).toEqual(spec.payload);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('keeps of a cut packet what is stored, in pieces that state their full length', () => {
    fc.assert(
      fc.property(superSegments, fc.nat(), ({ spec, segmentBytes }, cut) => {
        const frame = tcpFrame(spec);
        const fixedEnd = headerBytes(spec) - spec.tcp.options.length;
        const captured = fixedEnd + (cut % (frame.length - fixedEnd));
        const mtuBytes = networkHeaderBytes(spec) + segmentBytes;
        const pieces = split(frame, captured, mtuBytes, 0);
        if (pieces === CANNOT_SPLIT) throw new Error('a TCP segment is split');
        if (pieces.length === 1) return;
        const storedPayload = Math.max(0, captured - headerBytes(spec));
        const checksumAt = fixedEnd - 4;
        for (const [index, piece] of pieces.entries()) {
          const start = index * segmentBytes;
          const whole = tcpFrame(expectedPiece(spec, start, segmentBytes));
          const kept = Math.max(0, Math.min(storedPayload - start, segmentBytes));
          const length = Math.min(headerBytes(spec), captured) + kept;
          const isComplete = length === whole.length;
          const expected = whole.slice(0, length);
          if (!isComplete)
            expected.splice(checksumAt, 2, ...frame.slice(checksumAt, checksumAt + 2));
          expect(piece.bytes).toEqual(expected);
          expect(piece.originalLength).toBe(whole.length);
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
