import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { FramePool } from '../../../src/frame/frame-pool.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
} from '../../../src/frame/frame-record.ts';
import { PayloadArena } from '../../../src/frame/payload-arena.ts';
import { Link } from '../../../src/net/link.ts';
import { Network } from '../../../src/net/network.ts';
import { ChecksumVerdict } from '../../../src/wire/verify-checksums.ts';
import { buildFrame, Collector, captureFrame, createNetwork } from '../../support/network.ts';
import {
  ipBytes,
  type PacketSpec,
  tcpFrame,
  u16,
  withTransportChecksum,
} from '../../support/packets.ts';
import { binomialTest, chiSquareTest, SIGNIFICANCE } from '../../support/statistics.ts';

const SPEC: PacketSpec = {
  vlanTags: [],
  version: 4,
  trafficClass: 0,
  ttl: 64,
  identification: 77,
  options: [],
  source: [10, 0, 0, 1],
  destination: [10, 0, 0, 2],
  tcp: {
    sourcePort: 1000,
    destinationPort: 80,
    sequence: 5,
    acknowledgment: 9,
    flags: 16,
    window: 500,
    urgentPointer: 0,
    options: [],
  },
  payload: Array.from({ length: 60 }, (_, index) => (index * 37) & 255),
};
const PACKET = tcpFrame(SPEC);
const ETHERNET = 14;
/** Where TCP's payload begins: behind 14 + 20 + 20 bytes. */
const PAYLOAD = 54;

interface Corrupted {
  verdict: ChecksumVerdict;
  /** Positions in the frame, in bits. */
  flipped: number[];
}

/** Sends frames through a link that corrupts; `ended` holds the bytes of each that came out. */
function corrupt(
  frames: readonly number[][],
  config: { ratio: number; bits: number },
  storedLength?: number,
) {
  const network = createNetwork({ seed: 3 });
  const { words, extraWords, payloads } = network.pool;
  const bytesOf = (frame: FrameId) => {
    const at = frame << FRAME_SHIFT;
    const start = words[at + FrameWord.Payload] as number;
    const length = extraWords[at + CapturedExtra.CapturedLength] as number;
    return payloads.bytes.slice(start, start + length);
  };
  const ended: { bytes: Uint8Array; meta: number }[] = [];
  const impairments = { corrupt: { correlation: 0, ...config } };
  const link = new Link(network, { name: 'link', impairments });
  link.connect({
    deliver: (frame) => {
      const meta = words[(frame << FRAME_SHIFT) + FrameWord.Meta] as number;
      ended.push({ bytes: bytesOf(frame), meta });
      network.pool.release(frame);
    },
  });
  const corrupted: Corrupted[] = [];
  let sent: readonly number[] = [];
  network.observer = {
    onDrop: () => expect.unreachable(),
    onDuplicate: () => expect.unreachable(),
    onCorrupt: (frame, verdict) => {
      const flipped: number[] = [];
      bytesOf(frame).forEach((byte, at) => {
        const changed = byte ^ (sent[at] as number);
        for (let bit = 0; bit < 8; bit++) {
          if ((changed & (0x80 >> bit)) !== 0) flipped.push(at * 8 + bit);
        }
      });
      corrupted.push({ verdict, flipped });
    },
  };
  for (const bytes of frames) {
    sent = bytes;
    link.deliver(captureFrame(network, bytes, storedLength));
    network.scheduler.runUntil(Number.MAX_SAFE_INTEGER);
  }
  link.assertConserved();
  return { network, link, ended, corrupted };
}

const copies = (count: number) => new Array<number[]>(count).fill(PACKET);

