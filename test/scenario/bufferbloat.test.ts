import { describe, expect, it } from 'vitest';
import type { UnderLoadResult } from '../../src/scenario/run-result.ts';
import { runScenario } from '../../src/scenario/run-scenario.ts';

function run(parameters: Record<string, string>, wire: 'lazy' | 'always' = 'lazy') {
  const { result } = runScenario({ scenario: 'bufferbloat', parameters, seed: 1, wire });
  const underLoad = result.underLoad as UnderLoadResult;
  const addedMs = (underLoad.rtt.loaded.p50Ms ?? 0) - (underLoad.rtt.idle.p50Ms ?? 0);
  return { result, underLoad, addedMs };
}

describe('bufferbloat', () => {
  const fifo = run({});

  it('shows it: behind a full drop-tail buffer round trips grow tenfold, pages wait, video falls to the last level', () => {
    const { underLoad, result } = fifo;
    // 1 MB at 10 Mbit/s are 800 ms; CUBIC fills between 0.7 and 1 of it.
    expect(fifo.addedMs).toBeGreaterThan(500);
    expect(fifo.addedMs).toBeLessThanOrEqual(802);
    expect(underLoad.rtt.inflation).toBeGreaterThan(10);
    expect(underLoad.page.loadedMs).toBeGreaterThan(5 * (underLoad.page.idleMs ?? 0));
    expect(underLoad.video.downgrades).toBeGreaterThanOrEqual(4);
    expect(underLoad.video.levels.slice(0, 10)).toEqual(new Array(10).fill('1080p'));
    expect(underLoad.video.levels.at(-1)).toBe('180p');
    expect(result.links[0]?.name).toBe('uplink');
  });

  it.each([
    ['codel', 10],
    ['pie', 25],
    ['fq_codel', 2],
    ['fq_pie', 2],
    ['dualpi2', 25],
  ])('cures it with %s: at most %d ms more at the median, and video as before', (qdisc, mostMs) => {
    const { addedMs, underLoad, result } = run({ qdisc, duration: '20 s' });
    expect(addedMs).toBeLessThan(mostMs);
    expect(underLoad.video.downgrades).toBe(0);
    expect(underLoad.page.loadedMs).toBeLessThan(2 * (underLoad.page.idleMs ?? 0));
    // The upload still has what the video leaves of 10 Mbit/s.
    expect(result.flows[0]?.goodputMbps).toBeGreaterThan(6.5);
  });

  it('is less with BBR than with CUBIC behind the same buffer', () => {
    const bbr = run({ cc: 'bbr' });
    expect(bbr.addedMs).toBeLessThan(fifo.addedMs / 5);
    expect(bbr.underLoad.page.loadedMs).toBeLessThan((fifo.underLoad.page.loadedMs ?? 0) / 2);
  });

  it('gives the same run when every frame is encoded and decoded at every link', () => {
    const short = { duration: '8 s', qdisc: 'fq_codel ecn', ecn: 'on' };
    const always = run(short, 'always').result;
    expect(always.fingerprint).toBe(run(short).result.fingerprint);
    expect(always.underLoad).toEqual(run(short).result.underLoad);
  });
});
