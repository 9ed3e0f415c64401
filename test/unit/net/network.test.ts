import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { FRAME_SHIFT, FrameWord, MetaBit } from '../../../src/frame/frame-record.ts';
import { ChecksumVerdict, verifyChecksums } from '../../../src/wire/verify-checksums.ts';
import { buildFrame, captureFrame, createNetwork } from '../../support/network.ts';
import { type PacketSpec, tcpFrame } from '../../support/packets.ts';
import { ecnOf, flowFrame } from '../../support/queues.ts';

const ADDRESSES = {
  4: { source: [10, 0, 0, 1], destination: [10, 0, 0, 2] },
  6: {
    source: [0xfd, ...new Array<number>(15).fill(1)],
    destination: [0xfd, ...new Array<number>(15).fill(2)],
  },
};

const packetOf = (version: 4 | 6, trafficClass: number): PacketSpec => ({
  vlanTags: [],
  version,
  trafficClass,
  ttl: 64,
  identification: 77,
  options: [],
  ...ADDRESSES[version],
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
  payload: [1, 2, 3, 4, 5],
});

describe('Network', () => {
  it('counts drops by place and reason, and gives the frame back to the pool', () => {
    const network = createNetwork();
    const first = network.addPlace('first');
    const second = network.addPlace('second');
    for (const reason of [DropReason.QueueFull, DropReason.QueueFull, DropReason.LinkDown]) {
      network.drop(buildFrame(network, 100, 0), reason, second);
    }
    expect(network.dropCount(second, DropReason.QueueFull)).toBe(2);
    expect(network.dropCount(second, DropReason.LinkDown)).toBe(1);
    expect([network.dropsAt(first), network.dropsAt(second)]).toEqual([0, 3]);
    expect(network.pool.inUse).toBe(0);
  });

  it('tells the observer of a drop while the frame can still be read', () => {
    const network = createNetwork();
    const place = network.addPlace('here');
    const heard: number[][] = [];
    network.observer = {
      onDrop: (frame, reason, at) =>
        heard.push([
          network.pool.words[(frame << FRAME_SHIFT) + FrameWord.Seq] as number,
          reason,
          at,
          network.pool.inUse,
        ]),
      onDuplicate: () => expect.unreachable(),
      onCorrupt: () => expect.unreachable(),
    };
    network.drop(buildFrame(network, 100, 7), DropReason.RandomLoss, place);
    expect(heard).toEqual([[7, DropReason.RandomLoss, place, 1]]);
  });

  it('knows places by names that are used once, however many there are', () => {
    const network = createNetwork();
    for (let number = 0; number < 100; number++) {
      expect(network.addPlace(`place ${number}`)).toBe(number);
      network.drop(buildFrame(network, 60, 0), DropReason.Malformed, number);
    }
    expect(network.placeName(42)).toBe('place 42');
    expect(network.dropCount(42, DropReason.Malformed)).toBe(1);
    expect(() => network.addPlace('place 3')).toThrow('expected a name used only once');
  });

  it('has a fingerprint that sees kind, reason, place, time and header facts', () => {
    type Change = (network: ReturnType<typeof createNetwork>, at: number) => void;
    const digest = (change: Change, end: 'drop' | 'deliver' = 'drop', reason = 0, place = 0) => {
      const network = createNetwork();
      network.addPlace('a');
      network.addPlace('b');
      const frame = buildFrame(network, 100, 0);
      change(network, frame << FRAME_SHIFT);
      if (end === 'drop') network.drop(frame, reason, place);
      else network.recordDelivery(frame, place);
      return network.fingerprint.digest();
    };
    const setWord =
      (word: FrameWord, value: number): Change =>
      (network, at) => {
        network.pool.words[at + word] = value;
      };
    const setMeta =
      (bits: number): Change =>
      (network, at) => {
        network.pool.words[at + FrameWord.Meta] |= bits;
      };
    const none: Change = () => {};
    const digests = [
      digest(none),
      digest(none, 'drop', 1),
      digest(none, 'drop', 0, 1),
      digest(none, 'deliver'),
      digest((network) => network.scheduler.runUntil(1)),
      digest(setWord(FrameWord.WireLength, 101)),
      digest(setWord(FrameWord.PayloadLength, 1)),
      digest(setWord(FrameWord.Ports, 1)),
      digest(setWord(FrameWord.Seq, 1)),
      digest(setWord(FrameWord.Ack, 1)),
      digest(setWord(FrameWord.FlagsWindow, 1)),
      // ECN, corruption and duplication.
      digest(setMeta(3 << 8)),
      digest(setMeta(MetaBit.Corrupted)),
      digest(setMeta(MetaBit.Duplicate)),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    // How a frame is held is no fact about it.
    expect(digest(setMeta(MetaBit.Captured | MetaBit.Changed), 'deliver')).toBe(
      digest(none, 'deliver'),
    );
  });

  it('marks ECN-capable frames and no others, and counts what it changed — RFC 3168 §5', () => {
    const network = createNetwork();
    const place = network.addPlace('here');
    const outcomes = [0, 1, 2, 3].map((ecn) => {
      const frame = flowFrame(network, { length: 100, ordinal: 0, ecn });
      return [network.mark(frame, place), ecnOf(network, frame)];
    });
    expect(outcomes).toEqual([
      [false, 0],
      [true, 3],
      [true, 3],
      [true, 3],
    ]);
    expect(network.markCount(place)).toBe(2);
  });

  it('marks the bytes of a captured frame with its IPv4 checksum carried along — RFC 1624 §3', () => {
    for (const version of [4, 6] as const) {
      const network = createNetwork();
      const place = network.addPlace('here');
      const bytes = tcpFrame(packetOf(version, 0xb9));
      const frame = captureFrame(network, bytes);
      const { frameBytes, pool } = network;
      const marked = () => {
        frameBytes.locate(frame);
        const { start, storedLength } = frameBytes;
        return [...pool.payloads.bytes.slice(start, start + storedLength)];
      };
      const verdict = () => {
        frameBytes.locate(frame);
        const { start, storedLength, packets } = frameBytes;
        return verifyChecksums(packets, start + 14, start + storedLength, start + storedLength);
      };
      expect(marked()).toEqual(bytes);
      expect(network.mark(frame, place)).toBe(true);
      expect(marked()).toEqual(tcpFrame(packetOf(version, 0xbb)));
      expect(verdict()).toBe(ChecksumVerdict.Good);
      // Read back at the next hop, it is marked still.
      frameBytes.readBack(frame);
      expect(ecnOf(network, frame)).toBe(3);
      expect(verdict()).toBe(ChecksumVerdict.Good);
    }
  });
});
