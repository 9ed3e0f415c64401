import { describe, expect, it } from 'vitest';
import { RandomSource } from '../../../src/engine/random.ts';
import { Stalls, stallsOf } from '../../../src/scenario/validation/linux/lateness.ts';

const SECONDS = 400;
const FRAMES_PER_SECOND = 1600;

/** How late evenly spaced frames leave, in milliseconds. */
function lateness(config: { meanMs: number; perSecond: number }): number[] {
  const stalls = new Stalls(RandomSource.fromSeed(5), config);
  return Array.from({ length: SECONDS * FRAMES_PER_SECOND }, (_, index) => {
    const nowNs = Math.round((index * 1e9) / FRAMES_PER_SECOND);
    return (stalls.leavesAtNs(nowNs) - nowNs) / 1e6;
  });
}

describe('the lateness of a recording', () => {
  it.each([
    [4000, 12],
    [400, 5],
  ])(
    'comes back from stalls: %d frames over 1 ms late, the latest by %d ms',
    (over1ms, latestMs) => {
      const frames = SECONDS * FRAMES_PER_SECOND;
      const config = stallsOf({ over1ms, frames, seconds: SECONDS, latestMs });
      if (config === undefined) throw new Error('a late link has stalls');
      const late = lateness(config);
      const over = late.filter((ms) => ms > 1).length;
      expect(over / over1ms).toBeGreaterThan(0.8);
      expect(over / over1ms).toBeLessThan(1.25);
      // One extreme value, which spreads by a mean stall or two.
      const latest = late.reduce((most, ms) => Math.max(most, ms), 0);
      expect(Math.abs(latest - latestMs)).toBeLessThan(3 * config.meanMs);
    },
  );

  it('invents no crowd of short stalls from a few frames just above 1 ms', () => {
    // A recording: 9 of 20,395 frames, the latest by 1.826 ms, once read as 766 stalls a second.
    const config = stallsOf({ over1ms: 9, frames: 20_395, seconds: 25, latestMs: 1.826 });
    expect(config?.perSecond).toBeLessThan(10);
  });

  it('is none for a link that was on time', () => {
    const facts = { over1ms: 0, frames: 1000, seconds: 1, latestMs: 0.3 };
    expect(stallsOf(facts)).toBeUndefined();
  });
});
