/**
 * Of flows in competition, when each began against the first, more nearly than samples alone tell: what a flow meets
 * at its start decides whether slow start ends before loss. Starts are tried around what flow-starts.ts reads from the
 * samples, a short run of ours for each; those whose bytes acknowledged over time are nearest to the recorded ones are
 * what is known. Several round trips are compared, in which starts a few milliseconds apart part ways. Cold.
 */
import type { ControllerRegistry } from '../../../recovery/cc/controllers.ts';
import { type StartInterval, startIntervals } from './flow-starts.ts';
import { type LinuxRecord, type SampledFlow, samplesByFlow } from './linux-record.ts';
import { type OurFlow, runAsRecorded } from './linux-run.ts';
import { lastIndexBefore } from './window-curve.ts';

const SEGMENT_BYTES = 1448;
const BYTES_BEFORE_TEST = 38;
/** Samples up to so many round trips after the last flow's first ones are compared. */
const ROUND_TRIPS = 8;
const STEP_SECONDS_MIN = 1e-3;
const STEPS_MAX = 20;
const SHIFT_STEP_SECONDS = 1e-3;
/** Starts beyond what the samples told, in round trips: a queue that is not empty delays them. */
const MARGIN_ROUND_TRIPS = 0.5;
/** Starts are as good as the best when the mean distance is so much larger, in segments: it grows with the round trips. */
const TOLERANCE_SEGMENTS = ROUND_TRIPS / 4;
const SAMPLES_PER_SECOND = 500;

/** On the recording's clock; undefined when a flow has no samples of its start. */
export function fitStarts(
  record: LinuxRecord,
  registry: ControllerRegistry,
): StartInterval[] | undefined {
  const known = startIntervals(record);
  if (known === undefined || known.length < 2) return known;
  const fit = new StartFit(record, registry, known);
  const fitted = [...known];
  const [first] = fitted as [StartInterval];
  fitted[0] = { least: middleOf(first), most: middleOf(first) };
  for (let index = 1; index < known.length; index++) fitted[index] = fit.narrow(fitted, index);
  return fitted;
}

const middleOf = ({ least, most }: StartInterval): number => (least + most) / 2;

class StartFit {
  readonly #record: LinuxRecord;
  readonly #registry: ControllerRegistry;
  readonly #theirs: readonly SampledFlow[];
  /** Samples up to this time are compared. */
  readonly #untilSeconds: number;
  /** How far the clocks may be apart. */
  readonly #shift: number;

  constructor(record: LinuxRecord, registry: ControllerRegistry, known: readonly StartInterval[]) {
    this.#record = record;
    this.#registry = registry;
    this.#theirs = samplesByFlow(record);
    const [first] = known as [StartInterval];
    this.#shift = (first.most - first.least) / 2;
    const begun = this.#theirs.map(({ seconds, ackedBytes }) => {
      const index = ackedBytes.findIndex((bytes) => bytes > BYTES_BEFORE_TEST);
      return seconds[index] as number;
    });
    this.#untilSeconds = Math.max(...begun) + (ROUND_TRIPS * record.rttMs) / 1e3;
  }

  /** Where the start of one flow may lie, with the others as they are. */
  narrow(starts: readonly StartInterval[], index: number): StartInterval {
    const { least, most } = starts[index] as StartInterval;
    const margin = (MARGIN_ROUND_TRIPS * this.#record.rttMs) / 1e3;
    const width = most - least + 2 * margin;
    const step = Math.max(STEP_SECONDS_MIN, width / STEPS_MAX);
    const tries: { start: number; error: number }[] = [];
    for (let start = least - margin; start <= most + margin; start += step) {
      const points = starts.map((other, at) => (at === index ? start : middleOf(other)));
      tries.push({ start, error: this.#error(points) });
    }
    const best = Math.min(...tries.map(({ error }) => error));
    const good = tries.filter(({ error }) => error <= best + TOLERANCE_SEGMENTS);
    const found = good.map(({ start }) => start);
    return { least: Math.min(...found), most: Math.max(...found) };
  }

  /** Mean distance in segments, with the clocks apart as suits best. */
  #error(starts: readonly number[]): number {
    const first = Math.min(...starts);
    const seconds = this.#untilSeconds - first;
    const conditions = {
      ...this.#record,
      seconds,
      samplesPerSecond: SAMPLES_PER_SECOND,
      starts: starts.map((start) => ({ least: start - first, most: start - first })),
    };
    const { flows } = runAsRecorded(conditions, this.#registry, undefined, 1);
    // Starts are told as those of tests; a flow's connection is made somewhat before.
    const [origin] = flows as [OurFlow];
    let least = Number.POSITIVE_INFINITY;
    for (let shift = -this.#shift; shift <= this.#shift; shift += SHIFT_STEP_SECONDS) {
      const offset = (starts[0] as number) + shift - origin.startedSeconds;
      least = Math.min(least, this.#distance(flows, offset));
    }
    return least;
  }

  /** `offset`: from our clock to theirs. */
  #distance(flows: readonly OurFlow[], offset: number): number {
    let sum = 0;
    let count = 0;
    this.#theirs.forEach(({ seconds, ackedBytes }, index) => {
      const { samples, startedSeconds } = flows[index] as OurFlow;
      for (let at = 0; at < seconds.length; at++) {
        const time = seconds[at] as number;
        if (time > this.#untilSeconds) break;
        const before = lastIndexBefore(samples.seconds, time - offset - startedSeconds);
        const ours = before < 0 ? 0 : (samples.ackedBytes[before] as number);
        sum += Math.abs((ackedBytes[at] as number) - ours) / SEGMENT_BYTES;
        count++;
      }
    });
    return sum / Math.max(count, 1);
  }
}
