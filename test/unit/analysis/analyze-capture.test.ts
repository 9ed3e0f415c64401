import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../../src/analysis/analyze-capture.ts';
import { CaptureAnalysis } from '../../../src/analysis/capture-analysis.ts';
import { formatAnalysis } from '../../../src/analysis/format-analysis.ts';
import { CaptureRows } from '../../../src/pcap/capture-rows.ts';
import { MemorySource } from '../../../src/pcap/memory-source.ts';
import { dissect } from '../../../src/wire/dissect.ts';
import { LinkLayer } from '../../../src/wire/link-layer.ts';
import { PacketColumns } from '../../../src/wire/packet-columns.ts';
import {
  buildPcap,
  PcapngBuilder,
  type PcapRecordSpec,
  textOption,
} from '../../support/capture-builder.ts';
import { ACK, SYN, segmentFrame } from '../../support/packet-feed.ts';

const analyze = (bytes: Uint8Array, readBytes?: number) =>
  analyzeCapture(new MemorySource(bytes, readBytes), 'test');

/** A record of a nanosecond pcap. */
const record = (
  seconds: number,
  fraction: number,
  frame: number[],
  original?: number,
): PcapRecordSpec => ({
  seconds,
  fraction,
  data: Uint8Array.from(frame),
  ...(original === undefined ? {} : { original }),
});
const NS = { magic: 0xa1b23c4d };

const syn = segmentFrame({ seq: 100, flags: SYN }, true);
const synAck = segmentFrame({ seq: 500, ack: 101, flags: SYN | ACK }, false);
const ack = segmentFrame({ seq: 101, ack: 501 }, true);
const data = segmentFrame({ seq: 501, ack: 101, length: 100 }, false);
const arp = [...new Array<number>(12).fill(255), 8, 6, ...new Array<number>(28).fill(0)];

const connection = [
  record(1_700_000_000, 999_999_990, syn),
  record(1_700_000_001, 10_000_000, synAck),
  record(1_700_000_001, 15_000_000, ack),
  record(1_700_000_001, 30_000_000, data.slice(0, 60), data.length),
  record(1_700_000_001, 20_000_000, arp),
];

describe('analyzeCapture', () => {
  it('counts the capture and its flows', async () => {
    const { command, capture, flows, omittedFlows } = await analyze(
      buildPcap(connection, { ...NS, snapLength: 96 }),
    );
    expect([command, omittedFlows]).toEqual(['analyze', 0]);
    const bytes = 3 * 54 + 154 + 42;
    expect(capture).toEqual({
      format: 'pcap',
      packets: 5,
      bytes,
      capturedBytes: bytes - 94,
      firstTimestamp: '1700000000.999999990',
      lastTimestamp: '1700000001.030000000',
      durationSeconds: expect.closeTo(0.03000001, 12),
      linkTypes: ['Ethernet'],
      interfaces: [
        { name: null, description: null, linkType: 'Ethernet', snapLength: 96, packets: 5 },
      ],
      truncatedPackets: 1,
      ending: 'complete',
      reason: '',
      protocols: { TCP: 4, ARP: 1 },
      flowsByTransport: { TCP: 1, ARP: 1 },
      nonIpPackets: 1,
      unreadLinkTypePackets: 0,
      fragments: 0,
      malformedPackets: 0,
      cutHeaders: 0,
      earlierStamps: 1,
      superSegments: 0,
    });
    expect(flows.map(({ name, packets }) => [name, packets])).toEqual([
      ['10.0.0.1:4000 > 10.0.0.2:80', 4],
      ['ARP', 1],
    ]);
    expect(flows[0]?.handshakeRttMs).toBeCloseTo(15.00001, 9);
    expect(flows[0]?.toClient.payloadBytes).toBe(100);
  });

  it('gives the same result whatever the pieces in which bytes come', async () => {
    const capture = buildPcap(connection, NS);
    const whole = await analyze(capture);
    expect(await analyze(capture, 1)).toEqual(whole);
    expect(await analyze(capture, 77)).toEqual(whole);
  });

  it('finds earliest and latest stamps that are neither first nor last', async () => {
    const stamps = [50, 20, 90, 90, 60];
    const records = stamps.map((second) => record(second, 5, syn));
    const { capture } = await analyze(buildPcap(records, NS));
    expect(capture).toMatchObject({
      firstTimestamp: '20.000000005',
      lastTimestamp: '90.000000005',
      durationSeconds: 70,
      earlierStamps: 2,
    });
  });

  it('has no stamps and no duration where no packet has one', async () => {
    const builder = new PcapngBuilder().section().interface();
    const simple = (frame: number[]) => builder.simple(Uint8Array.from(frame), frame.length);
    simple(syn);
    simple(synAck);
    const unstamped = await analyze(builder.build());
    const none = { firstTimestamp: null, lastTimestamp: null, durationSeconds: 0 };
    expect(unstamped.capture).toMatchObject({ ...none, packets: 2 });
    expect(formatAnalysis(unstamped)).toContain('Protocols TCP 2');
    builder.enhanced({ ticks: 5_000_000n, data: Uint8Array.from(ack) });
    const { capture } = await analyze(builder.build());
    const five = { firstTimestamp: '5.000000000', lastTimestamp: '5.000000000' };
    expect(capture).toMatchObject({ ...five, durationSeconds: 0, earlierStamps: 0 });
  });

  it('finds them across batches of rows', async () => {
    const records = Array.from({ length: 4500 }, (_, at) => record(10_000 - at, 0, syn));
    const { capture, flows } = await analyze(buildPcap(records, NS));
    expect(capture).toMatchObject({
      packets: 4500,
      firstTimestamp: '5501.000000000',
      lastTimestamp: '10000.000000000',
      earlierStamps: 4499,
    });
    expect(flows[0]).toMatchObject({ packets: 4500, startSeconds: -4499, durationSeconds: 4499 });
  });

  it('answers for a capture without packets', async () => {
    const result = await analyze(buildPcap([], NS));
    expect(result.flows).toEqual([]);
    expect(result.capture).toMatchObject({
      packets: 0,
      firstTimestamp: null,
      lastTimestamp: null,
      durationSeconds: 0,
      linkTypes: ['Ethernet'],
    });
    expect(formatAnalysis(result)).toContain('Flows     none');
  });

  it('reads what is there of a capture that was cut, and says so', async () => {
    const whole = buildPcap(connection, NS);
    const { capture } = await analyze(whole.slice(0, whole.length - 10));
    expect(capture).toMatchObject({ packets: 4, ending: 'cut' });
    expect(capture.reason).toContain('after packet 4');
  });

  it('refuses what is no capture', async () => {
    await expect(analyze(new TextEncoder().encode('hello, world, this is text'))).rejects.toThrow(
      'expected a pcap or pcapng capture',
    );
  });

  it('counts super-segments and link types that are not read, by interface', async () => {
    const long = segmentFrame({ seq: 1, length: 4000 }, true);
    const bytes = new PcapngBuilder()
      .section()
      .interface({ linkType: 1, options: [textOption(2, 'eth0')] })
      .interface({ linkType: 147 })
      .enhanced({ data: Uint8Array.from(long), ticks: 1n })
      .enhanced({ data: Uint8Array.from(syn), ticks: 2n, interfaceId: 1 })
      .build();
    const result = await analyze(bytes);
    expect(result.capture).toMatchObject({
      format: 'pcapng',
      superSegments: 1,
      unreadLinkTypePackets: 1,
      nonIpPackets: 1,
      linkTypes: ['Ethernet', 'link type 147'],
    });
    expect(result.capture.interfaces.map(({ name, packets }) => [name, packets])).toEqual([
      ['eth0', 1],
      [null, 1],
    ]);
    expect(formatAnalysis(result)).toContain('1 packet of a link type that is not read');
  });
});

