import { describe, expect, it } from 'vitest';
import { ControllerPipe } from '../../support/controller-pipe.ts';

/** 10 Mbit/s and 40 ms: a BDP of 50 segments of 1000 bytes. */
const BDP = 50;
const path = { rate: 1.25e6, rttMs: 40, queueBytes: 400_000 };

describe('Vegas', () => {
  it('keeps between alpha and beta segments in the queue and fills the link', () => {
    for (const granularity of ['bytes', 'segments'] as const) {
      const pipe = new ControllerPipe('vegas', { ...path, granularity });
      pipe.run(10);
      pipe.forget();
      pipe.run(10);
      expect(pipe.utilisation(10)).toBeGreaterThan(0.98);
      expect(pipe.cwndSegments).toBeGreaterThanOrEqual(BDP + 1);
      expect(pipe.cwndSegments).toBeLessThanOrEqual(BDP + 5);
      expect(pipe.meanQueueBytes).toBeLessThan(6000);
      expect(pipe.lostSegments).toBe(0);
    }
  });

  it('ends slow start soon after the queue has begun, and gives back what waits', () => {
    const pipe = new ControllerPipe('vegas', path);
    pipe.run(0.3);
    const before = pipe.cwndSegments;
    // The least RTT of a round is what its first segments met: the window had doubled once more.
    expect(pipe.queueMaxBytes / 1000).toBeLessThan(2.5 * BDP);
    pipe.run(4);
    expect(pipe.cwndSegments).toBeLessThan(before - 20);
    expect(pipe.lostSegments).toBe(0);
  });

  it('gives way when the bandwidth falls, and takes it back', () => {
    const pipe = new ControllerPipe('vegas', path);
    pipe.run(10);
    pipe.rate = path.rate / 2;
    pipe.run(20);
    expect(pipe.cwndSegments).toBeLessThan(BDP / 2 + 6);
    pipe.rate = path.rate;
    pipe.run(10);
    expect(pipe.cwndSegments).toBeGreaterThanOrEqual(BDP);
  });
});

describe('LEDBAT', () => {
  it('begins with two segments and never falls below — RFC 6817 §2.5', () => {
    const pipe = new ControllerPipe('ledbat', { ...path, rate: 5000 });
    expect(pipe.cwndSegments).toBe(2);
    pipe.run(60);
    expect(pipe.cwndSegments).toBeGreaterThanOrEqual(2);
  });

  it('grows by at most a segment a round trip — RFC 6817 §3.2.1', () => {
    const pipe = new ControllerPipe('ledbat', path);
    pipe.run(1);
    // 25 round trips of 40 ms.
    expect(pipe.cwndSegments).toBeGreaterThan(20);
    expect(pipe.cwndSegments).toBeLessThanOrEqual(2 + 26);
  });

  it.each([25, 100])('adds a delay of %d ms, its target — RFC 6817 §2.4.2', (targetMs) => {
    for (const granularity of ['bytes', 'segments'] as const) {
      const pipe = new ControllerPipe('ledbat', { ...path, granularity, values: { targetMs } });
      pipe.run(60);
      pipe.forget();
      pipe.run(20);
      expect(pipe.utilisation(20)).toBeGreaterThan(0.98);
      const delayMs = pipe.meanQueueBytes / path.rate / 1e-3;
      expect(delayMs).toBeGreaterThan(0.85 * targetMs);
      expect(delayMs).toBeLessThan(1.1 * targetMs);
    }
  });

  it('halves on loss — RFC 6817 §2.4.2', () => {
    const pipe = new ControllerPipe('ledbat', { ...path, queueBytes: 20_000 });
    let before = 0;
    while (pipe.lostSegments === 0) {
      before = pipe.cwndSegments;
      pipe.run(0.01);
    }
    pipe.run(0.1);
    expect(pipe.cwndSegments / before).toBeGreaterThan(0.45);
    expect(pipe.cwndSegments / before).toBeLessThan(0.65);
  });

  it('forgets the base delay after ten minutes, a minimum a minute — RFC 6817 §2.4.2', () => {
    const pipe = new ControllerPipe('ledbat', { ...path, rate: 125_000 });
    pipe.run(100);
    // The path becomes longer by more than the target: it looks like a queue, for ten minutes.
    pipe.rttNs += 150e6;
    pipe.run(300);
    expect(pipe.cwndSegments).toBe(2);
    pipe.run(400);
    expect(pipe.cwndSegments).toBeGreaterThan(20);
  });
});
