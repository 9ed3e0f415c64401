/**
 * Replays captures through the path of a scenario: the one call behind `sluice replay` and the library.
 * No I/O of its own: captures are opened by the caller, and the trace goes to the caller's sink.
 */
import type { CidrBlock } from '../base/ip-address.ts';
import type { Bytes } from '../base/units.ts';
import type { CaptureInstant } from '../traffic/replay-source.ts';
import { assembleReplay, queueSeriesOf } from './assemble-replay.ts';
import { buildPath, type TraceTexts } from './build-path.ts';
import { QueueEventLog } from './queue-event-log.ts';
import type { QueueSeries, ReplayResult } from './replay-result.ts';
import { type CaptureFile, ReplayRun } from './replay-run.ts';
import type { ScenarioSpec } from './schema.ts';

/** Seed of a replay that names none. */
const DEFAULT_SEED = 1;

export interface ReplayRequest {
  /** Merged by time. */
  readonly captures: readonly CaptureFile[];
  /** From parseScenario. */
  readonly scenario: ScenarioSpec;
  /** What the result calls the scenario; its own name when absent. */
  readonly name?: string;
  /** Texts of the delivery traces that the scenario names. */
  readonly traces?: TraceTexts | undefined;
  /** These go before what the scenario says. */
  readonly seed?: number | undefined;
  readonly inside?: readonly CidrBlock[] | undefined;
  readonly speed?: number | undefined;
  readonly rounds?: number | undefined;
  readonly wire?: 'lazy' | 'always' | undefined;
  /** Packets before `from` and after `to` are left out. */
  readonly from?: CaptureInstant | undefined;
  readonly to?: CaptureInstant | undefined;
  /** Takes the capture of what left the path, pcapng piece by piece; a piece is valid during the call. */
  readonly traceSink?: ((bytes: Uint8Array) => void) | undefined;
  /** Takes lines of comma-separated values about every frame at every queue: see queue-event-log. */
  readonly queueEvents?: ((bytes: Uint8Array) => void) | undefined;
  /** Told now and then how many bytes of the captures are used up. */
  readonly onProgress?: ((bytes: Bytes) => void) | undefined;
}

export interface ReplayOutcome {
  /** Deterministic: the same captures, scenario and seed give the same on every machine. */
  readonly result: ReplayResult;
  /** Depth of every link's queue over time. */
  readonly queues: readonly QueueSeries[];
}

/**
 * Runs a replay to its end. A capture that is cut or damaged is replayed up to there, and the result says so.
 * @throws NetError when a capture cannot be read at all, or the path makes no sense
 */
export async function replayCaptures(request: ReplayRequest): Promise<ReplayOutcome> {
  const { scenario, captures, traceSink } = request;
  const queueLog = request.queueEvents && new QueueEventLog(request.queueEvents);
  const run = new ReplayRun({
    scenario: request.name ?? scenario.name ?? 'scenario',
    seed: request.seed ?? scenario.seed ?? DEFAULT_SEED,
    path: buildPath(scenario, request.traces ?? new Map()),
    captures,
    inside: request.inside ?? scenario.replay?.inside ?? [],
    timing: {
      speed: request.speed ?? scenario.replay?.speed ?? 1,
      from: request.from,
      to: request.to,
    },
    rounds: request.rounds ?? scenario.replay?.loop ?? 1,
    wireAlways: (request.wire ?? scenario.wire) === 'always',
    traceSink,
    queueProbe: queueLog,
  });
  await run.run(request.onProgress);
  queueLog?.flush();
  return { result: assembleReplay(run), queues: queueSeriesOf(run) };
}