describe('corrupt', () => {
  it('hits the stated share of frames, marks them and leaves the others byte for byte', () => {
    const { link, ended, corrupted } = corrupt(copies(2000), { ratio: 0.1, bits: 1 });
    expect(binomialTest(corrupted.length, 2000, 0.1)).toBeGreaterThan(SIGNIFICANCE);
    expect(link.corruptedPackets).toBe(corrupted.length);
    const marked = ended.filter(({ meta }) => (meta & MetaBit.Corrupted) !== 0);
    expect(marked.length).toBe(corrupted.length);
    for (const { bytes, meta } of ended) {
      const isSame = Buffer.from(PACKET).equals(bytes);
      expect(isSame).toBe((meta & MetaBit.Corrupted) === 0);
    }
  });

  it.each([1, 2, 7, 800])('flips %d distinct bits, or all there are', (bits) => {
    const there = (PACKET.length - ETHERNET) * 8;
    for (const { flipped } of corrupt(copies(20), { ratio: 1, bits }).corrupted) {
      expect(flipped.length).toBe(Math.min(bits, there));
    }
  });

  it('flips every bit of the network-layer packet alike, and none of the link header', () => {
    const { corrupted } = corrupt(copies(4000), { ratio: 1, bits: 3 });
    const counts = new Array<number>(PACKET.length * 8).fill(0);
    for (const { flipped } of corrupted) {
      for (const bit of flipped) counts[bit] = (counts[bit] as number) + 1;
    }
    const header = counts.slice(0, ETHERNET * 8);
    expect(header.every((count) => count === 0)).toBe(true);
    const packet = counts.slice(ETHERNET * 8);
    const expected = packet.map(() => (4000 * 3) / packet.length);
    expect(chiSquareTest(packet, expected)).toBeGreaterThan(SIGNIFICANCE);
  });

  it('leaves padding behind the packet alone', () => {
    const padded = [...PACKET, ...new Array<number>(40).fill(0)];
    const { corrupted } = corrupt(new Array<number[]>(500).fill(padded), { ratio: 1, bits: 4 });
    const last = Math.max(...corrupted.flatMap(({ flipped }) => flipped));
    expect(last).toBeLessThan(PACKET.length * 8);
  });

  it('lets the checksums decide: two opposite flips in one column of 16 bits escape, one flip never', () => {
    const { link, corrupted } = corrupt(copies(4000), { ratio: 1, bits: 2 });
    let escapes = 0;
    for (const { flipped, verdict } of corrupted) {
      const [first, second] = flipped as [number, number];
      // Elsewhere a flip also changes what is summed.
      if (first < PAYLOAD * 8) continue;
      const bitOf = (at: number) => ((PACKET[at >> 3] as number) >> (7 - (at & 7))) & 1;
      const escapesSum = first % 16 === second % 16 && bitOf(first) !== bitOf(second);
      expect(verdict).toBe(escapesSum ? ChecksumVerdict.Good : ChecksumVerdict.BadTcp);
      if (escapesSum) escapes++;
    }
    expect(escapes).toBeGreaterThan(0);
    const good = corrupted.filter(({ verdict }) => verdict === ChecksumVerdict.Good).length;
    expect(link.escapedPackets).toBe(good);
    expect(good).toBeGreaterThanOrEqual(escapes);
    expect(corrupt(copies(1000), { ratio: 1, bits: 1 }).link.escapedPackets).toBe(0);
  });

  it('cannot tell of a packet that the snap length cut', () => {
    const { link, corrupted } = corrupt(copies(1000), { ratio: 1, bits: 1 }, 80);
    // Positions are of the whole packet: those behind the cut change nothing that is stored.
    const share = (PACKET.length - 80) / (PACKET.length - ETHERNET);
    const unseen = corrupted.filter(({ flipped }) => flipped.length === 0).length;
    expect(binomialTest(unseen, 1000, share)).toBeGreaterThan(SIGNIFICANCE);
    // What the stored IPv4 header says is judged nevertheless.
    expect(link.unverifiablePackets).toBeGreaterThan(unseen);
    expect(link.escapedPackets).toBe(0);
  });

  it('cannot tell of a UDP datagram without a checksum — RFC 768', () => {
    const udp = withTransportChecksum(
      SPEC,
      17,
      [...u16(1), ...u16(2), ...u16(28)],
      [...new Array<number>(20).fill(0)],
    );
    udp[6] = 0;
    udp[7] = 0;
    const frame = [...PACKET.slice(0, ETHERNET), ...ipBytes(SPEC, 17, udp)];
    const frames = new Array<number[]>(300).fill(frame);
    const { link, corrupted } = corrupt(frames, { ratio: 1, bits: 1 });
    const isUnseen = ({ verdict }: Corrupted) => verdict === ChecksumVerdict.Unverifiable;
    expect(link.unverifiablePackets).toBe(corrupted.filter(isUnseen).length);
    expect(link.unverifiablePackets).toBeGreaterThan(0);
    expect(link.escapedPackets).toBe(0);
  });

  it('gives a corrupted frame bytes of its own: a copy of it stays as it was sent', () => {
    const network = createNetwork();
    const collector = new Collector(network);
    const impairments = {
      duplicate: { ratio: 1, correlation: 0 },
      corrupt: { ratio: 1, correlation: 0, bits: 1 },
    };
    const link = new Link(network, { name: 'link', impairments });
    link.connect(collector);
    const kept = captureFrame(network, PACKET);
    const sent = network.pool.copy(kept);
    link.deliver(sent);
    network.scheduler.runUntil(Number.MAX_SAFE_INTEGER);
    expect(link.corruptedPackets).toBe(2);
    const at = network.pool.words[(kept << FRAME_SHIFT) + FrameWord.Payload] as number;
    expect([...network.pool.payloads.bytes.slice(at, at + PACKET.length)]).toEqual(PACKET);
  });

  it('makes real bytes of a built frame, whose length-only payload stands for zeros', () => {
    const network = createNetwork();
    const verdicts: ChecksumVerdict[] = [];
    network.observer = {
      onDrop: () => expect.unreachable(),
      onDuplicate: () => expect.unreachable(),
      onCorrupt: (frame, verdict) => {
        verdicts.push(verdict);
        const at = frame << FRAME_SHIFT;
        const start = network.pool.words[at + FrameWord.Payload] as number;
        const payload = network.pool.payloads.bytes.slice(start + PAYLOAD, start + 1000);
        const ones = payload.reduce((sum, byte) => sum + byte.toString(2).split('1').length - 1, 0);
        expect(ones).toBeLessThanOrEqual(1);
      },
    };
    const impairments = { corrupt: { ratio: 1, correlation: 0, bits: 1 } };
    const link = new Link(network, { name: 'link', impairments });
    link.connect(new Collector(network));
    for (let ordinal = 0; ordinal < 50; ordinal++) link.deliver(buildFrame(network, 1000, ordinal));
    expect(verdicts.length).toBe(50);
    expect(verdicts).toContain(ChecksumVerdict.BadTcp);
    expect(verdicts).not.toContain(ChecksumVerdict.Good);
  });

  it('drops the frame, with its reason, when the arena has no room for its bytes', () => {
    // One chunk is the network's own, for bytes that are made; the other holds the frames.
    const pool = new FramePool(64, new PayloadArena(1024, 2));
    const network = new Network({ seed: 1, pool });
    const impairments = { corrupt: { ratio: 1, correlation: 0, bits: 1 } };
    const link = new Link(network, { name: 'link', impairments });
    link.connect(new Collector(network));
    // Eight frames fill a chunk: five that came, and the own bytes of three.
    expect(Math.floor(1024 / PACKET.length)).toBe(8);
    const frames = [0, 1, 2, 3, 4].map(() => captureFrame(network, PACKET));
    for (const frame of frames) link.deliver(frame);
    link.assertConserved();
    expect(network.dropCount(link.place, DropReason.PayloadArenaFull)).toBe(2);
    expect(link.insidePackets).toBe(3);
  });
});
