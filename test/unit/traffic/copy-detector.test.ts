import { describe, expect, it } from 'vitest';
import { CopyDetector } from '../../../src/traffic/copy-detector.ts';
import { CLIENT, SERVER, segmentFrame } from '../../support/packet-feed.ts';

/** The IPv4 packet of a segment, cut to `stored` bytes. */
function packet(seq: number, ttl = 64, stored = 1000): DataView {
  const bytes = Uint8Array.from(segmentFrame({ seq, length: 200 }, true)).slice(14, 14 + stored);
  bytes[8] = ttl;
  bytes[10] = ttl; // stands for the header checksum, which changes with the TTL
  return new DataView(bytes.buffer);
}

function sightings(list: [ms: number, view: DataView, place: number][]): boolean[] {
  const detector = new CopyDetector();
  return list.map(([ms, view, place]) => {
    detector.nowNs[0] = ms * 1e6;
    return detector.isCopy(view, 0, view.byteLength, 4, place);
  });
}

describe('CopyDetector', () => {
  it('takes a packet for a copy at another place, with another TTL or snap length', () => {
    expect(CLIENT).not.toEqual(SERVER);
    expect(
      sightings([
        [0, packet(1), 0],
        [1, packet(1, 63), 1],
        [2, packet(1, 62, 82), 2],
        [3, packet(2), 1],
      ]),
    ).toEqual([false, true, true, false]);
  });

  it('takes it for a new transmission at the same place, or much later elsewhere', () => {
    expect(
      sightings([
        [0, packet(1), 0],
        [5, packet(1), 0],
        [6, packet(1), 1],
        [7, packet(1), 1],
        [2000, packet(1), 0],
      ]),
    ).toEqual([false, false, true, false, false]);
  });

  it('keeps recent packets among many', () => {
    const detector = new CopyDetector();
    let copies = 0;
    for (let seq = 0; seq < 20_000; seq++) {
      detector.nowNs[0] = seq * 1000;
      detector.isCopy(packet(seq), 0, 240, 4, 0);
      if (seq >= 4000 && detector.isCopy(packet(seq - 4000), 0, 240, 4, 1)) copies++;
    }
    expect(copies).toBe(16_000);
  });
});
