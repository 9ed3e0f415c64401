/**
 * Large captures for benchmarks, written once by our writer into the system's folder for temporary files:
 * full-size TCP segments with timestamps of 16 connections in turn, 100,000 a second, from client to server.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaptureOutput } from '../src/edge/capture-output.ts';
import { PcapWriter } from '../src/pcap/pcap-writer.ts';
import { FRAME_BYTES, templateFrame } from './frames.ts';

const ETHERNET = 1;
const FLOWS = 16;
const PACKETS_PER_SECOND = 100_000;

/**
 * Path of the capture, written unless an earlier run did.
 * @param snapLength 0 for whole packets
 */
export function largeCapture(packets: number, snapLength: number): string {
  const folder = join(tmpdir(), 'sluice-bench');
  const path = join(folder, `${packets}x${snapLength}.pcap`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const output = new CaptureOutput(`${path}.part`);
  const writer = new PcapWriter({ linkType: ETHERNET, snapLength, sink: output.write });
  const frame = templateFrame();
  const view = new DataView(frame.buffer);
  view.setUint16(36, 443);
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
