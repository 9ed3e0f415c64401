import { describe, expect, it } from 'vitest';
import { CongestionCause } from '../../../src/recovery/congestion.ts';
import { ControllerDriver, type DriverOptions } from '../../support/controller-driver.ts';

const C = 0.4;
const BETA = 0.7;
const K = (distance: number) => Math.cbrt(distance / C);

/** In congestion avoidance at 70 segments of a W_max of 100, RTT 100 ms, and its first ACK received. */
function afterLoss(options: DriverOptions = {}, windowMax = 100): ControllerDriver {
  const driver = ControllerDriver.inAvoidance('cubic', windowMax * BETA, options);
  driver.ack(1);
  return driver;
}

/** Runs full windows for a time, and checks the window after each round trip. */
function runFor(seconds: number, driver: ControllerDriver, check: (t: number) => void): void {
  const startMs = driver.nowMs;
  while (driver.nowMs - startMs < seconds * 1000 - 1) {
    driver.round();
    check((driver.nowMs - startMs) / 1000);
  }
}

describe('CUBIC in bytes', () => {
  it('follows W_cubic through its concave and convex regions — RFC 9438 §4.2, figure 1', () => {
    // W_max is large enough that Reno is slower nearly all the time.
    const driver = afterLoss({}, 1000);
    const k = K(300);
    const wCubic = (t: number) => C * (t - k) ** 3 + 1000;
    // The window is aimed at the curve a round trip ahead, and comes there a round trip later: on time.
    runFor(15, driver, (t) => {
      expect(driver.cwnd).toBeGreaterThan(wCubic(t - 0.05) - 0.5);
      expect(driver.cwnd).toBeLessThan(wCubic(t + 0.05) + 0.5);
    });
    expect(driver.cwnd).toBeGreaterThan(1075);
    expect(wCubic(0)).toBeCloseTo(700, 9);
  });

  it('comes back to W_max after K — RFC 9438 §4.2, figure 2', () => {
    const driver = afterLoss({}, 1000);
    runFor(K(300), driver, () => {});
    expect(driver.cwnd).toBeGreaterThan(999);
    expect(driver.cwnd).toBeLessThan(1001);
  });

  it('never opens by more than half of what is acknowledged — RFC 9438 §4.2', () => {
    const driver = afterLoss();
    driver.advance(60_000);
    const before = driver.controller.cwnd;
    driver.ack(2);
    expect(driver.controller.cwnd - before).toBe(1000);
  });

  it('reduces to 0.7 of FlightSize — RFC 9438 §4.6', () => {
    const driver = new ControllerDriver('cubic', { initialSegments: 100 });
    driver.congest(CongestionCause.Loss, 90);
    expect([driver.cwnd, driver.ssthresh]).toEqual([63, 63]);
  });

  it('aims at 0.85 of a window that did not reach W_max — RFC 9438 §4.7', () => {
    const plateau = (fastConvergence: boolean) => {
      const driver = afterLoss({ values: { fastConvergence } }, 1000);
      driver.congest();
      driver.ack(1);
      const target = fastConvergence ? 700 * 0.85 : 700;
      runFor(K(target - 490), driver, () => {});
      return driver.cwnd;
    };
    expect(plateau(true)).toBeCloseTo(595, -0.5);
    expect(plateau(false)).toBeCloseTo(700, -0.5);
  });

  it('starts from its own window after a timeout, with K = 0 — RFC 9438 §4.8', () => {
    const driver = ControllerDriver.inAvoidance('cubic', 700, { values: { renoFriendly: false } });
    driver.timeOut();
    expect([driver.cwnd, driver.ssthresh]).toEqual([1, 490]);
    while (driver.cwnd < 490) driver.round();
    runFor(4, driver, () => {});
    // Convex from the start: 490 + C t^3, a round trip ahead.
    expect(driver.cwnd - 490).toBeGreaterThan(C * 3.9 ** 3 - 1);
    expect(driver.cwnd - 490).toBeLessThan(C * 4.1 ** 3 + 1);
  });

  it('brings the curve back with the window after a spurious recovery — RFC 9438 §4.9.2', () => {
    const undone = afterLoss({}, 1000);
    const undisturbed = afterLoss({}, 1000);
    for (const driver of [undone, undisturbed]) runFor(5, driver, () => {});
    undone.congest();
    // A new epoch has begun before the sender learns that nothing was lost.
    for (const driver of [undone, undisturbed]) runFor(0.2, driver, () => {});
    undone.controller.onSpuriousRecovery();
    for (const driver of [undone, undisturbed]) {
      runFor(5, driver, () => {});
      // Past the plateau, where another K or W_max would show.
      runFor(5, driver, () => {});
    }
    expect(undisturbed.cwnd).toBeGreaterThan(1010);
    expect(Math.abs(undone.cwnd - undisturbed.cwnd)).toBeLessThan(1);
  });

  it('brings the Reno estimate back with the window — RFC 9438 §4.9.2', () => {
    const start = () => {
      const driver = ControllerDriver.inAvoidance('cubic', 70);
      driver.rttMs = 10;
      for (let round = 0; round < 40; round++) driver.round();
      return driver;
    };
    const undone = start();
    const undisturbed = start();
    undone.congest();
    undone.round();
    undone.controller.onSpuriousRecovery();
    for (let round = 0; round < 40; round++) {
      undone.round();
      undisturbed.round();
    }
    expect(Math.abs(undone.cwnd - undisturbed.cwnd)).toBeLessThan(1);
  });

  it('is not slower than Reno: alpha 0.53 up to cwnd_prior, then 1 — RFC 9438 §4.3', () => {
    const driver = ControllerDriver.inAvoidance('cubic', 14, {});
    driver.rttMs = 10;
    driver.ack(1);
    const windows: number[] = [];
    for (let round = 0; round < 20; round++) {
      driver.round();
      windows.push(driver.cwnd);
    }
    const alpha = (3 * (1 - BETA)) / (1 + BETA);
    const reached = windows.findIndex((window) => window >= 20);
    // 14 + 6 segments at alpha a round trip, then one a round trip.
    expect(reached + 1).toBeGreaterThanOrEqual(Math.floor(6 / alpha));
    expect(reached + 1).toBeLessThanOrEqual(Math.ceil(6 / alpha) + 1);
    const last = windows.length - 1;
    const slope = ((windows[last] as number) - (windows[reached] as number)) / (last - reached);
    expect(slope).toBeGreaterThan(0.95);
    expect(slope).toBeLessThan(1.05);
  });

  it('lets time stand still while the application limits sending — RFC 9438 §4.2, §5.8', () => {
    const paused = afterLoss({}, 1000);
    const busy = afterLoss({}, 1000);
    for (const driver of [paused, busy]) runFor(2, driver, () => {});
    paused.sample.isCwndLimited = false;
    for (let count = 0; count < 50; count++) {
      paused.ack(1);
      paused.advance(100);
    }
    paused.sample.isCwndLimited = true;
    for (const driver of [paused, busy]) runFor(2, driver, () => {});
    expect(paused.cwnd).toBeCloseTo(busy.cwnd, 0);
  });

  it('lets time stand still while nothing is in flight — RFC 9438 §5.8', () => {
    const idle = afterLoss({}, 1000);
    const busy = afterLoss({}, 1000);
    for (const driver of [idle, busy]) {
      driver.controller.onPacketSent(1000, 1000, false);
      runFor(2, driver, () => {});
      driver.controller.onPacketSent(1000, 700_000, false);
    }
    idle.advance(30_000);
    idle.controller.onPacketSent(1000, 1000, true);
    for (const driver of [idle, busy]) runFor(2, driver, () => {});
    expect(idle.cwnd).toBeCloseTo(busy.cwnd, 0);
  });

  it('is deterministic to the byte', () => {
    const run = () => {
      const driver = afterLoss({}, 300);
      const windows: number[] = [];
      runFor(10, driver, () => windows.push(driver.controller.cwnd));
      return windows;
    };
    expect(run()).toEqual(run());
  });
});

