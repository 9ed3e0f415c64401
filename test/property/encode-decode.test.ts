import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTable } from '../../src/frame/address-table.ts';
import { FramePool } from '../../src/frame/frame-pool.ts';
import {
  BuiltExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
} from '../../src/frame/frame-record.ts';
import { PayloadArena } from '../../src/frame/payload-arena.ts';
import { applyChanges, decodeFrame } from '../../src/wire/decode.ts';
import { ENCODED_HEADER_BYTES_MAX, encodeFrame } from '../../src/wire/encode.ts';
import { DissectStatus, PacketColumns } from '../../src/wire/packet-columns.ts';
import { arenaMemory, packetMemory } from '../../src/wire/packet-memory.ts';
import { ChecksumVerdict, verifyChecksums } from '../../src/wire/verify-checksums.ts';
import { ipBytes, packetSpecs, tcpBytes, tcpFrame } from '../support/packets.ts';

const SEED = 0x5eed;
const SYN = 0x002;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const half = fc.nat({ max: 0xffff });
const optional = (max: number) => fc.oneof(fc.constant(-1), fc.nat({ max }));

/** All that a built frame's records say. */
const records = fc.record({
  protocol: fc.constantFrom(TCP, UDP, ICMP, ICMPV6, 47),
  isIpv6: fc.boolean(),
  source: fc.tuple(word, word, word, word),
  destination: fc.tuple(word, word, word, word),
  ports: word,
  sequence: word,
  acknowledgment: word,
  flags: fc.nat({ max: 0xfff }),
  window: half,
  timestamps: fc.option(fc.tuple(word, word), { nil: undefined }),
  identification: half,
  trafficClass: fc.nat({ max: 255 }),
  ttl: fc.nat({ max: 255 }),
  payload: fc.uint8Array({ maxLength: 200 }),
  isLengthOnly: fc.boolean(),
  mss: optional(0xffff),
  windowScale: optional(14),
  isSackPermitted: fc.boolean(),
  fastOpen: fc.record({
    form: fc.nat({ max: 2 }),
    length: fc.constantFrom(0, 4, 8, 16),
    cookie: fc.tuple(word, word, word, word),
  }),
  sack: fc.array(fc.tuple(word, word), { maxLength: 4 }),
});
type Built = typeof records extends fc.Arbitrary<infer T> ? T : never;

const pool = new FramePool(16, new PayloadArena(1 << 12, 2));
const addresses = new AddressTable();
const columns = new PacketColumns(1);
const chunk = pool.payloads.openChunk();

/** Index of an address of either family. */
function intern(isIpv6: boolean, words: readonly number[]): number {
  const mapped = isIpv6 ? words : [0, 0, 0xffff, words[3] as number];
  return addresses.intern(Int32Array.from(mapped), 0);
}

