/**
 * One case of the fuzzer: hostile captures through `analyze` and through `replay` over a random path, and what
 * must hold whatever they are. Everything depends on the seed.
 */
import { Worker } from 'node:worker_threads';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { formatAnalysis } from '../../src/analysis/format-analysis.ts';
import { NetError } from '../../src/base/errors.ts';
import { CidrBlock } from '../../src/base/ip-address.ts';
import { formatReplay } from '../../src/cli/replay-report.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import { assembleReplay, queueSeriesOf } from '../../src/scenario/assemble-replay.ts';
import { buildPath } from '../../src/scenario/build-path.ts';
import type { FlowDirectionResult, ReplayResult } from '../../src/scenario/replay-result.ts';
import { type ReplayConfig, ReplayRun } from '../../src/scenario/replay-run.ts';
import { parseScenario } from '../../src/scenario/schema.ts';
import type { CaptureInstant } from '../../src/traffic/replay-source.ts';
import { captureFiles } from './captures.ts';
import { Chance } from './chance.ts';
import { mutateCapture, type SourceCapture, sourceCapture } from './mutate-capture.ts';
import { randomPath, TRACES } from './random-path.ts';
import { readCapture } from './read-capture.ts';
import { MemorySink } from './write-capture.ts';

/**
 * How often cases met what: `replayed` and `refused` (one line for the user) are how they ended, the others
 * are drop reasons and the counters of ReplayInputResult.
 */
export type Met = Map<string, number>;

/** A case that takes longer hangs. */
const DEADLINE_MS = 60_000;

/** Records of the captures that mutants are made of. */
export const loadSources = (): SourceCapture[] =>
  captureFiles()
    .map(sourceCapture)
    .filter(({ records }) => records.length > 0);

/** Throws when the command could crash or cook its books over what `seed` makes; adds to `met`. */
export async function fuzzReplay(
  sources: readonly SourceCapture[],
  seed: number,
  met: Met,
): Promise<void> {
  const chance = new Chance(seed);
  const captures = Array.from({ length: chance.once(4) ? 2 : 1 }, () =>
    mutateCapture(sources, chance),
  );
  await analyze(captures[0] as Uint8Array);
  const config = randomConfig(chance);
  const outcome = await replay(config, captures);
  // A twin that must come out alike: bytes made at every hop, or read in other pieces.
  if (chance.once(3)) {
    const isOther = chance.once(2);
    const twin = isOther ? { ...config, wireAlways: !config.wireAlways } : config;
    same(await replay(twin, captures, isOther ? undefined : 1 + chance.below(5000)), outcome);
  }
  for (const name of outcome.met) met.set(name, (met.get(name) ?? 0) + 1);
}

async function analyze(capture: Uint8Array): Promise<void> {
  const result = await orRefused(() => analyzeCapture(new MemorySource(capture), 'mutant'));
  if (result instanceof NetError) return;
  // Times count from the first packet of the file, and stamps may go back.
  expectNumbers(result, 'analysis', 'startSeconds');
  const packets = result.flows.reduce((sum, flow) => sum + flow.packets, 0);
  equal(packets, result.capture.packets, 'packets of all flows');
  formatAnalysis(result);
}

type Config = Omit<ReplayConfig, 'captures' | 'traceSink'>;

function randomConfig(chance: Chance): Config {
  const path = buildPath(parseScenario('random', { path: randomPath(chance) }), TRACES);
  const instant = (): CaptureInstant | undefined => {
    if (!chance.once(6)) return undefined;
    if (chance.once(2)) return { sinceStartNs: chance.scaled(9) * 1000 };
    return { epochSeconds: chance.below(2 ** 32), epochNanoseconds: chance.below(1e9) };
  };
  const blocks = ['10.0.0.0/8', '192.168.0.0/16', '0.0.0.0/0', '::/0', 'fd00::/8', '10.77.1.2/32'];
  // Most runs are small; the derived sum is for captures of any length, and takes 64 MiB.
  const isSmall = !chance.once(50);
  const plan = {
    frameCapacity: chance.once(20) ? 1 + chance.below(30) : 4096,
    arenaBytes: 1 << 24,
  };
  return {
    scenario: 'random',
    seed: chance.below(2 ** 32),
    path: isSmall ? { ...path, ...plan } : path,
    inside: chance.once(4) ? [CidrBlock.parse(chance.pick(blocks))] : [],
    timing: {
      speed: chance.once(4) ? chance.pick([0.001, 0.5, 3, 1000, 1e9]) : 1,
      from: instant(),
      to: instant(),
    },
    rounds: chance.once(6) ? chance.pick([2, 3, 12]) : 1,
    wireAlways: chance.once(4),
  };
}

interface Outcome {
  met: readonly string[];
  /** Everything that a user would get, as text. */
  text: string;
  trace: Uint8Array;
}

