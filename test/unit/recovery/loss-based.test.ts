import { describe, expect, it } from 'vitest';
import {
  CongestionCause,
  initialWindowRfc5681,
  initialWindowRfc6928,
  SSTHRESH_UNSET,
  UNPACED,
} from '../../../src/recovery/congestion.ts';
import { ControllerDriver, SMSS } from '../../support/controller-driver.ts';

const RTO_NS = 1e9;

describe('initial window', () => {
  it('is ten segments within 14,600 bytes — RFC 6928 §2', () => {
    expect(initialWindowRfc6928(1460)).toBe(14600);
    expect(initialWindowRfc6928(536)).toBe(5360);
    expect(initialWindowRfc6928(2000)).toBe(14600);
    expect(initialWindowRfc6928(8948)).toBe(17896);
  });

  it('is two to four segments — RFC 5681 §3.1', () => {
    expect([536, 1095, 1096, 1460, 2190, 2191].map((s) => initialWindowRfc5681(s) / s)).toEqual([
      4, 4, 3, 3, 3, 2,
    ]);
  });

  it('is where a controller begins, with ssthresh unset and no rate of its own', () => {
    const { controller } = new ControllerDriver('reno');
    expect(controller.cwnd).toBe(10 * SMSS);
    expect(controller.ssthresh).toBe(SSTHRESH_UNSET);
    expect(controller.pacingRate).toBe(UNPACED);
    expect(controller.sendQuantum).toBe(10 * SMSS);
    expect(controller.recoveryWindow).toBe('prr');
  });
});

describe('slow start', () => {
  it('opens by what is acknowledged, at most a segment an ACK — RFC 5681 §3.1, equation (2)', () => {
    const driver = new ControllerDriver('reno');
    driver.ack(1);
    expect(driver.cwnd).toBe(11);
    driver.ack(2);
    expect(driver.cwnd).toBe(12);
    driver.ack(0.3);
    expect(driver.controller.cwnd).toBe(12_300);
  });

  it('opens by two segments an ACK with L = 2 — RFC 3465 §2.3', () => {
    const driver = new ControllerDriver('reno', { values: { abcLimit: 2 } });
    driver.ack(2);
    expect(driver.cwnd).toBe(12);
    driver.ack(5);
    expect(driver.cwnd).toBe(14);
  });

  it('goes back to one segment an ACK after a timeout — RFC 3465 §2.3', () => {
    const driver = new ControllerDriver('reno', { values: { abcLimit: 2 } });
    driver.timeOut();
    driver.ack(2);
    expect(driver.cwnd).toBe(2);
  });

  it('opens by all that is acknowledged in segments, as Linux does', () => {
    const driver = new ControllerDriver('reno', { granularity: 'segments' });
    driver.ack(7);
    expect(driver.cwnd).toBe(17);
  });

  it('ends at ssthresh, and the rest counts for congestion avoidance', () => {
    const driver = new ControllerDriver('reno', { granularity: 'segments' });
    driver.congest();
    driver.timeOut(4);
    expect(driver.ssthresh).toBe(2);
    driver.ack(4);
    // One to ssthresh, three of the two that the third segment costs.
    expect(driver.cwnd).toBe(3);
  });

  it('does not open for duplicate ACKs, in recovery, or when the application limits — RFC 5681 §3.1', () => {
    const driver = new ControllerDriver('reno');
    driver.sample.advancesSndUna = false;
    driver.ack(2);
    driver.sample.advancesSndUna = true;
    driver.sample.isCwndLimited = false;
    driver.ack(2);
    driver.sample.isCwndLimited = true;
    driver.sample.inRecovery = true;
    driver.ack(2);
    expect(driver.cwnd).toBe(10);
  });
});

describe('Reno congestion avoidance', () => {
  it('opens by one segment for each window acknowledged — RFC 5681 §3.1', () => {
    for (const granularity of ['bytes', 'segments'] as const) {
      const driver = ControllerDriver.inAvoidance('reno', 10, { granularity });
      for (let count = 0; count < 9; count++) driver.ack(1);
      expect(driver.cwnd).toBe(10);
      driver.ack(1);
      expect(driver.cwnd).toBe(11);
      for (let count = 0; count < 10; count++) driver.ack(1);
      expect(driver.cwnd).toBe(11);
      driver.ack(1);
      expect(driver.cwnd).toBe(12);
    }
  });

  it('opens as fast under delayed ACKs — RFC 5681 §3.1', () => {
    const driver = ControllerDriver.inAvoidance('reno', 10);
    for (let count = 0; count < 5; count++) driver.ack(2);
    expect(driver.cwnd).toBe(11);
  });

  it('does not open for ACK division — RFC 3465 §3.3', () => {
    const driver = ControllerDriver.inAvoidance('reno', 10);
    for (let count = 0; count < 99; count++) driver.ack(0.1);
    expect(driver.cwnd).toBe(10);
    driver.ack(0.1);
    expect(driver.cwnd).toBe(11);
  });
});

