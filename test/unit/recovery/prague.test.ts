import { describe, expect, it } from 'vitest';
import { ControllerRegistry } from '../../../src/recovery/cc/controllers.ts';
import { UNPACED } from '../../../src/recovery/congestion.ts';
import { ControllerPipe } from '../../support/controller-pipe.ts';

const path = { rate: 12.5e6, rttMs: 10, queueBytes: 400_000, markAboveBytes: 12_500 };

describe('Prague', () => {
  it('says ECT(1) — RFC 9331 §4.1 — and wants marks one by one', () => {
    expect(ControllerRegistry.withBuiltIns().factory('prague').preciseEcn).toBe('ect1');
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

  it('is always paced, at 1.2 windows a round trip once slow start is over', () => {
    const pipe = new ControllerPipe('prague', path);
    expect(pipe.controller.pacingRate).not.toBe(UNPACED);
    pipe.run(4);
    const perRound = pipe.controller.pacingRate * (pipe.rtt.smoothedNs / 1e9);
    expect(perRound / pipe.controller.cwnd).toBeCloseTo(1.2, 6);
  });

  it('grows as if its round trip were 25 ms when it is shorter', () => {
    const grown = (rttMs: number) => {
      // No queue to speak of, one loss to end slow start, and then an open window.
      const pipe = new ControllerPipe('prague', { rate: 1e9, rttMs, queueBytes: 1e9 });
      pipe.run(rttMs * 5e-3);
      pipe.controller.onEnterRecovery(0, { priorInFlight: 50_000 } as never);
      pipe.controller.onExitRecovery();
      const before = pipe.cwndSegments;
      pipe.run(1);
      return pipe.cwndSegments - before;
    };
    // 40 a second at 25 ms; at 5 ms a fifth of a segment in five times as many round trips.
    expect(grown(25)).toBeGreaterThan(33);
    expect(grown(25)).toBeLessThan(44);
    expect(grown(5)).toBeLessThan(12);
    expect(grown(5)).toBeGreaterThan(5);
  });
});
