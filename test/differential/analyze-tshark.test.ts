/**
 * `analyze` beside capinfos and tshark on every capture there is, and beside what the Linux kernel counted itself.
 * tshark reads each packet by itself here (no reassembly); what it calls a conversation is our flow.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import type { AnalyzeResult } from '../../src/analysis/capture-analysis.ts';
import type { FlowFacts } from '../../src/analysis/flow-facts.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import { captureFiles, captureName } from '../support/captures.ts';
import { outerProtocols, tsharkFields, tsharkVersion } from '../support/tshark.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LINUX = resolve(ROOT, process.env['SLUICE_DATA'] ?? '../shared', 'linux');

const hasTshark = tsharkVersion() !== undefined;
const hasCapinfos = spawnSync('capinfos', ['--version']).status === 0;
if (!hasTshark || !hasCapinfos) console.warn('no tshark or capinfos here: analyze is not compared');

const analyze = (bytes: Uint8Array): Promise<AnalyzeResult> =>
  analyzeCapture(new MemorySource(bytes), 'test');

/** One name and value a line. */
function capinfos(file: string, ...options: string[]): Map<string, string> {
  const text = execFileSync('capinfos', ['-M', '-S', ...options, file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = text.split('\n').map((line) => line.split(/:\s+/));
  return new Map(lines.map(([name = '', value = '']) => [name, value]));
}

const withNineDigits = (stamp: string): string => {
  const [seconds, fraction = ''] = stamp.split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
};

const inNanoseconds = (stamp: string): bigint => BigInt(withNineDigits(stamp).replace('.', ''));

const STREAM_FIELDS = [
  'frame.protocols',
  'frame.len',
  'frame.time_epoch',
  'ip.src',
  'ipv6.src',
  'tcp.stream',
  'udp.stream',
  'tcp.srcport',
  'udp.srcport',
  'tcp.analysis.initial_rtt',
  'tcp.analysis.retransmission',
  'tcp.analysis.out_of_order',
] as const;

interface Stream {
  packets: number;
  bytes: number;
  /** From the source of its first packet. */
  forwardPackets: number;
  firstSource: string;
  rttMs: number | undefined;
  resent: number;
}

type Packets = Record<(typeof STREAM_FIELDS)[number], string>[];

/** tshark's conversations of one transport, in order of their first packets. */
function streamsOf(packets: Packets, transport: 'tcp' | 'udp'): Stream[] {
  const streams: Stream[] = [];
  for (const packet of packets) {
    if (outerProtocols(packet['frame.protocols'])[1] !== transport) continue;
    const source = `${packet['ip.src'] || packet['ipv6.src']} ${packet[`${transport}.srcport`]}`;
    const index = Number(packet[`${transport}.stream`]);
    streams[index] ??= {
      packets: 0,
      bytes: 0,
      forwardPackets: 0,
      firstSource: source,
      rttMs: undefined,
      resent: 0,
    };
    const stream = streams[index];
    stream.packets++;
    stream.bytes += Number(packet['frame.len']);
    if (source === stream.firstSource) stream.forwardPackets++;
    const rtt = packet['tcp.analysis.initial_rtt'];
    if (rtt !== '') stream.rttMs ??= Number(rtt) * 1000;
    const isResent = packet['tcp.analysis.retransmission'] || packet['tcp.analysis.out_of_order'];
    if (isResent) stream.resent++;
  }
  return streams.filter((stream) => stream !== undefined);
}

const sourceOf = (flow: FlowFacts, isClient: boolean): string =>
  isClient
    ? `${flow.clientAddress} ${flow.clientPort}`
    : `${flow.serverAddress} ${flow.serverPort}`;

/** Our flows with ports, without the later fragments that tshark leaves to no stream. */
const flowsOf = (result: AnalyzeResult, transport: string): FlowFacts[] =>
  result.flows.filter((flow) => flow.transport === transport && flow.clientPort !== null);

describe.skipIf(!hasTshark || !hasCapinfos)('analyze beside capinfos and tshark', () => {
  for (const file of captureFiles()) {
    describe(captureName(file), async () => {
      const result = await analyze(new Uint8Array(readFileSync(file)));
      const { capture } = result;
      const packets = tsharkFields(file, STREAM_FIELDS, ['tcp.analyze_sequence_numbers:TRUE']);
      const connections = streamsOf(packets, 'tcp');
      // Frames of a link type we do not read have no flows.
      const isReadable = capture.unreadLinkTypePackets === 0;
      const isEthernet = capture.linkTypes.join() === 'Ethernet';

      it('counts packets, bytes, and the earliest and latest stamp as capinfos does', () => {
        const facts = capinfos(file, '-c', '-d', '-a', '-e');
        expect(capture.packets).toBe(Number(facts.get('Number of packets')));
        expect(capture.bytes).toBe(Number((facts.get('Data size') ?? '').replace(' bytes', '')));
        // With a statistics block (this file) capinfos shows what that says, so the packets are asked.
        if (file.includes('pcapng-example')) return;
        expect(capture.firstTimestamp).toBe(withNineDigits(facts.get('First packet time') ?? ''));
        expect(capture.lastTimestamp).toBe(withNineDigits(facts.get('Last packet time') ?? ''));
      });

      it('finds the earliest and latest stamp of all packets, and each that goes back', () => {
        const stamps = packets.map((packet) => inNanoseconds(packet['frame.time_epoch']));
        const inOrder = [...stamps].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(inNanoseconds(capture.firstTimestamp ?? '')).toBe(inOrder[0]);
        expect(inNanoseconds(capture.lastTimestamp ?? '')).toBe(inOrder.at(-1));
        const back = stamps.filter((stamp, at) => at > 0 && stamp < (stamps[at - 1] as bigint));
        expect(capture.earlierStamps).toBe(back.length);
      });

      it('puts every packet into a flow', () => {
        const inFlows = result.flows.reduce((sum, { packets }) => sum + packets, 0);
        const inProtocols = Object.values(capture.protocols).reduce((sum, n) => sum + n, 0);
        expect([inFlows, inProtocols]).toEqual([capture.packets, capture.packets]);
      });

      it.skipIf(!isReadable)('finds the TCP connections of tshark, packet for packet', () => {
        const flows = flowsOf(result, 'TCP');
        expect(flows.length).toBe(connections.length);
        for (const [index, stream] of connections.entries()) {
          const flow = flows[index] as FlowFacts;
          const isClientFirst = sourceOf(flow, true) === stream.firstSource;
          if (!isClientFirst) expect(sourceOf(flow, false)).toBe(stream.firstSource);
          const forward = isClientFirst ? flow.toServer : flow.toClient;
          expect([flow.packets, forward.packets]).toEqual([stream.packets, stream.forwardPackets]);
          if (isEthernet) expect(flow.bytes).toBe(stream.bytes);
        }
      });

      it.skipIf(!isReadable)('finds the UDP conversations of tshark', () => {
        const streams = streamsOf(packets, 'udp');
        const flows = flowsOf(result, 'UDP');
        expect(flows.length).toBe(streams.length);
        for (const [index, stream] of streams.entries()) {
          const flow = flows[index] as FlowFacts;
          // We count later fragments, which tshark leaves out when it does not reassemble.
          if (capture.fragments > 0) expect(flow.packets).toBeGreaterThanOrEqual(stream.packets);
          else expect(flow.packets).toBe(stream.packets);
        }
      });

      it.skipIf(!isReadable)('measures the handshake as tcp.analysis.initial_rtt does', () => {
        for (const [index, flow] of flowsOf(result, 'TCP').entries()) {
          const theirs = connections[index]?.rttMs;
          if (flow.handshakeRttMs === null) {
            // tshark takes a refusal (RST with ACK) for the answer to the SYN; there is no handshake.
            if (theirs !== undefined) expect(flow.toClient.flags).toContain('RST');
            continue;
          }
          expect(Math.abs(flow.handshakeRttMs - (theirs ?? Number.NaN))).toBeLessThan(0.001);
        }
      });

      it.skipIf(!isReadable)(
        'finds the segments below the highest sequence number of tshark',
        () => {
          // Which of them are retransmissions and which are out of order is a matter of judgement.
          const flows = flowsOf(result, 'TCP');
          const old = flows.map(
            ({ retransmits, toClient, toServer }) =>
              retransmits + toClient.outOfOrder + toServer.outOfOrder,
          );
          expect(old).toEqual(connections.map(({ resent }) => resent));
        },
      );
    });
  }
});

interface LinuxRecord {
  flows: { retransmits: number }[];
  samples: number[][];
  sampleColumns: string[];
}

const recordings = existsSync(LINUX)
  ? readdirSync(LINUX).filter((name) => name.endsWith('.pcap.gz'))
  : [];
if (recordings.length === 0) console.warn(`no recordings in ${LINUX}: not compared with Linux`);

describe.skipIf(recordings.length === 0)('analyze beside the counters of the Linux kernel', () => {
  it.each(recordings)('counts the retransmissions of the sender in %s', async (name) => {
    const json = readFileSync(join(LINUX, name.replace('.pcap.gz', '.json')), 'utf8');
    const truth = JSON.parse(json) as LinuxRecord;
    const { flows } = await analyze(new Uint8Array(gunzipSync(readFileSync(join(LINUX, name)))));
    // The other connection is the application's control channel.
    const data = flows.reduce((most, flow) => (flow.bytes > most.bytes ? flow : most));
    // Read while the sender still had data on the way, and by the last sample after the capture ended.
    const reported = truth.flows[0]?.retransmits ?? Number.NaN;
    const column = truth.sampleColumns.indexOf('retrans');
    const sampled = Math.max(...truth.samples.map((sample) => sample[column] as number));
    expect(data.retransmits).toBeGreaterThanOrEqual(reported);
    expect(data.retransmits).toBeLessThanOrEqual(Math.max(reported, sampled));
    expect(data.toServer.outOfOrder).toBe(0);
    expect(data.toClient.retransmits).toBe(0);
  });
});
