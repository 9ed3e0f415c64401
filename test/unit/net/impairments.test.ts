import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { MetaBit } from '../../../src/frame/frame-record.ts';
import type { ImpairmentConfig } from '../../../src/net/impairment-config.ts';
import { Link } from '../../../src/net/link.ts';
import {
  buildFrame,
  Collector,
  constantRate,
  createNetwork,
  MS,
  runThroughLink,
} from '../../support/network.ts';
import { binomialTest, markovMean, SIGNIFICANCE, Z_BOUND } from '../../support/statistics.ts';

const FRAMES = 10_000;
const ARRIVALS = constantRate(FRAMES, MS, 1000);

const run = (impairments: ImpairmentConfig, options = {}) =>
  runThroughLink({ delayNs: 100 * MS, impairments }, ARRIVALS, { seed: 5, ...options });

describe('duplicate', () => {
  it('sends the stated share of frames twice, the copy after the original at the same time', () => {
    const { collector, link } = run({ duplicate: { ratio: 0.1, correlation: 0 } });
    const copies = collector.metas.filter((meta) => (meta & MetaBit.Duplicate) !== 0).length;
    expect(copies).toBe(link.duplicatedPackets);
    expect(collector.ordinals.length).toBe(FRAMES + copies);
    expect(binomialTest(copies, FRAMES, 0.1)).toBeGreaterThan(SIGNIFICANCE);
    collector.metas.forEach((meta, index) => {
      if ((meta & MetaBit.Duplicate) === 0) return;
      expect(collector.ordinals[index - 1]).toBe(collector.ordinals[index]);
      expect(collector.timesNs[index - 1]).toBe(collector.timesNs[index]);
    });
  });

  it('keeps its share under correlation', () => {
    const [ratio, rho] = [0.1, 0.6];
    const { link } = run({ duplicate: { ratio, correlation: rho } });
    const start = ratio * (1 - rho);
    const chain = [
      [1 - start, start],
      [1 - start - rho, start + rho],
    ];
    const { varianceTimesN } = markovMean(chain, (_, to) => to);
    expect(Math.abs(link.duplicatedPackets / FRAMES - ratio)).toBeLessThan(
      Z_BOUND * Math.sqrt(varianceTimesN / FRAMES),
    );
  });

  it('counts a copy for which there is no frame as made and dropped', () => {
    const { network, link } = runThroughLink(
      { delayNs: MS, impairments: { duplicate: { ratio: 1, correlation: 0 } } },
      constantRate(2, 0, 100),
      { frames: 3 },
    );
    expect(link.duplicatedPackets).toBe(2);
    expect(link.forwardedPackets).toBe(3);
    expect(network.dropCount(link.place, DropReason.FramePoolEmpty)).toBe(1);
  });

  it('tells the observer of the original and its copy', () => {
    const network = createNetwork();
    const seen: number[][] = [];
    network.observer = {
      onDuplicate: (original, copy, place) => seen.push([original, copy, place]),
      onDrop: () => expect.unreachable(),
      onCorrupt: () => expect.unreachable(),
    };
    const impairments = { duplicate: { ratio: 1, correlation: 0 } };
    const link = new Link(network, { name: 'link', impairments });
    link.connect(new Collector(network));
    const frame = buildFrame(network, 100, 0);
    link.deliver(frame);
    expect(seen).toEqual([[frame, frame + 1, link.place]]);
  });
});

