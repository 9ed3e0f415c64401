/**
 * When the flows of a recording began, against the first of them: about a tenth of a second apart, but what a flow
 * meets at its start matters, so that it is read from the samples. In slow start on an idle path round r brings the
 * first window × 2^r segments, the first ones back to back, later ones paced over half a round trip as far as the link
 * lets them: what a flow had acknowledged at its first sample tells how long ago it began. Between two rounds that is
 * an interval, which the next sample narrows; within what is left every seed has a start of its own.
 */
import type { RandomSource } from '../../../engine/random.ts';
import { type LinuxRecord, type SampledFlow, samplesByFlow } from './linux-record.ts';

const SEGMENT_BYTES = 1448;
const FRAME_BITS = 1514 * 8;
/** The cookie before the test, with its SYN. */
const BYTES_BEFORE_TEST = 38;
const INITIAL_SEGMENTS = 10;
/** A round takes the round trip and, for chunks that wait for their last frame, so many frames. */
const ROUND_FRAMES = 1.5;
const USUAL_STAGGER_SECONDS = 0.1;
/** Timestamps count milliseconds (RFC 7323 §5.4), whose phase a flow knows nothing of. */
const CLOCK_PHASE_SECONDS = 1e-3;

/** In seconds. */
export interface StartInterval {
  readonly least: number;
  readonly most: number;
}

/** Of each flow on the recording's clock; undefined when a flow has no samples of its start. */
export function startIntervals(record: LinuxRecord): StartInterval[] | undefined {
  const rtt = record.rttMs / 1e3;
  const frame = FRAME_BITS / (record.rateMbps * 1e6);
  const intervals = samplesByFlow(record).map((flow) => startOf(flow, rtt, frame));
  return intervals.every((interval) => interval !== undefined) ? intervals : undefined;
}

/** Seconds for one seed, never negative: the first flow begins anywhere in a tick of the host's clock. */
export function drawStarts(
  intervals: readonly StartInterval[] | undefined,
  flows: number,
  random: RandomSource,
): number[] {
  const starts = Array.from({ length: flows }, (_, index) => {
    const interval = intervals?.[index];
    if (interval === undefined) return USUAL_STAGGER_SECONDS * index;
    return interval.least + random.nextDouble() * (interval.most - interval.least);
  });
  const first = Math.min(...starts);
  const phase = random.nextDouble() * CLOCK_PHASE_SECONDS;
  return starts.map((start) => start - first + phase);
}

function startOf(flow: SampledFlow, rtt: number, frame: number): StartInterval | undefined {
  const first = flow.ackedBytes.findIndex((bytes) => bytes > BYTES_BEFORE_TEST);
  if (first < 0) return undefined;
  const window = firstWindow(flow, first);
  const at = (index: number): StartInterval => {
    const segments = ackedSegments(flow, index);
    const seconds = flow.seconds[index] as number;
    return {
      least: seconds - secondsTo(segments + 1, window, rtt, frame),
      most: seconds - secondsTo(segments, window, rtt, frame),
    };
  };
  const interval = at(first);
  const isNarrow = interval.most - interval.least < rtt / 4;
  if (isNarrow || first + 1 >= flow.seconds.length) return interval;
  const next = at(first + 1);
  const least = Math.max(interval.least, next.least);
  const most = Math.min(interval.most, next.most);
  return least <= most ? { least, most } : interval;
}

/** Of the test. */
function ackedSegments({ ackedBytes }: SampledFlow, index: number): number {
  return ((ackedBytes[index] as number) - BYTES_BEFORE_TEST) / SEGMENT_BYTES;
}

/**
 * In segments: in slow start every segment acknowledged has made the window one larger. The cookie has as well, with a
 * controller that does not ask whether the window was in use.
 */
function firstWindow(flow: SampledFlow, first: number): number {
  const window = (flow.cwndSegments[first] as number) - Math.round(ackedSegments(flow, first));
  return window === INITIAL_SEGMENTS + 1 ? window : INITIAL_SEGMENTS;
}

/** From the start of a test until its `segment`-th segment is acknowledged. */
function secondsTo(segment: number, window: number, rtt: number, frame: number): number {
  let round = 0;
  let before = 0;
  for (; segment > before + window * 2 ** round; round++) before += window * 2 ** round;
  const paced = round === 0 ? 0 : rtt / 2 / (window * 2 ** round);
  return (
    (round + 1) * (rtt + ROUND_FRAMES * frame) + (segment - before - 1) * Math.max(paced, frame)
  );
}