async function replay(
  config: Config,
  captures: readonly Uint8Array[],
  readBytes?: number,
): Promise<Outcome> {
  const sink = new MemorySink();
  const files = captures.map((bytes, index) => ({
    name: `mutant ${index}`,
    open: () => new MemorySource(bytes, readBytes),
  }));
  const run = new ReplayRun({ ...config, captures: files, traceSink: sink.write });
  const refused = await orRefused(() => run.run());
  const trace = sink.bytes();
  if (refused instanceof NetError) return { met: ['refused'], text: refused.message, trace };
  const result = assembleReplay(run);
  const queues = queueSeriesOf(run);
  expectSound(run, result);
  expectNumbers(result, 'result');
  expectNumbers(queues, 'queues');
  formatReplay(result, queues);
  expectReadable(run, trace);
  return { met: ['replayed', ...metIn(result)], text: JSON.stringify([result, queues]), trace };
}

function metIn({ input, total, links }: ReplayResult): string[] {
  const { files: _, firstTimestamp: __, ...counters } = input;
  const drops = [total.toClient, total.toServer, ...links].flatMap((each) =>
    Object.keys(each.drops),
  );
  const escaped = links.some(({ corruptedEscaped }) => corruptedEscaped > 0) ? ['escaped'] : [];
  const counted = Object.entries(counters).flatMap(([name, count]) => (count > 0 ? [name] : []));
  return [...new Set([...drops, ...counted, ...escaped])];
}

/** The error of one line instead of what `action` gives; other errors go on. */
async function orRefused<Result>(action: () => Promise<Result>): Promise<Result | NetError> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof NetError && !error.message.includes('\n')) return error;
    throw error;
  }
}

/** What went in came out or was dropped, in every flow, in all, and at every link. */
function expectSound(run: ReplayRun, result: ReplayResult): void {
  equal(run.network.pool.inUse, 0, 'frames in use at the end');
  let entered = 0;
  let delivered = 0;
  for (const direction of ['toServer', 'toClient'] as const) {
    let packets = 0;
    for (const flow of result.flows) {
      expectBalanced(flow[direction], `${flow.name} ${direction}`);
      packets += flow[direction].packets;
    }
    const total = result.total[direction];
    expectBalanced(total, direction);
    equal(packets, total.packets, `packets of all flows ${direction}`);
    entered += total.packets;
    delivered += total.deliveredPackets;
  }
  equal(entered, result.input.enteredFrames, 'entered frames');
  equal(delivered, result.engine.deliveredPackets, 'delivered packets');
  const { input } = result;
  const left = input.enteredPackets - input.copies - input.notCrossing - input.unsupportedLinkType;
  equal(left - input.superSegments + input.pieces, input.enteredFrames, 'packets and pieces');
}

function expectBalanced(direction: FlowDirectionResult, where: string): void {
  const dropped = Object.values(direction.drops).reduce((sum, count) => sum + count, 0);
  const { packets, duplicates, deliveredPackets } = direction;
  equal(deliveredPackets + dropped, packets + duplicates, `books of ${where}`);
}

/** The capture of what left the path is whole, and has as many packets as were delivered. */
function expectReadable(run: ReplayRun, trace: Uint8Array): void {
  const { packets, reader } = readCapture(trace);
  equal(reader.ending, 'complete', 'ending of the trace');
  const isEnd = reader.interfaces.map(({ name }) => name === 'at client' || name === 'at server');
  const left = packets.filter(({ interfaceIndex }) => isEnd[interfaceIndex]);
  equal(left.length, run.deliveredFrames, 'packets of the trace');
}

/** No number that JSON cannot say, and none below zero but those named in `signed`. */
function expectNumbers(value: unknown, where: string, signed = ''): void {
  if (typeof value === 'number') {
    const isFine = Number.isFinite(value) && (value >= 0 || where.endsWith(`.${signed}`));
    if (!isFine) throw new Error(`${where} is ${value}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) expectNumbers(part, `${where}.${key}`, signed);
  }
}

function equal(got: unknown, expected: unknown, what: string): void {
  if (got !== expected) throw new Error(`${what}: expected ${expected}, got ${got}`);
}

function same(twin: Outcome, original: Outcome): void {
  equal(twin.text, original.text, 'result of a twin');
  if (Buffer.compare(twin.trace, original.trace) !== 0) throw new Error('another trace in a twin');
}

/** Ends the process, naming the case, when one hangs: nothing else can, while it does. */
export class Watchdog {
  readonly #cell = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  constructor() {
    const code = `
      const { workerData: cell } = require('node:worker_threads');
      let count = -1;
      setInterval(() => {
        if (cell[1] !== count) { count = cell[1]; return; }
        require('node:fs').writeSync(2, 'seed ' + cell[0] + ' hangs\\n');
        process.kill(process.pid, 'SIGKILL');
      }, ${DEADLINE_MS});`;
    this.#worker = new Worker(code, { eval: true, workerData: this.#cell });
    this.#worker.unref();
  }

  /** A case begins. */
  note(seed: number): void {
    this.#cell[0] = seed;
    this.#cell[1] = (this.#cell[1] as number) + 1;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
