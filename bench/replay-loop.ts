/**
 * The replay loop by itself, in cache: a capture of small records in memory, replayed over and over
 * through one link with a queue. Everything a replay does is in it: decoding, dissecting, flows, link, queue
 * statistics, delays, order, fingerprint. Prints ns a frame and ns an event, and what came out.
 */
import { MemorySource } from '../src/pcap/memory-source.ts';
import { PcapWriter } from '../src/pcap/pcap-writer.ts';
import { assembleReplay } from '../src/scenario/assemble-replay.ts';
import { buildPath } from '../src/scenario/build-path.ts';
import { ReplayRun } from '../src/scenario/replay-run.ts';
import { parseScenario } from '../src/scenario/schema.ts';
import { smallFrames } from './frames.ts';
import { median } from './statistics.ts';

const FRAMES = 50_000;
const ROUNDS = 20;
const REPETITIONS = 7;

function makeCapture(): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = new PcapWriter({
    linkType: 1,
    snapLength: 96,
    sink: (bytes) => pieces.push(bytes.slice()),
  });
  const frames = smallFrames(16);
  for (let index = 0; index < FRAMES; index++) {
    const frame = frames(index);
    writer.writePacket(1_700_000_000, index * 12_000, frame, 0, frame.length, frame.length);
  }
  writer.flush();
  return new Uint8Array(Buffer.concat(pieces));
}

async function replayOnce(bytes: Uint8Array, rounds: number) {
  const path = { toClient: { rate: '900 Mbps', delay: '100 us', queue: '64 KiB' } };
  const run = new ReplayRun({
    scenario: 'bench',
    seed: 1,
    path: buildPath(parseScenario('bench', { path }), new Map()),
    captures: [{ name: 'memory', open: () => new MemorySource(bytes) }],
    inside: [],
    timing: { speed: 1 },
    rounds,
    wireAlways: false,
  });
  const start = process.cpuUsage();
  await run.run();
  const { user, system } = process.cpuUsage(start);
  return { ns: (user + system) * 1000, result: assembleReplay(run) };
}

const bytes = makeCapture();
await replayOnce(bytes, ROUNDS / 4);
const perFrame: number[] = [];
const perEvent: number[] = [];
let outcome = '';
for (let repetition = 0; repetition < REPETITIONS; repetition++) {
  const { ns, result } = await replayOnce(bytes, ROUNDS);
  perFrame.push(ns / (FRAMES * ROUNDS));
  perEvent.push(ns / result.engine.events);
  const { drops, p50AddedDelayMs } = result.total.toClient;
  outcome = `${result.engine.deliveredPackets} delivered, ${drops.queueFull ?? 0} dropped, p50 ${p50AddedDelayMs} ms`;
}
console.log(
  `replay loop in cache: ${median(perFrame).toFixed(0)} ns/frame, ${median(perEvent).toFixed(0)} ns/event ` +
    `(goal <= 100), best ${Math.min(...perEvent).toFixed(0)}; ${outcome}`,
);