describe('CaptureAnalysis', () => {
  it('lists the flows with the most bytes when there are too many', () => {
    const analysis = new CaptureAnalysis();
    const rows = new CaptureRows(1);
    const columns = new PacketColumns(1);
    for (const length of [10, 30, 0, 20]) {
      const segment = { seq: 1, length, ports: [4000 + length, 80] as [number, number] };
      const bytes = Uint8Array.from(segmentFrame(segment, true));
      dissect(
        new DataView(bytes.buffer),
        0,
        bytes.length,
        bytes.length,
        LinkLayer.Ethernet,
        columns,
        0,
      );
      rows.originalLength[0] = bytes.length;
      rows.count = 1;
      analysis.add(rows, columns);
    }
    const source = {
      format: 'pcap',
      interfaces: [],
      ending: 'complete',
      reason: '',
      counters: { packets: 4, unstampedPackets: 0 },
    } as const;
    const result = analysis.finish(source, 2);
    expect(result.flows.map(({ clientPort }) => clientPort)).toEqual([4030, 4020]);
    expect(result.omittedFlows).toBe(2);
    expect(formatAnalysis(result)).toContain('Flows     4: TCP 4; the 2 largest are listed');
  });
});

describe('formatAnalysis', () => {
  it('prints the capture, its flows by size, and the rest in one line', async () => {
    const others = [4001, 4002, 4003].map((port, at) =>
      record(
        1_700_000_002 + at,
        0,
        segmentFrame({ seq: 1, length: 10 * at, ports: [port, 443] }, true),
      ),
    );
    const result = await analyze(buildPcap([...connection, ...others], NS));
    expect(formatAnalysis(result, { maxFlows: 2 })).toMatchInlineSnapshot(`
      "Capture   pcap, Ethernet, complete
      Packets   8 of 550 B, 456 B captured
      Time      1700000000.999999990 to 1700000004.000000000 (3.000000 s)
      Protocols TCP 7, ARP 1
      Noted     1 packet truncated by the snap length; 1 stamp earlier than the one before; 1 packet not IP
      Flows     5: TCP 4, ARP 1

      client > server               transport  packets up  down  bytes up   down    start  duration      RTT  resent up  down  client by
      10.0.0.1:4000 > 10.0.0.2:80   TCP                 2     2     108 B  208 B  0.000 s   0.030 s  15.0 ms          0     0        syn
      10.0.0.1:4003 > 10.0.0.2:443  TCP                 1     0      74 B    0 B  3.000 s   0.000 s        -          0     0       port
      3 more flows                                      3     0     160 B    0 B                                      0     0
      up: client to server; RTT: SYN to ACK of the SYN-ACK; resent: segments"
    `);
  });
});
