/** Priority-based flow control by hand calculation: when a pause takes effect, what headroom has to hold. */
import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { headroomFor } from '../../../src/stack/flow-control.ts';
import { Chance } from '../../support/chance.ts';
import { losslessPath } from '../../support/lossless.ts';

const FRAME = 1514;
const FAR_NS = 100e6;

describe('priority-based flow control — IEEE 802.1Qbb', () => {
  it('pauses the sender a pause frame and a link delay after XOFF, and lets it go on after XON', () => {
    const path = losslessPath();
    for (let count = 0; count < 40; count++) path.send(path.sender, FRAME);
    path.network.scheduler.runUntil(FAR_NS);
    // 1211.2 ns a frame: the eighth is the one beyond 10,000 bytes, the first having gone past.
    const xoffNs = Math.ceil(8 * 1211.2) + 1000;
    // 60 bytes take 48 ns, and the line 1000.
    const [first, second] = path.times.get('back in pauses') as number[];
    expect(first).toBe(xoffNs);
    expect(path.times.get('back out pauses')?.[0]).toBe(xoffNs + 48 + 1000);
    // Then the tenth frame is in transmission, and it is the last.
    const arrivals = path.times.get('up out') as number[];
    expect(arrivals[9]).toBe(Math.ceil(10 * 1211.2) + 1000);
    // Frames leave every 12,112 ns: three out of the headroom, then two until 6972 bytes are left.
    const xonNs = Math.ceil(1211.2) + 1000 + 5 * 12_112;
    expect(second).toBe(xonNs);
    // The eleventh starts when the sender hears of it, and arrives after its transmission and the line.
    expect(arrivals[10]).toBe(xonNs + 48 + 1000 + 1212 + 1000);
    expect(path.times.get('down out')).toHaveLength(40);
    expect(path.network.dropCount(path.down.place, DropReason.HeadroomFull)).toBe(0);
  });

  it('waits for a frame in transmission on the way back, and for nothing else', () => {
    const path = losslessPath();
    for (let count = 0; count < 40; count++) path.send(path.sender, FRAME);
    path.network.scheduler.runUntil(600);
    for (let count = 0; count < 20; count++) path.send(path.receiver, FRAME);
    path.network.scheduler.runUntil(FAR_NS);
    const xoffNs = Math.ceil(8 * 1211.2) + 1000;
    expect(path.times.get('back in pauses')?.[0]).toBe(xoffNs);
    // The way back is full from 2812 on: the seventh frame is in transmission at XOFF.
    const endNs = (frames: number) => Math.ceil(2812 + frames * 1211.2);
    expect(xoffNs).toBeGreaterThan(endNs(6));
    const ends = path.times.get('back out') as number[];
    expect(ends[6]).toBe(endNs(7) + 1000);
    expect(path.times.get('back out pauses')?.[0]).toBe(endNs(7) + 48 + 1000);
    expect(ends[7]).toBe(Math.ceil(2812 + 8 * 1211.2 + 48) + 1000);
  });

  it('renews a pause after half of its time, and a pause ends by itself', () => {
    const path = losslessPath({ pfc: { quanta: 100 } });
    for (let count = 0; count < 40; count++) path.send(path.sender, FRAME);
    path.network.scheduler.runUntil(60_000);
    const pauses = path.times.get('back in pauses') as number[];
    // 100 quanta of 512 bits at 10 Gbit/s are 5120 ns.
    expect(pauses.slice(0, 4).map((at) => at - (pauses[0] as number))).toEqual([
      0, 2560, 5120, 7680,
    ]);
    const [times] = path.topology.flowControl.links[0]?.port?.pauseTimes() ?? [];
    expect(times?.pauses).toBe(1);
    path.network.scheduler.runUntil(FAR_NS);
    const port = path.topology.flowControl.links[0]?.port;
    port?.pause(0, 500);
    port?.pause(0, 700);
    path.send(path.sender, FRAME);
    path.network.scheduler.runUntil(2 * FAR_NS);
    expect(path.times.get('up out')?.at(-1)).toBe(FAR_NS + 700 + 1212 + 1000);
    expect(port?.pauseTimes()[0]?.longestNs).toBeGreaterThan(700);
  });

  it('loses nothing with the headroom that rate, delay and MTU ask for, and needs nearly all of it', () => {
    const chance = new Chance(7);
    for (let run = 0; run < 12; run++) {
      const delayNs = chance.below(20_000);
      const rate = [1e9, 10e9, 25e9, 100e9][run % 4] as number;
      const link = { rate, delayNs, processingDelayNs: run % 3 === 0 ? 500 : 0 };
      const back = { rate: run % 2 === 0 ? rate : 10e9, delayNs: chance.below(20_000) };
      const path = losslessPath({ up: link, back, down: { rate: 1e8 }, frames: 1 << 16 });
      for (let count = 0; count < 2000; count++) path.send(path.sender, FRAME);
      // Full frames on the way back as well, one behind the other.
      for (let count = 0; count < 400; count++) path.send(path.receiver, FRAME);
      path.network.scheduler.runUntil(20e6);
      const ingress = path.ingress();
      const group = ingress?.groups[0];
      const needed = headroomFor({ name: 'up', ...link }, { name: 'back', ...back });
      expect(ingress?.headroomBytes).toBe(needed);
      expect(group?.lostPackets).toBe(0);
      expect(group?.peakHeadroomBytes).toBeLessThanOrEqual(needed);
      // The bound has room for a frame at each of its ends, and for a wait on the way back that may be shorter.
      const backFrames = Math.ceil((FRAME * rate) / back.rate / FRAME);
      expect(group?.peakHeadroomBytes).toBeGreaterThan(needed - (3 + backFrames) * FRAME);
    }
  });

  it('drops frames of a lossless priority, counted, when the headroom is a frame too small', () => {
    const enough = losslessPath();
    const little = losslessPath({ pfc: { headroomBytes: 2 * FRAME } });
    for (const path of [enough, little]) {
      for (let count = 0; count < 40; count++) path.send(path.sender, FRAME);
      path.network.scheduler.runUntil(FAR_NS);
    }
    expect(enough.ingress()?.groups[0]?.peakHeadroomBytes).toBe(3 * FRAME);
    expect(enough.ingress()?.groups[0]?.lostPackets).toBe(0);
    expect(little.ingress()?.groups[0]?.lostPackets).toBeGreaterThan(0);
    const drops = little.network.dropCount(little.down.place, DropReason.HeadroomFull);
    expect(drops).toBe(little.ingress()?.groups[0]?.lostPackets);
  });

  it('pauses one priority and lets the others pass', () => {
    const path = losslessPath({ down: { rate: 1e9 } });
    for (let count = 0; count < 40; count++) path.send(path.sender, FRAME, 8 * 3);
    path.network.scheduler.runUntil(20_000);
    const before = path.times.get('up out')?.length as number;
    expect(before).toBeLessThan(40);
    path.send(path.sender, FRAME, 8 * 4);
    path.network.scheduler.runUntil(20_000 + 1212 + 1000);
    expect(path.times.get('up out')).toHaveLength(before + 1);
    expect(path.up.backlogPackets).toBe(40 - before);
  });

  it('drops at a limit what belongs to a priority that is not lossless', () => {
    const path = losslessPath({
      pfc: { losslessPriorities: 1 << 3 },
      down: { queue: { packets: 5 } },
    });
    for (let count = 0; count < 40; count++) path.send(path.sender, FRAME);
    path.network.scheduler.runUntil(FAR_NS);
    expect(path.network.dropCount(path.down.place, DropReason.QueueFull)).toBeGreaterThan(20);
    expect(path.times.get('back in pauses')).toBeUndefined();
  });

  it('counts every byte back: shared memory and headroom are empty at the end', () => {
    const path = losslessPath({
      pfc: { xoff: { kind: 'dynamic', alpha: 0.5 }, bufferBytes: 30_000 },
    });
    const chance = new Chance(3);
    for (let count = 0; count < 300; count++) {
      path.send(path.sender, 60 + chance.below(1455), 8 * chance.below(8));
    }
    path.network.scheduler.runUntil(FAR_NS);
    const buffer = path.topology.flowControl.bufferOf(path.middle);
    const held = path.ingress()?.groups.map((group) => [group?.sharedBytes, group?.headroomBytes]);
    expect(held).toEqual(Array.from({ length: 8 }, () => [0, 0]));
    expect(buffer?.shared.usedBytes).toBe(0);
    expect(buffer?.shared.peakBytes).toBeGreaterThan(10_000);
    expect(path.times.get('down out')).toHaveLength(300);
    expect(path.network.pool.inUse).toBe(0);
  });

  it('is the same with bytes made and read at every link', () => {
    const fingerprints = [false, true].map((wireAlways) => {
      const path = losslessPath({ wireAlways });
      for (let count = 0; count < 40; count++) path.send(path.sender, FRAME);
      path.network.scheduler.runUntil(FAR_NS);
      return [path.network.fingerprint.digest(), path.times.get('down out')?.at(-1)];
    });
    expect(fingerprints[0]).toEqual(fingerprints[1]);
  });
});