describe('congestion', () => {
  it('halves FlightSize, not cwnd — RFC 5681 §3.1, equation (4)', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 20 });
    driver.congest(CongestionCause.Loss, 15);
    expect(driver.ssthresh).toBe(7.5);
    expect(driver.cwnd).toBe(7.5);
  });

  it('does not count limited transmit beyond cwnd — RFC 5681 §3.2', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 20 });
    driver.congest(CongestionCause.Loss, 22);
    expect(driver.ssthresh).toBe(10);
  });

  it('halves cwnd to whole segments in segments, as Linux does', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 15, granularity: 'segments' });
    driver.congest(CongestionCause.Loss, 9);
    expect([driver.cwnd, driver.ssthresh]).toEqual([7, 7]);
  });

  it('leaves two segments after loss — RFC 5681 §3.1', () => {
    for (const name of ['reno', 'cubic']) {
      const driver = new ControllerDriver(name);
      driver.congest(CongestionCause.Loss, 1);
      expect([driver.cwnd, driver.ssthresh]).toEqual([2, 2]);
    }
  });

  it('may leave one segment after ECN, with ssthresh at two — RFC 3168 §6.1.2, RFC 9438 §4.6', () => {
    const driver = new ControllerDriver('cubic', { initialSegments: 2 });
    driver.congest(CongestionCause.EcnCe);
    expect([driver.cwnd, driver.ssthresh]).toEqual([1.4, 2]);
    driver.congest(CongestionCause.EcnCe);
    expect([driver.cwnd, driver.ssthresh]).toEqual([1, 2]);
  });

  it('reduces less on ECN with ABE, in congestion avoidance — RFC 8511 §3.1, §4', () => {
    for (const [name, beta, betaEcn] of [
      ['reno', 0.5, 0.8],
      ['cubic', 0.7, 0.85],
    ] as const) {
      const driver = ControllerDriver.inAvoidance(name, 100, { values: { abe: true } });
      for (let round = 0; round < 5; round++) driver.round();
      const before = driver.controller.cwnd;
      driver.congest(CongestionCause.EcnCe);
      expect(driver.controller.cwnd).toBe(Math.round(before * betaEcn));
      const slow = new ControllerDriver(name, { initialSegments: 100, values: { abe: true } });
      slow.congest(CongestionCause.EcnCe);
      expect(slow.cwnd).toBeCloseTo(100 * beta, 10);
    }
  });
});

describe('retransmission timeout', () => {
  it('leaves one segment and half of FlightSize as ssthresh — RFC 5681 §3.1', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 20 });
    driver.timeOut(12);
    expect([driver.cwnd, driver.ssthresh]).toEqual([1, 6]);
  });

  it('holds ssthresh when the same segment times out again — RFC 5681 §3.1', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 20 });
    driver.timeOut(12);
    driver.timeOut(1);
    expect([driver.cwnd, driver.ssthresh]).toEqual([1, 6]);
    driver.ack(1);
    expect(driver.cwnd).toBe(2);
    driver.timeOut(2);
    expect([driver.cwnd, driver.ssthresh]).toEqual([1, 2]);
  });

  it('does not reduce again in a recovery period in segments, as Linux does', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 20, granularity: 'segments' });
    driver.sample.priorInFlight = 20 * SMSS;
    driver.controller.onEnterRecovery(CongestionCause.Loss, driver.sample);
    driver.timeOut(10);
    expect([driver.cwnd, driver.ssthresh]).toEqual([1, 10]);
    driver.controller.onSpuriousRecovery();
    expect(driver.cwnd).toBe(20);
  });

  it('grows from one segment to ssthresh and then by one a round trip — RFC 5681 §3.1', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 16 });
    driver.timeOut();
    const windows: number[] = [];
    for (let round = 0; round < 6; round++) {
      driver.round();
      windows.push(driver.cwnd);
    }
    expect(windows).toEqual([2, 4, 8, 9, 10, 11]);
  });

  it('keeps two packets under persistent congestion — RFC 9002 §7.6.2', () => {
    const driver = new ControllerDriver('cubic', { initialSegments: 20 });
    driver.controller.onPersistentCongestion();
    expect(driver.cwnd).toBe(2);
  });
});

