/**
 * Reading a capture and dissecting it into columns, beside `tcpdump -r X -w /dev/null`, which reads and
 * writes records and dissects nothing. Each reader is a process of its own; the figure is its CPU time,
 * user and system, from its start (Node's own 0.05 to 0.08 s are in it), in interleaved rounds.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openCapture } from '../src/edge/capture-input.ts';
import { CaptureReader, MAX_RECORD_BYTES } from '../src/pcap/capture-reader.ts';
import { CaptureRows } from '../src/pcap/capture-rows.ts';
import { CaptureStream } from '../src/pcap/capture-stream.ts';
import { dissect } from '../src/wire/dissect.ts';
import { linkLayerFromLinkType } from '../src/wire/link-layer.ts';
import { PacketColumns } from '../src/wire/packet-columns.ts';
import { largeCapture } from './captures.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { median } from './statistics.ts';

const ROUNDS = 7;
/** Rows decoded and dissected at a time: their columns stay in the processor's own cache. */
const BATCH_ROWS = 1000;

interface Case {
  name: string;
  packets: number;
  /** 0 for whole packets. */
  snapLength: number;
  /** Times tcpdump's speed. */
  goal: number;
}

/** Long enough that the start of a process does not rule: 3.2 GB, and 0.45 GB. */
const CASES: readonly Case[] = [
  { name: 'full packets', packets: 2_100_000, snapLength: 0, goal: 2 },
  { name: '96-byte records', packets: 4_000_000, snapLength: 96, goal: 0.8 },
];

/** The child: reads a capture, dissects every packet, prints what it found. */
async function readAll(path: string): Promise<void> {
  const source = await openCapture(path);
  const reader = new CaptureReader(path);
  const stream = new CaptureStream(source, reader);
  const rows = new CaptureRows(BATCH_ROWS);
  const columns = new PacketColumns(BATCH_ROWS);
  const block = new Uint8Array(MAX_RECORD_BYTES);
  const view = new DataView(block.buffer);
  let withTimestamps = 0;
  while (await stream.load(block, 0, block.length)) {
    while (stream.decode(rows) > 0) {
      withTimestamps += dissectRows(view, rows, columns, reader);
      rows.clear();
    }
  }
  source.close();
  console.log(JSON.stringify({ packets: reader.counters.packets, withTimestamps }));
}

/** Returns the TCP packets with timestamps. */
function dissectRows(
  view: DataView,
  rows: CaptureRows,
  columns: PacketColumns,
  reader: CaptureReader,
): number {
  const { offset, capturedLength, originalLength, count } = rows;
  const layer = linkLayerFromLinkType(reader.interfaces[0]?.linkType ?? -1);
  let withTimestamps = 0;
  for (let row = 0; row < count; row++) {
    dissect(
      view,
      offset[row] as number,
      capturedLength[row] as number,
      originalLength[row] as number,
      layer,
      columns,
      row,
    );
    withTimestamps += columns.hasTimestamps[row] as number;
  }
  return withTimestamps;
}

function compare(each: Case): void {
  const path = largeCapture(each.packets, each.snapLength);
  const self = fileURLToPath(import.meta.url);
  const tcpdump: number[] = [];
  const ours: number[] = [];
  let outcome = '';
  for (let round = 0; round < ROUNDS; round++) {
    tcpdump.push(cpuSeconds('tcpdump', '-r', path, '-w', '/dev/null').seconds);
    const run = cpuSeconds(process.execPath, self, path);
    ours.push(run.seconds);
    outcome = run.output;
  }
  const ratio = median(tcpdump.map((seconds, round) => seconds / (ours[round] as number)));
  const megabytes = Math.round(statSync(path).size / 1e6);
  console.log(
    `capture-read ${each.name}, ${megabytes} MB: tcpdump ${median(tcpdump).toFixed(2)} CPU s, ` +
      `ours ${median(ours).toFixed(2)}, ratio ${ratio.toFixed(2)} (goal >= ${each.goal}); ${outcome}`,
  );
}

const path = process.argv[2];
if (path !== undefined) await readAll(path);
else if (spawnSync('tcpdump', ['--version']).error !== undefined) {
  console.log('capture-read: skipped, tcpdump is not installed');
} else for (const each of CASES) compare(each);
