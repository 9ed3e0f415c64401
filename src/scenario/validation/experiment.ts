/**
 * An experiment that re-runs a published result: what was published, where, how firm the number is, and a
 * function that measures ours. A number counts against us only where it was read in its source or follows
 * from a formula read there; one that was only quoted, read in an abstract or recalled is reported.
 * Cold. What the runs are is each experiment's own.
 */
import { summarise } from '../../base/sample-statistics.ts';

/** Read in the source, computed from a formula read there, quoted elsewhere, from an abstract, recalled. */
export type Firmness = 'S' | 'C' | 'Q' | 'A' | 'R';

export const FIRMNESS_TEXTS: Readonly<Record<Firmness, string>> = {
  S: 'read in the source',
  C: 'computed from a formula read in the source',
  Q: 'quoted elsewhere',
  A: 'read in an abstract',
  R: 'recalled',
};

/** How far ours may be from theirs. */
export type Tolerance =
  /** Relative to theirs: 0.05 is 5 %. */
  | { readonly kind: 'relative'; readonly ratio: number }
  /** At most so many times as large or as small. */
  | { readonly kind: 'factor'; readonly factor: number }
  /** In the unit of the number. */
  | { readonly kind: 'absolute'; readonly by: number }
  /** Anywhere from `min` to `max`, inclusive. */
  | { readonly kind: 'band'; readonly min: number; readonly max: number };

/** One published number and ours. */
export interface Measurement {
  readonly quantity: string;
  readonly theirs: number;
  readonly ours: number;
  readonly tolerance: Tolerance;
  /** Half the width of the 95 % confidence interval of ours, over the seeds. */
  readonly halfWidth?: number;
  /** Why this number is not to be judged though its source is firm: reported only. */
  readonly reportedBecause?: string;
  /** How ours was measured, when an experiment has several ways. */
  readonly method?: string;
}

export interface Experiment {
  /** Kebab case. */
  readonly name: string;
  readonly title: string;
  /** Document and section. */
  readonly source: string;
  readonly firmness: Firmness;
  /** How ours is measured. */
  readonly method: string;
  readonly seeds: readonly number[];
  /** How many measurements `run` gives, for progress. */
  readonly numbers: number;
  /** Gives one measurement after the other. Deterministic. */
  readonly run: (seeds: readonly number[]) => Iterable<Measurement>;
}

export type Verdict = 'agrees' | 'differs' | 'reported';

export interface ValidationRow extends Measurement {
  readonly verdict: Verdict;
}

export interface ExperimentResult {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly firmness: Firmness;
  readonly method: string;
  readonly seeds: readonly number[];
  readonly rows: readonly ValidationRow[];
}

/** The first `count` seeds, from 1. */
export const seedsFrom1 = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => index + 1);

/** Ours by independent runs: their mean, with its 95 % interval where there are several. */
export function oursOf(
  values: readonly number[],
): { readonly ours: number } & Pick<Measurement, 'halfWidth'> {
  const { mean, halfWidth95 } = summarise(values);
  return { ours: mean, ...(halfWidth95 !== null && { halfWidth: halfWidth95 }) };
}

export function isWithin({ theirs, ours, tolerance }: Measurement): boolean {
  switch (tolerance.kind) {
    case 'relative':
      return Math.abs(ours - theirs) <= tolerance.ratio * Math.abs(theirs);
    case 'factor':
      return ours <= theirs * tolerance.factor && ours * tolerance.factor >= theirs;
    case 'absolute':
      return Math.abs(ours - theirs) <= tolerance.by;
    case 'band':
      return ours >= tolerance.min && ours <= tolerance.max;
  }
}

function judge(measurement: Measurement, firmness: Firmness): Verdict {
  const isFirm = firmness === 'S' || firmness === 'C';
  if (!isFirm || measurement.reportedBecause !== undefined) return 'reported';
  return isWithin(measurement) ? 'agrees' : 'differs';
}

/** @param onRow called after each measurement */
export function runExperiment(
  experiment: Experiment,
  onRow: () => void = () => {},
): ExperimentResult {
  const { name, title, source, firmness, method, seeds } = experiment;
  const rows: ValidationRow[] = [];
  for (const measurement of experiment.run(seeds)) {
    rows.push({ ...measurement, verdict: judge(measurement, firmness) });
    onRow();
  }
  return { name, title, source, firmness, method, seeds, rows };
}

export function formatTolerance(tolerance: Tolerance): string {
  switch (tolerance.kind) {
    case 'relative':
      return `±${Number((tolerance.ratio * 100).toPrecision(3))} %`;
    case 'factor':
      return `factor ${tolerance.factor}`;
    case 'absolute':
      return `±${tolerance.by}`;
    case 'band':
      if (tolerance.max === Number.POSITIVE_INFINITY) return `≥ ${tolerance.min}`;
      if (tolerance.min === Number.NEGATIVE_INFINITY) return `≤ ${tolerance.max}`;
      return `${tolerance.min} to ${tolerance.max}`;
  }
}