/** A frame with these records; fields that its protocol has no place for are left out. */
function build(built: Built): FrameId {
  const frame = pool.allocate();
  const record = frame << FRAME_SHIFT;
  const { words, extraWords: extra } = pool;
  const { protocol, isIpv6 } = built;
  const isTcp = protocol === TCP;
  words[record + FrameWord.Src] = intern(isIpv6, built.source);
  words[record + FrameWord.Dst] = intern(isIpv6, built.destination);
  words[record + FrameWord.Ports] = protocol === 47 ? 0 : built.ports;
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  words[record + FrameWord.Seq] = isTcp ? built.sequence : isIcmp ? built.window : 0;
  words[record + FrameWord.Ack] = isTcp ? built.acknowledgment : 0;
  words[record + FrameWord.FlagsWindow] = isTcp ? (built.flags << 16) | built.window : 0;
  const timestamps = isTcp ? built.timestamps : undefined;
  words[record + FrameWord.TsVal] = timestamps?.[0] ?? 0;
  words[record + FrameWord.TsEcr] = timestamps?.[1] ?? 0;
  words[record + FrameWord.Identification] = isIpv6 ? 0 : built.identification;
  words[record + FrameWord.PayloadLength] = built.payload.length;
  let meta = protocol | (built.trafficClass << 8) | (built.ttl << MetaShift.Ttl);
  if (isIpv6) meta |= MetaBit.Ipv6;
  if (timestamps !== undefined) meta |= MetaBit.HasTimestamps;
  if (isTcp && (built.flags & SYN) !== 0) {
    extra[record + BuiltExtra.Mss] = built.mss;
    extra[record + BuiltExtra.WindowScale] = built.windowScale;
    extra[record + BuiltExtra.IsSackPermitted] = built.isSackPermitted ? 1 : 0;
    const { form, length, cookie } = built.fastOpen;
    extra[record + BuiltExtra.FastOpen] = form;
    extra[record + BuiltExtra.FastOpenLength] = length;
    extra.set(
      cookie.map((value, index) => (index * 4 < length ? value : 0)),
      record + BuiltExtra.FastOpenCookie,
    );
  } else if (isTcp && built.sack.length > 0) {
    const blocks = built.sack.slice(0, timestamps === undefined ? 4 : 3);
    meta |= MetaBit.HasSack;
    extra[record + BuiltExtra.SackCount] = blocks.length;
    extra.set(blocks.flat(), record + BuiltExtra.SackLeft);
  }
  words[record + FrameWord.Meta] = meta;
  if (!built.isLengthOnly) {
    pool.payloads.bytes.set(built.payload, chunk);
    pool.payloads.retain(chunk);
    words[record + FrameWord.Payload] = chunk;
  }
  return frame;
}

/** Everything that the records say and that bytes can say. */
function factsOf(frame: FrameId): number[] {
  const record = frame << FRAME_SHIFT;
  const words = Array.from(pool.words.slice(record, record + FrameWord.WireLength));
  const meta = pool.words[record + FrameWord.Meta] as number;
  const extra = Array.from(pool.extraWords.slice(record, record + 14));
  const isSyn =
    (meta & 0xff) === TCP && ((words[FrameWord.FlagsWindow] as number) & (SYN << 16)) !== 0;
  const sackWords = (meta & MetaBit.HasSack) !== 0 ? 1 + 2 * (extra[0] as number) : 0;
  const fastOpen = extra[BuiltExtra.FastOpen] === 0 ? [] : [extra[13], ...extra.slice(3, 7)];
  const synWords = isSyn ? [...extra.slice(9, 13), ...fastOpen] : [];
  return [...words, meta, ...extra.slice(0, sackWords), ...synWords] as number[];
}

const target = packetMemory(new Uint8Array(1024));
const payloads = arenaMemory(pool.payloads);
const AT = 3;

