import { describe, expect, it } from 'vitest';
import { ControllerPipe } from '../../support/controller-pipe.ts';

/** 10 Mbit/s and 40 ms: a BDP of 50 segments of 1000 bytes. */
const BDP = 50;
const path = { rate: 1.25e6, rttMs: 40, queueBytes: 200_000 };
const names = (pipe: ControllerPipe) =>
  pipe.phases.map(({ name }) => name.replace('probe-bandwidth-', ''));
const pacingGain = ({ controller }: ControllerPipe) =>
  controller.pacingRate / (0.99 * (controller.bandwidth ?? 0));

describe('BBR version 3', () => {
  it('leaves Startup on a bandwidth plateau, drains, and cycles — draft-ietf-ccwg-bbr §5.3', () => {
    const pipe = new ControllerPipe('bbr3', path);
    pipe.run(5, 'drain');
    expect(pipe.seconds).toBeLessThan(0.6);
    const { bandwidth = 0 } = pipe.controller;
    expect(Math.abs(bandwidth / path.rate - 1)).toBeLessThan(0.02);
    // The window of two BDP bounds the queue to one.
    expect(pipe.queueMaxBytes / 1000).toBeLessThan(1.3 * BDP);
    pipe.run(4.4);
    // One round trip of DOWN may pass within the ACK that ends Drain.
    const cycle = names(pipe).filter((name) => name !== 'down');
    expect(cycle.slice(0, 6)).toEqual(['startup', 'drain', 'cruise', 'refill', 'up', 'cruise']);
  });

  it('paces Startup at 4 ln 2 and Drain at a half — draft-ietf-ccwg-bbr §3.2', () => {
    const pipe = new ControllerPipe('bbr3', path);
    expect(pipe.controller.pacingRate).toBeCloseTo(4 * Math.LN2 * (10_000 / 0.04), -2);
    pipe.run(5, 'drain');
    expect(pacingGain(pipe)).toBeCloseTo(0.5, 6);
  });

  it('leaves Drain for ProbeBW when no more than the BDP is in flight — draft-ietf-ccwg-bbr §5.3.2', () => {
    const pipe = new ControllerPipe('bbr3', path);
    pipe.run(5, 'drain');
    const start = pipe.seconds;
    while (pipe.controller.phase === 'drain') pipe.run(0.001);
    expect(pipe.inFlightSegments).toBeLessThanOrEqual(BDP + 3);
    expect(pipe.inFlightSegments).toBeGreaterThan(0.8 * BDP);
    expect(pipe.seconds - start).toBeLessThan(0.12);
  });

  it('leaves Drain after three round trips even if the queue does not go — draft-ietf-ccwg-bbr §5.3.2', () => {
    const pipe = new ControllerPipe('bbr3', path);
    pipe.run(5, 'drain');
    pipe.rate = path.rate / 5;
    const start = pipe.seconds;
    while (pipe.controller.phase === 'drain') pipe.run(0.005);
    expect(pipe.inFlightSegments).toBeGreaterThan(BDP + 1);
    // Three round trips through some 80 to 100 segments at 250 a second, and the one under way.
    expect(pipe.seconds - start).toBeGreaterThan(3 * 0.3);
    expect(pipe.seconds - start).toBeLessThan(4 * 0.6);
  });

  it('probes every two to three seconds, at gains of 1, 1.25, 0.9 and 1 — draft-ietf-ccwg-bbr §5.3.3', () => {
    const pipe = new ControllerPipe('bbr3', path);
    const gains = new Map<string, number>();
    for (let step = 0; step < 1500; step++) {
      pipe.run(0.01);
      gains.set(pipe.controller.phase ?? '', pacingGain(pipe));
    }
    expect(gains.get('probe-bandwidth-refill')).toBeCloseTo(1, 6);
    expect(gains.get('probe-bandwidth-up')).toBeCloseTo(1.25, 6);
    expect(gains.get('probe-bandwidth-down')).toBeCloseTo(0.9, 6);
    expect(gains.get('probe-bandwidth-cruise')).toBeCloseTo(1, 6);
    const ups = pipe.phases
      .filter(({ name }) => name.endsWith('-up'))
      .map(({ seconds }) => seconds);
    expect(ups.length).toBeGreaterThanOrEqual(4);
    expect(ups.length).toBeLessThanOrEqual(8);
    for (let index = 1; index < ups.length; index++) {
      // A probe in between may have been put off by ProbeRTT.
      expect((ups[index] as number) - (ups[index - 1] as number)).toBeGreaterThan(1.9);
      expect((ups[index] as number) - (ups[index - 1] as number)).toBeLessThan(6);
    }
  });

  it('probes the RTT after 5 s with half a BDP for 200 ms — draft-ietf-ccwg-bbr §5.3.4', () => {
    const pipe = new ControllerPipe('bbr3', path);
    expect(pipe.run(8, 'probe-rtt')).toBe(true);
    const start = pipe.seconds;
    expect(start).toBeGreaterThan(4.9);
    pipe.run(0.1);
    expect(pipe.cwndSegments).toBeGreaterThan(0.45 * BDP);
    expect(pipe.cwndSegments).toBeLessThanOrEqual(0.52 * BDP);
    const { bandwidth } = pipe.controller;
    expect(pipe.run(1, 'probe-bandwidth-cruise')).toBe(true);
    expect(pipe.seconds - start).toBeGreaterThan(0.2);
    expect(pipe.seconds - start).toBeLessThan(0.45);
    expect(pipe.controller.bandwidth).toBe(bandwidth);
    pipe.run(0.2);
    expect(pipe.cwndSegments).toBeGreaterThan(1.5 * BDP);
  });

  it('does not probe the RTT when an idle time has drained the queue — draft-ietf-ccwg-bbr §5.3.4.2', () => {
    const pipe = new ControllerPipe('bbr3', path);
    pipe.run(3);
    pipe.hasData = false;
    pipe.run(4);
    pipe.hasData = true;
    pipe.run(1);
    expect(names(pipe)).not.toContain('probe-rtt');
  });

  it('leaves headroom below what once lost too much, and stays there — draft-ietf-ccwg-bbr §5.5.10', () => {
    // A quarter of a BDP of queue: probing up loses more than 2 %.
    const pipe = new ControllerPipe('bbr3', { ...path, queueBytes: 12_000 });
    pipe.run(4);
    pipe.forget();
    pipe.run(16);
    expect(pipe.utilisation(16)).toBeGreaterThan(0.9);
    const lossRate = pipe.lostSegments / (pipe.deliveredSegments + pipe.lostSegments);
    expect(lossRate).toBeLessThan(0.01);
    pipe.run(8, 'probe-bandwidth-cruise');
    // The queue and the pipe hold 62; 15 % below.
    expect(pipe.cwndSegments).toBeLessThan(0.87 * 62);
  });

  it('slows down in cruise by what a round trip lost, at most to 0.7 — draft-ietf-ccwg-bbr §5.5.10.3', () => {
    const pipe = new ControllerPipe('bbr3', path);
    pipe.run(2);
    pipe.run(8, 'probe-bandwidth-cruise');
    const before = pipe.controller.bandwidth ?? 0;
    pipe.rate = path.rate / 10;
    pipe.run(1);
    expect(pipe.controller.bandwidth).toBe(before);
    const shallow = new ControllerPipe('bbr3', { ...path, queueBytes: 20_000 });
    shallow.run(2);
    shallow.run(8, 'probe-bandwidth-cruise');
    const ratios = [];
    let rate = shallow.controller.bandwidth ?? 0;
    shallow.rate = path.rate / 10;
    for (let step = 0; step < 1000 && shallow.controller.phase?.endsWith('cruise'); step++) {
      shallow.run(0.002);
      const now = shallow.controller.bandwidth ?? 0;
      if (now < rate) ratios.push(now / rate);
      rate = now;
    }
    expect(ratios[0]).toBeCloseTo(0.7, 6);
    expect(Math.min(...ratios)).toBeGreaterThan(0.7 - 1e-9);
  });

  it('finds ten times the bandwidth within a few probes — draft-ietf-ccwg-bbr, test cases', () => {
    const pipe = new ControllerPipe('bbr3', { ...path, queueBytes: 2e6 });
    pipe.run(3);
    pipe.rate = 10 * path.rate;
    pipe.run(8);
    expect(pipe.controller.bandwidth ?? 0).toBeGreaterThan(0.9 * 10 * path.rate);
  });

  it('forgets a bandwidth after two cycles without it — draft-ietf-ccwg-bbr §5.5.6', () => {
    const pipe = new ControllerPipe('bbr3', path);
    pipe.run(3);
    pipe.rate = path.rate / 2;
    pipe.run(12);
    expect((pipe.controller.bandwidth ?? 0) / (path.rate / 2)).toBeLessThan(1.05);
  });

  it('keeps four segments in flight on a path of less than one — draft-ietf-ccwg-bbr §5.6.4.3', () => {
    const pipe = new ControllerPipe('bbr3', { rate: 5000, rttMs: 10, queueBytes: 30_000 });
    pipe.run(60);
    expect(pipe.cwndSegments).toBeGreaterThanOrEqual(4);
    expect(pipe.controller.bandwidth ?? 0).toBeLessThan(1.05 * 5000);
  });

  it('falls to one segment at a timeout and has its window back after it — draft-ietf-ccwg-bbr §5.6.4.4', () => {
    const pipe = new ControllerPipe('bbr3', path);
    pipe.run(3);
    const before = pipe.cwndSegments;
    pipe.controller.onRetransmissionTimeout(50_000);
    expect(pipe.cwndSegments).toBe(1);
    pipe.controller.onSpuriousRecovery();
    expect(pipe.cwndSegments).toBe(before);
  });

  it('leaves Startup for loss, and goes back when the recovery was spurious — draft-ietf-ccwg-bbr §5.3.1.3, §5.5.11.2', () => {
    // So much bandwidth that it cannot be why Startup ends.
    const lossy = new ControllerPipe('bbr3', { ...path, rate: 1e9, queueBytes: 1e9, loss: 0.1 });
    expect(lossy.run(3, 'drain')).toBe(true);
    expect(lossy.controller.bandwidth ?? 0).toBeLessThan(1e8);
    lossy.controller.onSpuriousRecovery();
    expect(lossy.controller.phase).toBe('startup');
    const full = new ControllerPipe('bbr3', path);
    full.run(3, 'drain');
    full.controller.onSpuriousRecovery();
    expect(full.controller.phase).toBe('drain');
  });
});