describe('undo', () => {
  it('brings cwnd and ssthresh back after a spurious recovery — RFC 4015 §3.2', () => {
    for (const granularity of ['bytes', 'segments'] as const) {
      const driver = new ControllerDriver('cubic', { initialSegments: 20, granularity });
      driver.congest();
      driver.controller.onSpuriousRecovery();
      expect(driver.cwnd).toBe(20);
      expect(driver.controller.ssthresh).toBe(SSTHRESH_UNSET);
    }
  });

  it('brings them back after a spurious timeout — RFC 5682 §3', () => {
    const driver = ControllerDriver.inAvoidance('reno', 10);
    driver.timeOut();
    driver.ack(1);
    driver.controller.onSpuriousRecovery();
    expect([driver.cwnd, driver.ssthresh]).toEqual([10, 10]);
  });

  it('brings ssthresh to three quarters of the window at least in segments, as Linux does', () => {
    const driver = ControllerDriver.inAvoidance('reno', 10, { granularity: 'segments' });
    for (let round = 0; round < 12; round++) driver.round();
    expect([driver.cwnd, driver.ssthresh]).toEqual([22, 10]);
    driver.timeOut();
    driver.controller.onSpuriousRecovery();
    expect([driver.cwnd, driver.ssthresh]).toEqual([22, 16]);
  });

  it('happens once, keeps a larger window, and never after ECN', () => {
    const driver = new ControllerDriver('reno', { initialSegments: 20 });
    driver.congest();
    driver.controller.onSpuriousRecovery();
    driver.controller.onPersistentCongestion();
    driver.controller.onSpuriousRecovery();
    expect(driver.cwnd).toBe(2);
    for (let round = 0; round < 4; round++) driver.round();
    expect(driver.cwnd).toBe(32);
    driver.congest();
    driver.congest(CongestionCause.EcnCe);
    driver.controller.onSpuriousRecovery();
    expect(driver.cwnd).toBe(8);
  });
});

describe('idle restart', () => {
  it('falls back to the initial window, keeping ssthresh — RFC 5681 §4.1', () => {
    const driver = ControllerDriver.inAvoidance('reno', 80, { values: { slowStart: 'classic' } });
    // The driver's initial window is 160 segments: a smaller one falls back to nothing less than it has.
    driver.controller.onIdleRestart(2e9, RTO_NS);
    expect(driver.cwnd).toBe(80);
    const grown = new ControllerDriver('reno', { initialSegments: 4 });
    for (let round = 0; round < 4; round++) grown.round();
    expect(grown.cwnd).toBe(64);
    grown.controller.onIdleRestart(2e9, RTO_NS);
    expect(grown.cwnd).toBe(4);
    expect(grown.controller.ssthresh).toBe(SSTHRESH_UNSET);
  });

  it('halves for each RTO of idle time in segments — RFC 2861 §3', () => {
    const windowAfter = (idleRtos: number) => {
      const driver = new ControllerDriver('reno', { initialSegments: 5, granularity: 'segments' });
      for (let round = 0; round < 4; round++) driver.round();
      expect(driver.cwnd).toBe(80);
      driver.controller.onIdleRestart(idleRtos * RTO_NS, RTO_NS);
      return driver.cwnd;
    };
    expect([1, 1.5, 2.5, 3.5, 10, 1000].map(windowAfter)).toEqual([80, 40, 20, 10, 5, 5]);
  });

  it('remembers three quarters of the window as ssthresh in segments — RFC 2861 §3', () => {
    const driver = ControllerDriver.inAvoidance('reno', 10, { granularity: 'segments' });
    for (let round = 0; round < 10; round++) driver.round();
    driver.controller.onIdleRestart(2.5 * RTO_NS, RTO_NS);
    expect(driver.ssthresh).toBe(15);
  });
});

describe('a change of the segment size', () => {
  it('takes the window down with it — RFC 5681 §3.1', () => {
    for (const granularity of ['bytes', 'segments'] as const) {
      const driver = new ControllerDriver('cubic', { initialSegments: 20, granularity });
      driver.congest();
      const before = driver.controller.cwnd;
      driver.controller.onMtuChange(500);
      expect(driver.controller.cwnd).toBe(before / 2);
      expect(driver.controller.ssthresh).toBe(before / 2);
    }
  });

  it('leaves the window in bytes when segments get larger, in whole ones where they count', () => {
    const inBytes = new ControllerDriver('reno');
    inBytes.controller.onMtuChange(1400);
    expect(inBytes.controller.cwnd).toBe(10_000);
    const inSegments = new ControllerDriver('reno', { granularity: 'segments' });
    inSegments.controller.onMtuChange(1400);
    expect(inSegments.controller.cwnd).toBe(9800);
  });
});
