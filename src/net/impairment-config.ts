/**
 * What a link does to frames besides carrying them, as data: the vocabulary of `tc netem`, and losses at
 * stated places. Ratios are 0 to 1. `scenario/netem` reads these from text, `net/` acts on them.
 */
import type { Duration } from '../base/units.ts';

/** A chance per frame. Correlation is the lag-1 autocorrelation; the stated ratio is kept. */
export interface RatioConfig {
  readonly ratio: number;
  readonly correlation: number;
}

export interface RandomLossConfig extends RatioConfig {
  readonly kind: 'random';
}

/** netem's 4-state Markov chain: 1 good, 2 good within a burst, 3 loss within a burst, 4 isolated loss. */
export interface StateLossConfig {
  readonly kind: 'state';
  readonly p13: number;
  readonly p31: number;
  readonly p32: number;
  readonly p23: number;
  readonly p14: number;
}

/** Gilbert-Elliott: p good to bad, r bad to good, and the loss ratio in each state (1-h and 1-k). */
export interface GilbertElliottConfig {
  readonly kind: 'gemodel';
  readonly p: number;
  readonly r: number;
  readonly lossInBad: number;
  readonly lossInGood: number;
}

/** Exactly these frames, by their order of arrival from 1 on; ascending. */
export interface OrdinalLossConfig {
  readonly kind: 'ordinals';
  readonly ordinals: readonly number[];
}

/** One frame in `every`, the first of them the `first`-th to arrive. */
export interface PeriodicLossConfig {
  readonly kind: 'periodic';
  readonly every: number;
  readonly first: number;
}

export type LossConfig =
  | RandomLossConfig
  | StateLossConfig
  | GilbertElliottConfig
  | OrdinalLossConfig
  | PeriodicLossConfig;

export type DelayDistribution = 'uniform' | 'normal' | 'pareto' | 'paretonormal';

/** Added to the link's delay; the sum is never below 0. */
export interface JitterConfig {
  readonly spreadNs: Duration;
  readonly distribution: DelayDistribution;
  readonly correlation: number;
}

/** Flips `bits` distinct random bits of the network-layer packet. */
export interface CorruptConfig extends RatioConfig {
  readonly bits: number;
}

/** Sends a frame at once, without delay; at most one in `gap` frames is a candidate. */
export interface ReorderConfig extends RatioConfig {
  readonly gap: number;
}

export interface ImpairmentConfig {
  readonly loss?: LossConfig;
  readonly duplicate?: RatioConfig;
  readonly corrupt?: CorruptConfig;
  readonly reorder?: ReorderConfig;
  readonly jitter?: JitterConfig;
}
