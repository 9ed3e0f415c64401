/**
 * Captures of every kind of run, judged by tshark (nothing malformed, every checksum right) and by tcptrace and our
 * own analysis (as many retransmissions as the sender has counted). The captures of the dumbbell are taken before the
 * queue of its bottleneck, so that they see every segment once it has left the host, in the order it was sent.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/analysis/analyze-capture.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';
import type { NetworkInput } from '../../src/scenario/network-schema.ts';
import type { RunResult } from '../../src/scenario/run-result.ts';
import { runScenario } from '../../src/scenario/run-scenario.ts';
import { tsharkVersion } from '../support/tshark.ts';

const hasTshark = tsharkVersion() !== undefined;
const hasTcptrace =
  spawnSync('tcptrace', ['-v']).status !== null && spawnSync('editcap', ['-h']).status === 0;
if (!hasTshark) console.warn('no tshark here: captures of runs are not judged');
if (!hasTcptrace)
  console.warn('no tcptrace or editcap here: retransmissions are not compared with it');

const folder = mkdtempSync(join(tmpdir(), 'sluice-run-tshark-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Captured {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly result: RunResult;
}

/** Runs, with the capture in a file. */
function capture(
  name: string,
  scenario: string | NetworkInput,
  parameters: Record<string, string>,
  snapLength = 0,
): Captured {
  const pieces: Uint8Array[] = [];
  const trace = { sink: (piece: Uint8Array) => void pieces.push(piece.slice()), snapLength };
  const { result } = runScenario({ scenario, parameters, trace });
  const bytes = Buffer.concat(pieces);
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.pcapng`);
  writeFileSync(file, bytes);
  return { file, bytes, result };
}

const CHECKED = ['ip', 'tcp', 'udp'].flatMap((layer) => ['-o', `${layer}.check_checksum:TRUE`]);
const PLAIN = ['-n', '-o', 'tcp.desegment_tcp_streams:FALSE', ...CHECKED];

/** Packets that match a display filter. */
function count(file: string, filter: string): number {
  const text = execFileSync(
    'tshark',
    ['-r', file, ...PLAIN, '-Y', filter, '-T', 'fields', '-e', 'frame.number'],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return text.split('\n').filter((line) => line !== '').length;
}

const BAD_CHECKSUM = ['ip', 'tcp', 'icmp', 'icmpv6']
  .map((layer) => `${layer}.checksum.status==0`)
  .join(' || ');

interface Judgement {
  readonly segments: number;
  readonly malformed: number;
  readonly badChecksums: number;
  /** Segments whose checksum tshark did not verify. */
  readonly unverified: number;
}

/**
 * All packets of a capture. Segments quoted in ICMP errors are cut (RFC 1812 §4.3.2.3), and tshark sums what is there
 * of them: of such a packet the first IP header and the ICMP checksum are judged.
 */
function judge(file: string): Judgement {
  const fields = [
    '_ws.malformed',
    ...['ip', 'icmp', 'icmpv6', 'tcp'].map((l) => `${l}.checksum.status`),
  ];
  const wanted = fields.flatMap((field) => ['-e', field]);
  const text = execFileSync(
    'tshark',
    ['-r', file, ...PLAIN, '-T', 'fields', '-E', 'occurrence=f', ...wanted],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const judgement = { segments: 0, malformed: 0, badChecksums: 0, unverified: 0 };
  for (const line of text.split('\n').slice(0, -1)) {
    const [malformed, ip, icmp, icmpv6, tcp] = line.split('\t');
    if (malformed !== '') judgement.malformed++;
    const isSegment = icmp === '' && icmpv6 === '' && tcp !== '';
    if (isSegment) judgement.segments++;
    if (isSegment && tcp !== '1') judgement.unverified++;
    if ([ip, icmp, icmpv6, isSegment ? tcp : ''].includes('0')) judgement.badChecksums++;
  }
  return judgement;
}

type Case = readonly [
  name: string,
  scenario: string | NetworkInput,
  parameters: Record<string, string>,
];

const SHORT = { rate: '20 Mbps', rtt: '20 ms', duration: '2 s', size: '300 kB' };
const TINY = { size: '30 kB', duration: '1 s' };

/** A path through routers with a narrow MTU and every impairment, where damaged packets stay recognisable. */
const routed = (ip: 'ipv4' | 'ipv6', corrupt = '0 %'): NetworkInput => ({
  duration: '5 s',
  ip,
  payload: 'pattern',
  nodes: { a: 'host', b: 'host', r1: 'router', r2: 'router' },
  links: [
    { from: 'a', to: 'r1', rate: '100 Mbps', delay: '1 ms', capture: 'both' },
    {
      from: 'r1',
      to: 'r2',
      rate: '20 Mbps',
      delay: '5 ms 1 ms',
      mtu: '1300 B',
      loss: '1 %',
      duplicate: '1 %',
      reorder: '2 %',
      corrupt,
      capture: 'both',
    },
    { from: 'r2', to: 'b', rate: '100 Mbps', delay: '1 ms', capture: 'both' },
  ],
  traffic: [
    { kind: 'bulk', from: 'a', to: 'b', size: '300 kB' },
    { kind: 'request-response', from: 'b', to: 'a', response: '20 kB', requests: 5 },
    { kind: 'on-off', from: 'a', to: 'b', rate: '1 Mbps', on: '50 ms', off: '50 ms' },
  ],
});

const CASES: readonly Case[] = [
  ['dumbbell', 'dumbbell', { ...SHORT, cc: 'reno,cubic' }],
  ['dumbbell over IPv6', 'dumbbell', { ...SHORT, ip: 'ipv6' }],
  ['dumbbell with real bytes', 'dumbbell', { ...SHORT, payload: 'pattern', loss: '1 %' }],
  ['dumbbell with real bytes over IPv6', 'dumbbell', { ...SHORT, payload: 'pattern', ip: 'ipv6' }],
  ['dumbbell by the texts', 'dumbbell', { ...SHORT, profile: 'rfc', loss: '2 %' }],
  ['dumbbell with ECN', 'dumbbell', { ...SHORT, ecn: 'on', qdisc: 'codel ecn', size: '2 MB' }],
  [
    'dumbbell with ECN over IPv6',
    'dumbbell',
    { ...SHORT, ecn: 'on', qdisc: 'codel ecn', ip: 'ipv6', size: '2 MB' },
  ],
  [
    'dumbbell with AccECN over IPv6',
    'dumbbell',
    { ...SHORT, ecn: 'accecn', qdisc: 'codel ecn', ip: 'ipv6', loss: '1 %', size: '2 MB' },
  ],
  ['dumbbell with BBR', 'dumbbell', { ...SHORT, cc: 'bbr', queue: '20 packets' }],
  ['parking lot', 'parking-lot', { ...SHORT, size: '100 kB' }],
  ['parking lot over IPv6', 'parking-lot', { ...SHORT, size: '100 kB', ip: 'ipv6' }],
  ['star', 'star', { ...TINY, pattern: 'incast', hosts: '40' }],
  [
    'star over IPv6',
    'star',
    { ...TINY, pattern: 'incast', hosts: '40', ip: 'ipv6', payload: 'pattern' },
  ],
  ['leaf and spine', 'leaf-spine', { ...TINY, pattern: 'all-to-all' }],
  ['leaf and spine over IPv6', 'leaf-spine', { ...TINY, ip: 'ipv6' }],
  ['fat tree', 'fat-tree', { ...TINY, pattern: 'random' }],
  ['fat tree over IPv6', 'fat-tree', { ...TINY, ip: 'ipv6' }],
  ['routers with impairments', routed('ipv4'), {}],
  ['routers with impairments over IPv6', routed('ipv6'), {}],
];

describe.runIf(hasTshark)('the capture of a run, as tshark reads it', () => {
  it.each(CASES)(
    'has no malformed packet and no bad checksum: %s',
    (name, scenario, parameters) => {
      const { file, result } = capture(name, scenario, parameters);
      const { segments, ...faults } = judge(file);
      expect(segments).toBeGreaterThan(20);
      expect(faults).toEqual({ malformed: 0, badChecksums: 0, unverified: 0 });
      for (const { deliveredBytes } of result.flows) expect(deliveredBytes).toBeGreaterThan(0);
    },
  );

  it.each(['ipv4', 'ipv6'] as const)('shows ICMP errors that say too big, in %s', (ip) => {
    const { file } = capture(`icmp ${ip}`, routed(ip), {});
    const filter =
      ip === 'ipv4'
        ? 'icmp.type==3 && icmp.code==4 && icmp.mtu==1300'
        : 'icmpv6.type==2 && icmpv6.mtu==1300';
    expect(count(file, filter)).toBeGreaterThan(0);
  });

  it('shows CE marks and their echo with ECN', () => {
    const parameters = { ...SHORT, ecn: 'on', qdisc: 'codel ecn', size: '5 MB', duration: '5 s' };
    const { file, result } = capture('ecn', 'dumbbell', parameters);
    expect(result.links[0]?.ceMarks).toBeGreaterThan(0);
    expect(count(file, 'tcp.flags.ece==1 && tcp.flags.syn==0')).toBeGreaterThan(0);
    expect(count(file, 'tcp.flags.cwr==1 && tcp.flags.syn==0')).toBeGreaterThan(0);
  });

  it('shows AccECN by its names: the flags of the handshake, ACE, the counters', () => {
    const parameters = { ...SHORT, cc: 'prague', qdisc: 'dualpi2', size: '5 MB', duration: '5 s' };
    const { file, result } = capture('accecn', 'dumbbell', parameters);
    const marks = result.links[0]?.ceMarks ?? 0;
    expect(marks).toBeGreaterThan(8);
    expect(count(file, 'tcp.flags.syn==1 && tcp.flags.ack==0 && tcp.flags.ae==1')).toBe(1);
    // Each value, as the counter goes round, and bytes of what was marked.
    for (let ace = 0; ace < 8; ace++) {
      expect(count(file, `tcp.flags.syn==0 && tcp.flags.ace==${ace}`)).toBeGreaterThan(0);
    }
    expect(count(file, 'tcp.options.acc_ecn.ee1b > 1448')).toBeGreaterThan(0);
    expect(count(file, 'tcp.options.acc_ecn.eceb >= 1448')).toBeGreaterThan(0);
  });

  it('has bad checksums where bits were flipped, and only there', () => {
    const { file } = capture('corrupt', routed('ipv4', '2 %'), {});
    const flipped = 'frame.comment contains "bits flipped"';
    expect(count(file, flipped)).toBeGreaterThan(0);
    expect(count(file, `(${BAD_CHECKSUM}) && !icmp && !(${flipped})`)).toBe(0);
  });
});

/** Data retransmissions by tcptrace, of the end that opened, by its port. */
function tcptraceRetransmits(file: string): Map<number, number> {
  const converted = `${file}.pcap`;
  execFileSync('editcap', ['-F', 'nsecpcap', file, converted], { stdio: 'ignore' });
  const text = execFileSync('tcptrace', ['-l', '-n', converted], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found = new Map<number, number>();
  for (const part of text.split(/TCP connection \d+:/).slice(1)) {
    const port = /host \w+: +\S+:(\d+)/.exec(part)?.[1];
    const retransmits = /rexmt data pkts: +(\d+)/.exec(part)?.[1];
    found.set(Number(port), Number(retransmits));
  }
  return found;
}

const portOf = (name: string): number => Number(/:(\d+) >/.exec(name)?.[1]);

describe('retransmissions in a capture', () => {
  const lossy: readonly Case[] = [
    ['drops of the queue', 'dumbbell', { cc: 'reno,cubic', rate: '10 Mbps', duration: '8 s' }],
    ['random loss', 'dumbbell', { loss: '2 %', size: '2 MB', duration: '60 s' }],
    [
      'random loss over IPv6',
      'dumbbell',
      { loss: '2 %', size: '2 MB', duration: '60 s', ip: 'ipv6' },
    ],
    [
      'much loss, by the texts',
      'dumbbell',
      { loss: '5 %', size: '1 MB', duration: '60 s', profile: 'rfc' },
    ],
    [
      'bursts of loss',
      'dumbbell',
      { loss: 'gemodel 1 % 20 %', size: '2 MB', duration: '60 s', cc: 'cubic,reno' },
    ],
    [
      'BBR at a small queue',
      'dumbbell',
      { cc: 'bbr', queue: '20 packets', rate: '20 Mbps', duration: '5 s' },
    ],
  ];

  it.each(lossy)(
    'are as many as the sender has counted: %s',
    async (name, scenario, parameters) => {
      const { file, bytes, result } = capture(name, scenario, parameters, 96);
      const total = result.flows.reduce((sum, { retransmits }) => sum + retransmits, 0);
      expect(total).toBeGreaterThan(10);
      const { flows } = await analyzeCapture(new MemorySource(bytes), name);
      const own = new Map(flows.map((flow) => [flow.clientPort, flow.toServer.retransmits]));
      const judged = hasTcptrace ? tcptraceRetransmits(file) : undefined;
      for (const { name: flow, retransmits } of result.flows) {
        expect(own.get(portOf(flow))).toBe(retransmits);
        if (judged !== undefined) expect(judged.get(portOf(flow))).toBe(retransmits);
      }
    },
  );
});