describe('CUBIC in segments, as Linux counts', () => {
  const segments = { granularity: 'segments' } as const;

  it('reduces by 717/1024 to whole segments: ten to seven', () => {
    const reduced = [10, 11, 20, 100, 133].map((window) => {
      const driver = new ControllerDriver('cubic', { ...segments, initialSegments: window });
      driver.congest();
      return driver.cwnd;
    });
    expect(reduced).toEqual([7, 7, 14, 70, 93]);
  });

  it('opens by at most one segment for two acknowledged', () => {
    const driver = new ControllerDriver('cubic', {
      ...segments,
      values: { slowStart: 'classic', c: 100 },
    });
    driver.congest();
    for (let round = 0; round < 100; round++) {
      const before = driver.cwnd;
      let acked = 0;
      for (let count = 0; count < 7; count++) {
        driver.advance(20);
        driver.ack(1);
        acked++;
      }
      expect(driver.cwnd - before).toBeLessThanOrEqual(Math.ceil(acked / 2));
    }
    expect(driver.cwnd).toBeGreaterThan(300);
  });

  it('opens by a segment for twenty acknowledged at least, before any loss', () => {
    const driver = new ControllerDriver('cubic', { ...segments, initialSegments: 200 });
    // Slow start ends by delay, without loss: W_max is unknown.
    driver.rttMs = 100;
    for (const rttMs of [100, 100, 130]) {
      for (let count = 0; count < 10; count++) {
        driver.advance(count === 0 ? 100 : 3);
        driver.ack(1, rttMs);
      }
    }
    const before = driver.cwnd;
    expect(driver.ssthresh).toBeLessThanOrEqual(before);
    for (let count = 0; count < 200; count++) {
      driver.advance(0.1);
      driver.ack(1, 130);
    }
    expect(driver.cwnd - before).toBeGreaterThanOrEqual(10);
    expect(driver.cwnd - before).toBeLessThanOrEqual(12);
  });

  it('follows the curve of RFC 9438, a round trip before or after it, to two segments', () => {
    const driver = ControllerDriver.inAvoidance('cubic', 700, segments);
    driver.ack(1);
    const k = K(1000 - driver.cwnd);
    const wCubic = (t: number) => C * (t - k) ** 3 + 1000;
    runFor(15, driver, (t) => {
      expect(driver.cwnd).toBeGreaterThan(wCubic(t - 0.1) - 2);
      expect(driver.cwnd).toBeLessThan(wCubic(t + 0.1) + 2);
    });
    expect(driver.cwnd).toBeGreaterThan(1075);
  });

  it('reaches W_max early and waits there: below a segment the cube truncates to nothing', () => {
    const driver = ControllerDriver.inAvoidance('cubic', 93, { ...segments });
    driver.ack(1);
    const flat: number[] = [];
    runFor(7, driver, (t) => {
      if (driver.cwnd === 133) flat.push(t);
    });
    // C t^3 is a segment 1.357 s from the plateau, and the aim is a round trip ahead.
    const k = K(40);
    expect(flat[0]).toBeGreaterThan(k - 1.357 - 0.2);
    expect(flat[0]).toBeLessThan(k - 1.357 + 0.3);
    expect(flat.at(-1)).toBeGreaterThan(k + 1.357 - 0.3);
  });

  it('aims at (1 + beta)/2 of a window that did not reach W_max — RFC 9438 §4.7', () => {
    const driver = ControllerDriver.inAvoidance('cubic', 700, segments);
    driver.congest();
    expect(driver.cwnd).toBe(490);
    driver.ack(1);
    const target = Math.floor((700 * (1024 + 717)) / 2048);
    runFor(K(target - 490), driver, () => {});
    expect(Math.abs(driver.cwnd - target)).toBeLessThanOrEqual(1);
  });

  it('lets idle time stand still', () => {
    const idle = ControllerDriver.inAvoidance('cubic', 700, segments);
    const busy = ControllerDriver.inAvoidance('cubic', 700, segments);
    for (const driver of [idle, busy]) {
      runFor(2, driver, () => {});
      driver.controller.onPacketSent(1000, 700_000, false);
    }
    idle.advance(30_000);
    idle.controller.onPacketSent(1000, 1000, true);
    for (const driver of [idle, busy]) runFor(2, driver, () => {});
    expect(Math.abs(idle.cwnd - busy.cwnd)).toBeLessThanOrEqual(1);
  });
});