describe('reorder', () => {
  const sentAtOnce = (times: readonly number[], ordinals: readonly number[]) =>
    ordinals.filter((ordinal, index) => times[index] === ordinal * MS).sort((a, b) => a - b);

  it('sends the stated share at once, and all others with the full delay', () => {
    const { collector, link } = run({ reorder: { ratio: 0.05, correlation: 0, gap: 1 } });
    const early = sentAtOnce(collector.timesNs, collector.ordinals);
    expect(early.length).toBe(link.reorderedPackets);
    expect(binomialTest(early.length, FRAMES, 0.05)).toBeGreaterThan(SIGNIFICANCE);
    const late = collector.ordinals.filter(
      (ordinal, index) => collector.timesNs[index] === (ordinal + 100) * MS,
    );
    expect(early.length + late.length).toBe(FRAMES);
  });

  it.each([
    [5, 0.5],
    [3, 0.1],
    [10, 0.9],
  ])('with gap %d and chance %d: N - 1 delayed frames, then a geometric wait', (gap, ratio) => {
    const { collector } = run({ reorder: { ratio, correlation: 0, gap } });
    const early = sentAtOnce(collector.timesNs, collector.ordinals);
    const cycles = early.map((ordinal, index) => ordinal - (early[index - 1] ?? -1));
    expect(Math.min(...cycles)).toBe(gap);
    // Candidates: those past the first N - 1 of their cycle, each sent at once with the chance.
    const tail = FRAMES - 1 - (early.at(-1) as number);
    const candidates =
      cycles.reduce((sum, cycle) => sum + cycle - (gap - 1), 0) + Math.max(0, tail - (gap - 1));
    expect(binomialTest(early.length, candidates, ratio)).toBeGreaterThan(SIGNIFICANCE);
    // One in (N - 1) + 1/P frames; a cycle's variance is that of the geometric wait.
    const mean = gap - 1 + 1 / ratio;
    const deviation = Math.sqrt((1 - ratio) / ratio ** 2 / cycles.length);
    const observed = cycles.reduce((sum, cycle) => sum + cycle, 0) / cycles.length;
    expect(Math.abs(observed - mean)).toBeLessThan(Z_BOUND * deviation + 1e-9);
  });

  it('always sends every N-th frame at once with a chance of 1', () => {
    const { collector } = run({ reorder: { ratio: 1, correlation: 0, gap: 4 } });
    const early = sentAtOnce(collector.timesNs, collector.ordinals);
    expect(early.every((ordinal, index) => ordinal === 4 * index + 3)).toBe(true);
    expect(early.length).toBe(FRAMES / 4);
  });
});

describe('jitter', () => {
  it('adds to the delay of each frame, never to less than no delay, and may change the order', () => {
    const jitter = { spreadNs: 80 * MS, distribution: 'normal' as const, correlation: 0 };
    const { collector } = run({ jitter });
    const delays = collector.ordinals.map(
      (ordinal, index) => (collector.timesNs[index] as number) - ordinal * MS,
    );
    expect(Math.min(...delays)).toBe(0);
    // P(normal < -100/80) of them would have had a delay below zero.
    const atZero = delays.filter((delay) => delay === 0).length;
    expect(binomialTest(atZero, FRAMES, 0.10564977366685)).toBeGreaterThan(SIGNIFICANCE);
    expect(collector.ordinals).not.toEqual([...collector.ordinals].sort((a, b) => a - b));
  });

  it('keeps the order of frames that fall on the same instant', () => {
    const jitter = { spreadNs: 0, distribution: 'uniform' as const, correlation: 0 };
    const { collector } = runThroughLink(
      { delayNs: MS, impairments: { jitter } },
      constantRate(1000, 0, 100),
    );
    expect(collector.ordinals).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });
});

describe('random streams', () => {
  it('leave the losses alone when another process is switched on', () => {
    const loss = { kind: 'random' as const, ratio: 0.1, correlation: 0 };
    const lossesWith = (more: ImpairmentConfig) => {
      const { collector } = run({ loss, ...more });
      const arrived = new Set(collector.ordinals);
      return Array.from({ length: FRAMES }, (_, ordinal) => arrived.has(ordinal));
    };
    const alone = lossesWith({});
    const jitter = { spreadNs: MS, distribution: 'pareto' as const, correlation: 0.2 };
    const crowded = lossesWith({
      duplicate: { ratio: 0.1, correlation: 0 },
      reorder: { ratio: 0.1, correlation: 0, gap: 3 },
      jitter,
    });
    expect(crowded).toEqual(alone);
  });
});
