/**
 * How far apart two congestion windows are over time: the mean distance over the mean of theirs, 0 for the same
 * curve. The recording's clock is not the test's, so that first the instant is found at which the test began:
 * the one from which the bytes acknowledged of both grow alike.
 */
import type { SampledFlow } from './linux-record.ts';

/** The cookie before the test, with its SYN. */
const BYTES_BEFORE_TEST = 38;
const SHIFT_SECONDS_MAX = 0.3;
const SHIFT_STEP_SECONDS = 0.01;
/** The first samples, in which what was acknowledged says most about the time. */
const SAMPLES_TO_ALIGN = 20;

/** Index of the last sample at or before `seconds`; -1 when there is none. */
export function lastIndexBefore(times: readonly number[], seconds: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The value at a time, on a straight line between samples; 0 before the first. */
function valueAt(times: readonly number[], values: readonly number[], seconds: number): number {
  const index = lastIndexBefore(times, seconds);
  if (index < 0) return 0;
  const value = values[index] as number;
  const next = values[index + 1];
  if (next === undefined) return value;
  const from = times[index] as number;
  const part = (seconds - from) / ((times[index + 1] as number) - from);
  return value + part * (next - value);
}

/** When, on the recording's clock, the test began. */
function findStart(theirs: SampledFlow, ours: SampledFlow): number {
  const first = theirs.ackedBytes.findIndex((bytes) => bytes > BYTES_BEFORE_TEST);
  if (first < 0) return 0;
  const firstSeconds = theirs.seconds[first] as number;
  const end = Math.min(first + SAMPLES_TO_ALIGN, theirs.seconds.length);
  let best = firstSeconds;
  let bestError = Number.POSITIVE_INFINITY;
  const steps = Math.round(SHIFT_SECONDS_MAX / SHIFT_STEP_SECONDS);
  for (let step = 0; step <= steps; step++) {
    const start = firstSeconds - step * SHIFT_STEP_SECONDS;
    let error = 0;
    for (let index = first; index < end; index++) {
      const seconds = (theirs.seconds[index] as number) - start;
      const acked = valueAt(ours.seconds, ours.ackedBytes, seconds);
      error += Math.abs(acked - (theirs.ackedBytes[index] as number));
    }
    if (error < bestError) {
      bestError = error;
      best = start;
    }
  }
  return best;
}

export function windowError(theirs: SampledFlow, ours: SampledFlow): number {
  const start = findStart(theirs, ours);
  const endSeconds = ours.seconds.at(-1) ?? 0;
  let distance = 0;
  let sum = 0;
  for (const [index, recorded] of theirs.seconds.entries()) {
    const seconds = recorded - start;
    if (seconds < 0 || seconds > endSeconds) continue;
    const window = theirs.cwndSegments[index] as number;
    distance += Math.abs(valueAt(ours.seconds, ours.cwndSegments, seconds) - window);
    sum += window;
  }
  return sum === 0 ? 0 : distance / sum;
}