describe('encodeFrame and decodeFrame', () => {
  it('carry every field of a built frame there and back', () => {
    fc.assert(
      fc.property(records, (built) => {
        const frame = build(built);
        const headerBytes = encodeFrame(pool, addresses, frame, target, AT, payloads);
        expect(headerBytes).toBeLessThanOrEqual(ENCODED_HEADER_BYTES_MAX);
        const twin = pool.allocate();
        const wireLength = headerBytes + built.payload.length;
        const { view } = target;
        const status = decodeFrame(
          pool,
          addresses,
          twin,
          view,
          AT,
          headerBytes,
          wireLength,
          columns,
        );
        expect(status).toBe(DissectStatus.Ok);
        expect(factsOf(twin)).toEqual(factsOf(frame));
        expect(pool.words[(twin << FRAME_SHIFT) + FrameWord.WireLength]).toBe(wireLength);
        pool.release(frame);
        pool.release(twin);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('make packets whose checksums are good, payload bytes or zeros included', () => {
    fc.assert(
      fc.property(records, (built) => {
        const frame = build(built);
        const headerBytes = encodeFrame(pool, addresses, frame, target, AT, payloads);
        const payload = built.isLengthOnly ? new Uint8Array(built.payload.length) : built.payload;
        target.bytes.set(payload, AT + headerBytes);
        const end = AT + headerBytes + payload.length;
        const verdict = verifyChecksums(target, AT + 14, end, end);
        const isKnown = built.protocol !== 47 && built.protocol !== (built.isIpv6 ? ICMP : ICMPV6);
        expect(verdict).toBe(isKnown ? ChecksumVerdict.Good : ChecksumVerdict.Unverifiable);
        pool.release(frame);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('give the bytes of a plain packet back as they were — RFC 791, RFC 8200, RFC 9293', () => {
    const plain = packetSpecs.map((spec) => ({
      ...spec,
      vlanTags: [],
      options: [],
      tcp: { ...spec.tcp, flags: spec.tcp.flags & ~SYN, urgentPointer: 0, options: [] },
    }));
    fc.assert(
      fc.property(plain, (spec) => {
        const bytes = tcpFrame(spec);
        // The flow label has no home in a record.
        if (spec.version === 6) bytes.splice(15, 3, (spec.trafficClass << 4) & 0xff, 0, 0);
        const frame = pool.allocate();
        const source = packetMemory(Uint8Array.from(bytes));
        const { length } = bytes;
        decodeFrame(pool, addresses, frame, source.view, 0, length, length, columns);
        pool.payloads.bytes.set(spec.payload, chunk);
        pool.payloads.retain(chunk);
        pool.words[(frame << FRAME_SHIFT) + FrameWord.Payload] = chunk;
        const headerBytes = encodeFrame(pool, addresses, frame, target, AT, payloads);
        const network = Array.from(target.bytes.slice(AT + 14, AT + headerBytes));
        expect([...network, ...spec.payload]).toEqual(bytes.slice(14));
        pool.release(frame);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('take the same fields from any packet, encoded and decoded once more', () => {
    const noUrgent = packetSpecs.map((spec) => ({ ...spec, options: [] }));
    fc.assert(
      fc.property(noUrgent, (spec) => {
        const bytes = Uint8Array.from(tcpFrame(spec));
        const first = pool.allocate();
        const second = pool.allocate();
        const { view } = packetMemory(bytes);
        decodeFrame(pool, addresses, first, view, 0, bytes.length, bytes.length, columns);
        const headerBytes = encodeFrame(pool, addresses, first, target, AT);
        const wireLength = headerBytes + spec.payload.length;
        decodeFrame(pool, addresses, second, target.view, AT, headerBytes, wireLength, columns);
        expect(factsOf(second)).toEqual(factsOf(first));
        pool.release(first);
        pool.release(second);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe('applyChanges', () => {
  it('changes traffic class and TTL and nothing else, a right checksum staying right — RFC 1624', () => {
    fc.assert(
      fc.property(
        packetSpecs,
        fc.nat({ max: 255 }),
        fc.nat({ max: 255 }),
        (spec, trafficClass, ttl) => {
          const packet = packetMemory(Uint8Array.from(ipBytes(spec, TCP, tcpBytes(spec))));
          const { length } = packet.bytes;
          const version = spec.version === 6 ? MetaBit.Ipv6 : 0;
          applyChanges(packet.view, 0, length, version | (trafficClass << 8) | (ttl << 16));
          const expected = { ...spec, trafficClass, ttl };
          expect(Array.from(packet.bytes)).toEqual(ipBytes(expected, TCP, tcpBytes(expected)));
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('keeps a wrong checksum wrong, and leaves a header alone that is not stored', () => {
    fc.assert(
      fc.property(
        packetSpecs.filter(({ version }) => version === 4),
        (spec) => {
          const packet = packetMemory(Uint8Array.from(ipBytes(spec, TCP, tcpBytes(spec))));
          const { bytes, view } = packet;
          bytes[10] = (bytes[10] as number) ^ 1;
          const before = Array.from(bytes);
          applyChanges(view, 0, 19, 0);
          expect(Array.from(bytes)).toEqual(before);
          applyChanges(view, 0, bytes.length, 0x00ff_ff00 & ~0x00010100);
          expect(verifyChecksums(packet, 0, bytes.length, bytes.length)).toBe(
            ChecksumVerdict.BadIpv4Header,
          );
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });
});
