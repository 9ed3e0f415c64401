/**
 * Reading a capture and dissecting it into columns, beside `tcpdump -r X -w /dev/null`, which reads and
 * writes records and dissects nothing. Each reader is a process of its own; the figure is its CPU time,
 * user and system, from its start (Node's own 0.05 to 0.08 s are in it), in interleaved rounds. The captures are
 * written once, into the system's folder for temporary files, by our writer.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCapture } from '../src/edge/capture-input.ts';
import { CaptureOutput } from '../src/edge/capture-output.ts';
import { CaptureReader, MAX_RECORD_BYTES } from '../src/pcap/capture-reader.ts';
import { CaptureRows } from '../src/pcap/capture-rows.ts';
import { CaptureStream } from '../src/pcap/capture-stream.ts';
import { PcapWriter } from '../src/pcap/pcap-writer.ts';
import { dissect } from '../src/wire/dissect.ts';
import { linkLayerFromLinkType } from '../src/wire/link-layer.ts';
import { PacketColumns } from '../src/wire/packet-columns.ts';
import { median } from './statistics.ts';

const ROUNDS = 7;
const ETHERNET = 1;
const FLOWS = 16;
const PACKETS_PER_SECOND = 100_000;
const FRAME_BYTES = 1514;
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

/** An Ethernet frame of 1514 bytes: IPv4, TCP with timestamps, 1448 bytes of payload. */
function templateFrame(): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  const view = new DataView(frame.buffer);
  for (let at = 0; at < FRAME_BYTES; at++) frame[at] = Math.imul(at, 0x9e3779b1) >>> 24;
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
  frame.set([0x45, 0, 0x05, 0xdc, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 1, 1], 14);
  frame.set([0x80, 0x10, 0x01, 0xf5, 0, 0, 0, 0, 1, 1, 8, 10], 46);
  view.setUint16(36, 443);
  return frame;
}

/** Writes the capture unless an earlier run did. */
function captureOf({ packets, snapLength }: Case): string {
  const folder = join(tmpdir(), 'sluice-bench');
  const path = join(folder, `${packets}x${snapLength}.pcap`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const output = new CaptureOutput(`${path}.part`);
  const writer = new PcapWriter({ linkType: ETHERNET, snapLength, sink: output.write });
  const frame = templateFrame();
  const view = new DataView(frame.buffer);
  for (let packet = 0; packet < packets; packet++) {
    view.setUint16(34, 50_000 + (packet % FLOWS));
    view.setUint32(38, Math.floor(packet / FLOWS) * 1448);
    view.setUint32(58, packet >>> 7);
    const seconds = 1_700_000_000 + Math.floor(packet / PACKETS_PER_SECOND);
    const nanoseconds = (packet % PACKETS_PER_SECOND) * (1e9 / PACKETS_PER_SECOND);
    writer.writePacket(seconds, nanoseconds, frame, 0, FRAME_BYTES, FRAME_BYTES);
  }
  writer.flush();
  output.close();
  renameSync(`${path}.part`, path);
  return path;
}

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

/** Runs a program to its end. bash's `time` counts its user and system seconds. */
function cpuSeconds(program: string, ...options: string[]): { seconds: number; output: string } {
  const script = 'TIMEFORMAT="%U %S"; time "$0" "$@" 2>/dev/null';
  const run = spawnSync('bash', ['-c', script, program, ...options], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${program} failed: ${run.stderr}`);
  const [user, system] = run.stderr.trim().split(' ');
  return { seconds: Number(user) + Number(system), output: run.stdout.trim() };
}

function compare(each: Case): void {
  const path = captureOf(each);
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
