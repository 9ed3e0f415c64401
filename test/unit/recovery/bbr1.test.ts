import { describe, expect, it } from 'vitest';
import { ControllerPipe } from '../../support/controller-pipe.ts';

/** 10 Mbit/s and 40 ms: a BDP of 50 segments of 1000 bytes. */
const BDP = 50;
const path = { rate: 1.25e6, rttMs: 40, queueBytes: 200_000 };
const names = (pipe: ControllerPipe) => pipe.phases.map(({ name }) => name);

describe('BBR version 1', () => {
  it('starts up, drains and probes bandwidth', () => {
    const pipe = new ControllerPipe('bbr', path);
    pipe.run(5);
    expect(names(pipe)).toEqual(['startup', 'drain', 'probe-bandwidth']);
    const { bandwidth = 0 } = pipe.controller;
    expect(bandwidth / path.rate).toBeGreaterThan(0.99);
    expect(bandwidth / path.rate).toBeLessThan(1.02);
    // Twice the BDP, three quanta of two segments, made even; two more while probing.
    expect(pipe.cwndSegments - 2 * BDP).toBeGreaterThanOrEqual(6);
    expect(pipe.cwndSegments - 2 * BDP).toBeLessThanOrEqual(12);
  });

  it('begins at 2/ln 2 of the initial window in a round trip, a hundredth less', () => {
    const { controller } = new ControllerPipe('bbr', path);
    expect(controller.pacingRate).toBeCloseTo(0.99 * (2 / Math.LN2) * (10_000 / 0.04), -3);
  });

  it('multiplies the rate by at most 2/ln 2 a round and leaves start-up after three flat rounds', () => {
    const pipe = new ControllerPipe('bbr', path);
    pipe.run(5, 'drain');
    // 10 to 50 segments in two to three doublings, a round to see it, three flat ones with their queue.
    expect(pipe.seconds).toBeGreaterThan(0.2);
    expect(pipe.seconds).toBeLessThan(0.6);
    // The window of start-up: 2.89 BDP, of which 1.89 wait.
    expect(pipe.queueMaxBytes / 1000).toBeGreaterThan(1.6 * BDP);
    expect(pipe.queueMaxBytes / 1000).toBeLessThan(2.1 * BDP);
    const drainedFrom = pipe.seconds;
    pipe.run(5, 'probe-bandwidth');
    expect(pipe.inFlightSegments).toBeLessThanOrEqual(BDP + 8);
    expect(pipe.seconds - drainedFrom).toBeLessThan(0.2);
  });

  it('paces at 5/4, 3/4 and then six times 1 of its bandwidth, a round trip each', () => {
    const pipe = new ControllerPipe('bbr', path);
    pipe.run(3);
    const gains: number[] = [];
    for (let step = 0; step < 400; step++) {
      pipe.run(0.005);
      const gain = pipe.controller.pacingRate / (0.99 * (pipe.controller.bandwidth ?? 0));
      if (Math.abs(gain - (gains.at(-1) ?? 0)) > 0.1) gains.push(Math.round(gain * 100) / 100);
    }
    const up = gains.indexOf(1.25);
    expect(gains.slice(up, up + 3)).toEqual([1.25, 0.75, 1]);
    expect(gains.filter((gain) => gain === 1.25).length).toBeGreaterThanOrEqual(4);
    expect(gains.filter((gain) => gain === 1.25).length).toBeLessThanOrEqual(7);
  });

  it('probes the RTT with four segments for 200 ms when it has been no lower for 10 s', () => {
    const pipe = new ControllerPipe('bbr', path);
    pipe.run(5);
    expect(pipe.run(8, 'probe-rtt')).toBe(true);
    expect(pipe.seconds).toBeGreaterThan(10);
    pipe.run(0.15);
    expect(pipe.controller.cwnd).toBe(4000);
    expect(pipe.inFlightSegments).toBeLessThanOrEqual(4);
    const { bandwidth } = pipe.controller;
    expect(pipe.run(1, 'probe-bandwidth')).toBe(true);
    const last = pipe.phases.slice(-2).map(({ seconds }) => seconds) as [number, number];
    expect(last[1] - last[0]).toBeGreaterThan(0.2);
    expect(last[1] - last[0]).toBeLessThan(0.45);
    // Samples of four segments in flight do not count, and the window is back.
    expect(pipe.controller.bandwidth).toBe(bandwidth);
    expect(pipe.cwndSegments).toBeGreaterThan(2 * BDP);
  });

  it('keeps the rate over random loss of 5 %', () => {
    const pipe = new ControllerPipe('bbr', { ...path, loss: 0.05 });
    pipe.run(2);
    pipe.forget();
    pipe.run(10);
    expect(pipe.utilisation(10)).toBeGreaterThan(0.9 * 0.95);
  });

  it('conserves packets in the first round of recovery and then has its window back', () => {
    const pipe = new ControllerPipe('bbr', path);
    pipe.run(3);
    const before = pipe.cwndSegments;
    const { controller } = pipe;
    const sample = {
      ...emptySample(pipe),
      ackedBytes: 1000,
      ackedSegments: 1,
      lostSegments: 1,
      lostBytes: 1000,
      inFlightSegments: 40,
      inFlight: 40_000,
      inRecovery: true,
    };
    controller.onEnterRecovery(0, sample);
    controller.onAck(sample, pipe.rtt);
    expect(pipe.cwndSegments).toBe(41);
    controller.onExitRecovery();
    controller.onAck({ ...sample, lostSegments: 0, inRecovery: false }, pipe.rtt);
    expect(pipe.cwndSegments).toBeGreaterThanOrEqual(before - 2);
  });

  it('falls to one segment at a timeout and comes back when it is over', () => {
    const pipe = new ControllerPipe('bbr', path);
    pipe.run(3);
    const before = pipe.cwndSegments;
    const { controller } = pipe;
    controller.onRetransmissionTimeout(50_000);
    expect(pipe.cwndSegments).toBe(1);
    const sample = { ...emptySample(pipe), ackedBytes: 1000, ackedSegments: 1 };
    controller.onAck({ ...sample, isTimedOut: true }, pipe.rtt);
    expect(pipe.cwndSegments).toBe(4);
    controller.onAck(sample, pipe.rtt);
    expect(pipe.cwndSegments).toBeGreaterThanOrEqual(before - 2);
  });

  it('sends at the long-term rate of a policer while it lasts', () => {
    // A queue of nothing with heavy loss is what a policer looks like.
    const pipe = new ControllerPipe('bbr', { ...path, queueBytes: 3000, loss: 0.25 });
    pipe.run(8);
    const gains = new Set<number>();
    for (let step = 0; step < 200; step++) {
      pipe.run(0.005);
      const gain = pipe.controller.pacingRate / (0.99 * (pipe.controller.bandwidth ?? 0));
      gains.add(Math.round(gain * 100) / 100);
    }
    expect([...gains]).toEqual([1]);
  });

  it('paces at the estimate after an idle time, not above', () => {
    const pipe = new ControllerPipe('bbr', path);
    pipe.run(4);
    pipe.hasData = false;
    pipe.run(1);
    pipe.hasData = true;
    pipe.run(0.001);
    const { controller } = pipe;
    expect(controller.pacingRate / (0.99 * (controller.bandwidth ?? 0))).toBeCloseTo(1, 6);
  });
});

function emptySample(pipe: ControllerPipe) {
  return {
    nowNs: pipe.clock.nowNs,
    ackedBytes: 0,
    lostBytes: 0,
    ceBytes: 0,
    priorInFlight: 50_000,
    inFlight: 49_000,
    newestSentNs: -1,
    rttNs: -1,
    delivered: 0,
    priorDelivered: 0,
    intervalNs: -1,
    txInFlight: 0,
    lostSinceSent: 0,
    isAppLimited: false,
    ackedSegments: 0,
    lostSegments: 0,
    inFlightSegments: 49,
    advancesSndUna: true,
    isCwndLimited: true,
    inRecovery: false,
    isTimedOut: false,
    nextSendNs: 0,
  };
}
