/**
 * How near ours has to be to the kernel's, for each figure, and never nearer than two recordings of the same
 * conditions are to each other. Pure arithmetic.
 */

import { studentT975, summarise } from '../../../base/sample-statistics.ts';

/** Single flows without random loss; where the recorded losses are imposed; of the theirs. */
const GOODPUT_RATIO = 0.03;
const GOODPUT_RATIO_WITH_LOSS = 0.1;
const RTT_RATIO = 0.05;
const RETRANSMITS_FACTOR = 1.5;
const RETRANSMITS_SEGMENTS = 20;
/** Of flows in competition, in points of a hundred. */
const SHARE_POINTS = 10;
/** Half the width of the 95 % prediction interval, of its mean. */
const PREDICTION_RATIO_MAX = 0.25;
export const PREDICTION_SEEDS = 20;

export interface Comparison {
  readonly theirs: number;
  readonly ours: number;
  /** The least and the most that agree; null where the figure is not judged. */
  readonly least: number | null;
  readonly most: number | null;
  readonly verdict: 'agrees' | 'differs' | 'reported';
}

export interface Prediction {
  readonly theirs: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  /** Half the width over the mean. */
  readonly halfWidthRatio: number;
  readonly verdict: 'agrees' | 'differs';
}

/** What theirs was in each recording of the same conditions, this one first. */
export type Recorded = readonly [number, ...number[]];

function within(theirs: Recorded, ours: number, least: number, most: number): Comparison {
  const spread = Math.max(...theirs) - Math.min(...theirs);
  const [value] = theirs;
  const low = Math.min(least, value - spread);
  const high = Math.max(most, value + spread);
  const verdict = ours >= low && ours <= high ? 'agrees' : 'differs';
  return { theirs: value, ours, least: low, most: high, verdict };
}

export function compareGoodput(theirs: Recorded, ours: number, hasLoss: boolean): Comparison {
  const by = (hasLoss ? GOODPUT_RATIO_WITH_LOSS : GOODPUT_RATIO) * theirs[0];
  return within(theirs, ours, theirs[0] - by, theirs[0] + by);
}

export function compareRtt(theirs: Recorded, ours: number): Comparison {
  const by = RTT_RATIO * theirs[0];
  return within(theirs, ours, theirs[0] - by, theirs[0] + by);
}

export function compareRetransmits(theirs: Recorded, ours: number): Comparison {
  const [value] = theirs;
  const least = Math.min(value / RETRANSMITS_FACTOR, value - RETRANSMITS_SEGMENTS);
  const most = Math.max(value * RETRANSMITS_FACTOR, value + RETRANSMITS_SEGMENTS);
  return within(theirs, ours, Math.max(0, least), most);
}

/** Shares are 0 to 1. */
export function compareShare(theirs: Recorded, ours: number): Comparison {
  const by = SHARE_POINTS / 100;
  return within(theirs, ours, theirs[0] - by, theirs[0] + by);
}

export function report(theirs: number, ours: number): Comparison {
  return { theirs, ours, least: null, most: null, verdict: 'reported' };
}

/** Whether theirs may be one more value of ours: 95 % prediction interval. */
export function comparePrediction(theirs: number, ours: readonly number[]): Prediction {
  const { count, mean, standardDeviation } = summarise(ours);
  const halfWidth = studentT975(count - 1) * standardDeviation * Math.sqrt(1 + 1 / count);
  const halfWidthRatio = halfWidth / mean;
  const isInside = Math.abs(theirs - mean) <= halfWidth;
  return {
    theirs,
    mean,
    least: mean - halfWidth,
    most: mean + halfWidth,
    halfWidthRatio,
    verdict: isInside && halfWidthRatio <= PREDICTION_RATIO_MAX ? 'agrees' : 'differs',
  };
}
