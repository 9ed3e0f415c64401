import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetsOf, readFlow } from '../../src/analysis/flow-facts.ts';
import { ACK, PacketFeed } from '../support/packet-feed.ts';
import { packetSpecs, tcpFrame } from '../support/packets.ts';

describe('FlowTable', () => {
  it('puts any bytes into some flow, every packet once', () => {
    const mutated = fc
      .tuple(packetSpecs, fc.array(fc.tuple(fc.nat({ max: 90 }), fc.nat({ max: 255 }))), fc.nat())
      .map(([spec, changes, cut]) => {
        const frame = tcpFrame(spec);
        for (const [at, value] of changes) if (at < frame.length) frame[at] = value;
        return cut % 3 === 0 ? frame.slice(0, cut % (frame.length + 1)) : frame;
      });
    const frame = fc.oneof(mutated, fc.array(fc.nat({ max: 255 }), { maxLength: 80 }));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        const feed = new PacketFeed();
        for (const [at, bytes] of frames.entries()) {
          const located = feed.add(at, bytes, bytes.length + (at % 2) * 1000);
          expect(located >> 1).toBeLessThan(feed.flows.count);
        }
        let packets = 0;
        for (let flow = 0; flow < feed.flows.count; flow++) {
          const facts = readFlow(feed.flows, flow);
          expect(facts.packets).toBe(packetsOf(feed.flows, flow));
          expect(facts.durationSeconds).toBeGreaterThanOrEqual(0);
          packets += facts.packets;
        }
        expect(packets).toBe(frames.length);
      }),
      { seed: 9293, numRuns: 100 },
    );
  });

  it('tells retransmission and reordering as a byte-by-byte model does', () => {
    const segment = fc.record({
      start: fc.nat({ max: 300 }),
      length: fc.integer({ min: 2, max: 40 }),
      waitMs: fc.nat({ max: 2 }),
    });
    const segments = fc.array(segment, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(segments, fc.nat({ max: 0xffffffff }), (list, base) => {
        const feed = new PacketFeed();
        let timeMs = 0;
        const timed = list.map(({ start, length, waitMs }) => {
          timeMs += waitMs;
          return { start, length, timeMs };
        });
        for (const { start, length, timeMs: at } of timed) {
          feed.client(at, { seq: base + start, length, flags: ACK });
        }
        const { retransmits, retransmittedBytes, outOfOrder } = readFlow(feed.flows, 0).toServer;
        expect({ retransmits, retransmittedBytes, outOfOrder }).toEqual(naiveTally(timed));
      }),
      { seed: 9293, numRuns: 300 },
    );
  });
});

/** One entry a byte: when it was passed over, or that it was seen. The handshake's round trip is unknown. */
function naiveTally(segments: readonly { start: number; length: number; timeMs: number }[]) {
  const tally = { retransmits: 0, retransmittedBytes: 0, outOfOrder: 0 };
  const passedOverAt = new Map<number, number>();
  let next = segments[0]?.start ?? 0;
  for (const { start, length, timeMs } of segments) {
    if (start < next) {
      const old = Math.min(next, start + length);
      const waits: number[] = [];
      for (let byte = start; byte < old; byte++) {
        const passedOver = passedOverAt.get(byte);
        if (passedOver !== undefined) waits.push(timeMs - passedOver);
        passedOverAt.delete(byte);
      }
      if (waits.length > 0 && Math.max(...waits) < 3) tally.outOfOrder++;
      else {
        tally.retransmits++;
        tally.retransmittedBytes += old - start;
      }
    }
    for (let byte = next; byte < start; byte++) passedOverAt.set(byte, timeMs);
    next = Math.max(next, start + length);
  }
  return tally;
}
