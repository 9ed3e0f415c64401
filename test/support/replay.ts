/** Replays of captures in memory, and what came out, as plain values. */
import { CidrBlock } from '../../src/base/ip-address.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import { assembleReplay } from '../../src/scenario/assemble-replay.ts';
import { buildPath, type PathPlan } from '../../src/scenario/build-path.ts';
import type { ReplayResult } from '../../src/scenario/replay-result.ts';
import { type ReplayConfig, ReplayRun } from '../../src/scenario/replay-run.ts';
import { parseScenario, type ScenarioInput } from '../../src/scenario/schema.ts';
import type { ReplayTiming } from '../../src/traffic/replay-source.ts';
import { type ReadCapture, readCapture } from './read-capture.ts';
import { MemorySink } from './write-capture.ts';

export interface ReplaySpec extends Partial<Pick<ReplayConfig, 'seed' | 'rounds' | 'wireAlways'>> {
  path?: ScenarioInput['path'];
  inside?: string[];
  timing?: Partial<ReplayTiming>;
  /** Bytes a read of the capture gives at most. */
  readBytes?: number;
  /** Changes to the derived plan. */
  plan?: Partial<PathPlan>;
}

export interface Replayed {
  result: ReplayResult;
  run: ReplayRun;
  /** The capture of what left the path. */
  trace: Uint8Array;
  /** The same, read. */
  left: ReadCapture;
}

export async function replay(
  captures: readonly Uint8Array[],
  spec: ReplaySpec = {},
): Promise<Replayed> {
  const sink = new MemorySink();
  const path = buildPath(parseScenario('test', { path: spec.path ?? {} }), new Map());
  const run = new ReplayRun({
    scenario: 'test',
    seed: spec.seed ?? 1,
    path: { ...path, ...spec.plan },
    captures: captures.map((bytes, index) => ({
      name: `capture ${index}`,
      open: () => new MemorySource(bytes, spec.readBytes),
    })),
    inside: (spec.inside ?? []).map((block) => CidrBlock.parse(block)),
    timing: { speed: 1, ...spec.timing },
    rounds: spec.rounds ?? 1,
    wireAlways: spec.wireAlways ?? false,
    traceSink: sink.write,
  });
  await run.run();
  const trace = sink.bytes();
  return { result: assembleReplay(run), run, trace, left: readCapture(trace) };
}

/** Nanoseconds between the stamps of packets and the first of them, from `seconds.nanoseconds` texts. */
export function timesNs(times: readonly string[]): number[] {
  const toNs = (text: string) => {
    const [seconds = '', nanoseconds = ''] = text.split('.');
    return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  };
  const first = toNs(times[0] ?? '0.0');
  return times.map((time) => Number(toNs(time) - first));
}
