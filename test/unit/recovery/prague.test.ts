import { describe, expect, it } from 'vitest';
import { ControllerRegistry } from '../../../src/recovery/cc/controllers.ts';
import type { PragueController } from '../../../src/recovery/cc/prague.ts';
import { CongestionCause, UNPACED } from '../../../src/recovery/congestion.ts';
import { ControllerDriver, type DriverOptions } from '../../support/controller-driver.ts';
import { ControllerPipe } from '../../support/controller-pipe.ts';

const path = { rate: 12.5e6, rttMs: 10, queueBytes: 400_000, markAboveBytes: 12_500 };

/** Beyond slow start, with a window of 100 segments, and nothing marked so far. */
function inAvoidance(options: DriverOptions = {}): ControllerDriver {
  const driver = new ControllerDriver('prague', { initialSegments: 200, ...options });
  driver.advance(1000);
  driver.congest(CongestionCause.Loss);
  expect(driver.cwnd).toBe(100);
  return driver;
}

/** ACKs of single segments, of which the first `marked` are. */
function acknowledge(driver: ControllerDriver, segments: number, marked = 0): void {
  for (let segment = 0; segment < segments; segment++) {
    driver.sample.ceBytes = segment < marked ? 1000 : 0;
    driver.ack(1);
  }
  driver.sample.ceBytes = 0;
}

describe('Prague', () => {
  it('says ECT(1) — RFC 9331 §4.1 — and wants the feedback of AccECN — §4.2', () => {
    const { preciseEcn, usesAccurateEcn } = ControllerRegistry.withBuiltIns().factory('prague');
    expect([preciseEcn, usesAccurateEcn]).toEqual(['ect1', true]);
    expect(ControllerRegistry.withBuiltIns().factory('cubic').preciseEcn).toBeUndefined();
  });

  it('keeps the queue near the step of marking, about a millisecond, and uses the link', () => {
    const pipe = new ControllerPipe('prague', path);
    pipe.run(4);
    pipe.forget();
    pipe.run(4);
    expect(pipe.lostSegments).toBe(0);
    expect(pipe.utilisation(4)).toBeGreaterThan(0.95);
    expect(pipe.meanQueueBytes).toBeLessThan(path.markAboveBytes + 3000);
  });

  it('is always paced, at a window a round trip once slow start is over', () => {
    const pipe = new ControllerPipe('prague', path);
    expect(pipe.controller.pacingRate).not.toBe(UNPACED);
    pipe.run(4);
    const perRound = pipe.controller.pacingRate * (pipe.rtt.smoothedNs / 1e9);
    expect(perRound / pipe.controller.cwnd).toBeCloseTo(1, 6);
  });

  it('grows as if its round trip were 25 ms when it is shorter, after its transition', () => {
    const grown = (rttMs: number, transition: number) => {
      // No queue to speak of, one loss to end slow start, and then an open window.
      const values = { transition };
      const pipe = new ControllerPipe('prague', { rate: 1e9, rttMs, queueBytes: 1e9, values });
      pipe.run(rttMs * 5e-3);
      pipe.controller.onEnterRecovery(0, { priorInFlight: 50_000 } as never);
      pipe.controller.onExitRecovery();
      const before = pipe.cwndSegments;
      pipe.run(1);
      return pipe.cwndSegments - before;
    };
    // 40 a second at 25 ms; at 5 ms a fifth of a segment in five times as many round trips.
    expect(grown(25, 0)).toBeGreaterThan(33);
    expect(grown(25, 0)).toBeLessThan(44);
    expect(grown(5, 0)).toBeLessThan(12);
    expect(grown(5, 0)).toBeGreaterThan(5);
    expect(grown(5, 500)).toBeGreaterThan(150);
  });

  it('opens the window by what came unmarked, while marks are answered too', () => {
    const driver = inAvoidance({ values: { alpha: 0 } });
    driver.sample.nowNs = driver.clock.nowNs;
    driver.controller.onEnterRecovery(CongestionCause.EcnCe, driver.sample);
    driver.sample.inRecovery = true;
    acknowledge(driver, 100, 0);
    const unmarked = driver.cwnd - 100;
    expect(unmarked).toBeCloseTo(1, 1);
    const before = driver.cwnd;
    acknowledge(driver, 100, 50);
    expect(driver.cwnd - before).toBeCloseTo(0.5, 1);
  });

  it('answers marks by half their share, and no more often than a virtual round trip', () => {
    const driver = inAvoidance({ values: { alpha: 0.2, transition: 0 } });
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(90);
    expect(driver.ssthresh).toBe(90);
    driver.advance(20);
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(90);
    driver.advance(6);
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(81);
  });

  it('loses no part of an answer to whole segments', () => {
    const driver = inAvoidance({ granularity: 'segments', values: { alpha: 0.01 } });
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(100);
    driver.advance(100);
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(99);
  });

  it('learns nothing of marks before the first one', () => {
    const driver = inAvoidance();
    for (let round = 0; round < 20; round++) driver.round();
    expect((driver.controller as PragueController).alpha).toBe(1);
  });

  it('halves on loss, even while it answers marks', () => {
    const driver = inAvoidance({ values: { alpha: 0 } });
    driver.sample.nowNs = driver.clock.nowNs;
    driver.controller.onEnterRecovery(CongestionCause.EcnCe, driver.sample);
    expect(driver.controller.recoveryWindow).toBe('own');
    driver.congest(CongestionCause.Loss);
    expect(driver.cwnd).toBe(50);
    driver.controller.onEnterRecovery(CongestionCause.Loss, driver.sample);
    expect(driver.controller.recoveryWindow).toBe('prr');
  });

  it('halves on marks when the feedback does not count them — RFC 9331 §4.2', () => {
    const driver = inAvoidance({ values: { alpha: 0.1 }, hasAccurateMarks: false });
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(50);
  });
});
