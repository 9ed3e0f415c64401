import { describe, expect, it } from 'vitest';
import { CongestionCause } from '../../../src/recovery/congestion.ts';
import { ControllerDriver, SMSS } from '../../support/controller-driver.ts';

const MINUTE_MS = 60_000;

/**
 * Reno with a window of `window` segments in congestion avoidance, fully used for 30 round trips of 100
 * ms.
 */
function startFlow(window: number): ControllerDriver {
  const values = { idleRestart: 'validate', slowStart: 'classic' };
  const driver = new ControllerDriver('reno', { values, initialSegments: 4 });
  driver.advance(1000);
  while (driver.cwnd < window) driver.round();
  return driver;
}

/** Round trips in which the application sends only so many segments. */
function limitTo(driver: ControllerDriver, segments: number, roundTrips: number): void {
  driver.sample.isCwndLimited = false;
  for (let round = 0; round < roundTrips; round++) {
    for (let count = 0; count < segments; count++) {
      driver.advance(driver.rttMs / segments);
      driver.ack(1);
    }
  }
}

/** A recovery period in which `lost` segments are lost of `flight`. */
function recover(driver: ControllerDriver, flight: number, lost: number): number[] {
  driver.sample.priorInFlight = flight * SMSS;
  driver.controller.onEnterRecovery(CongestionCause.Loss, driver.sample);
  const meanwhile = driver.cwnd;
  driver.lose(lost);
  driver.controller.onExitRecovery();
  return [meanwhile, driver.cwnd, driver.ssthresh];
}

const sendOne = (driver: ControllerDriver) => driver.controller.onPacketSent(SMSS, SMSS, true);

describe('congestion window validation', () => {
  it('keeps the window while the application pauses — RFC 7661 §4.4', () => {
    const driver = startFlow(64);
    driver.advance(4 * MINUTE_MS);
    driver.controller.onIdleRestart(4 * MINUTE_MS * 1e6, 1e9);
    sendOne(driver);
    expect(driver.cwnd).toBe(64);
  });

  it('halves it after five minutes, and ssthresh remembers three quarters — RFC 7661 §4.4.3', () => {
    const driver = startFlow(64);
    driver.congest();
    driver.controller.onSpuriousRecovery();
    for (let round = 0; round < 30; round++) driver.round();
    const before = driver.controller.cwnd;
    driver.advance(5 * MINUTE_MS + 1100);
    sendOne(driver);
    expect(driver.controller.cwnd).toBe(Math.round(before / 2));
    sendOne(driver);
    expect(driver.controller.cwnd).toBe(Math.round(before / 2));
  });

  it('makes one reduction for each such period, down to the initial window — RFC 7661 §4.5.2', () => {
    const after = (minutes: number) => {
      const driver = startFlow(64);
      driver.advance(minutes * MINUTE_MS + 1100);
      sendOne(driver);
      return driver.cwnd;
    };
    expect([4, 5, 10, 15, 20, 600].map(after)).toEqual([64, 32, 16, 8, 4, 4]);
  });

  it('sets ssthresh to three quarters of the window that was not validated — RFC 7661 §4.4.3', () => {
    const driver = startFlow(64);
    driver.timeOut();
    while (driver.cwnd < 32) driver.round();
    for (let round = 0; round < 30; round++) driver.round();
    expect([driver.cwnd, driver.ssthresh]).toEqual([62, 32]);
    driver.advance(5 * MINUTE_MS + 1100);
    sendOne(driver);
    expect(driver.ssthresh).toBeCloseTo(46.5, 9);
    expect(driver.cwnd).toBe(31);
  });

  it('answers loss by what was used and lost, when less than half was used — RFC 7661 §4.4.1', () => {
    const driver = startFlow(64);
    limitTo(driver, 16, 30);
    expect(driver.cwnd).toBe(64);
    // Half of max(pipeACK, flight); at the end half of that less what was lost.
    expect(recover(driver, 6, 2)).toEqual([8, 7, 7]);
  });

  it('takes the flight when that is more than pipeACK — RFC 7661 §4.4.1', () => {
    const driver = startFlow(64);
    limitTo(driver, 8, 30);
    expect(recover(driver, 20, 4)).toEqual([10, 8, 8]);
  });

  it('answers loss as ever when at least half was used — RFC 7661 §4.3', () => {
    const driver = startFlow(64);
    limitTo(driver, 33, 30);
    expect(recover(driver, 30, 2)).toEqual([15, 15, 15]);
  });

  it('remembers what was used for a second or three round trips — RFC 7661 §4.2', () => {
    const driver = startFlow(64);
    limitTo(driver, 40, 20);
    limitTo(driver, 4, 2);
    // The 40 are within the sampling period: validated.
    expect(recover(driver, 4, 1)[0]).toBe(2);
    const later = startFlow(64);
    limitTo(later, 40, 20);
    limitTo(later, 4, 11);
    expect(recover(later, 20, 2)).toEqual([10, 9, 9]);
  });

  it('is validated again at once after recovery — RFC 7661 §4.4.1', () => {
    const driver = startFlow(64);
    limitTo(driver, 16, 30);
    recover(driver, 6, 2);
    expect(recover(driver, 6, 1)).toEqual([3, 3, 3]);
  });

  it('forgets what was used before a recovery — RFC 7661 §4.4.1', () => {
    const driver = startFlow(64);
    limitTo(driver, 40, 20);
    expect(recover(driver, 60, 1)).toEqual([30, 30, 30]);
    limitTo(driver, 10, 3);
    expect(recover(driver, 8, 2)).toEqual([5, 4, 4]);
  });
});
