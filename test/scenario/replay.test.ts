import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NetError } from '../../src/base/errors.ts';
import { packetMemory } from '../../src/wire/packet-memory.ts';
import {
  ChecksumVerdict,
  isBadChecksum,
  verifyChecksums,
} from '../../src/wire/verify-checksums.ts';
import { PcapngBuilder } from '../support/capture-builder.ts';
import { ACK, type Segment, SYN, segmentFrame } from '../support/packet-feed.ts';
import { type ReadCapture, readCapture } from '../support/read-capture.ts';
import { replay, timesNs } from '../support/replay.ts';
import { type WrittenPacket, writePcap, writePcapng } from '../support/write-capture.ts';

const ETHERNET = 1;
const EPOCH = 1_700_000_000;
const trace = (name: string) => new Uint8Array(readFileSync(`traces/${name}`));

/** A packet at a time in ms after EPOCH. */
function packet(ms: number, frame: readonly number[], interfaceIndex = 0): WrittenPacket {
  const ns = Math.round(ms * 1e6);
  return {
    interfaceIndex,
    seconds: EPOCH + Math.floor(ns / 1e9),
    nanoseconds: ns % 1e9,
    data: Uint8Array.from(frame),
    original: frame.length,
  };
}

const fromClient = (segment: Segment) => segmentFrame(segment, true);
const fromServer = (segment: Segment) => segmentFrame(segment, false);

/** SYN, SYN-ACK, ACK and `count` data segments of the server, a millisecond apart. */
function download(count: number): WrittenPacket[] {
  const packets = [
    packet(0, fromClient({ seq: 0, flags: SYN })),
    packet(1, fromServer({ seq: 0, ack: 1, flags: SYN | ACK })),
    packet(2, fromClient({ seq: 1, ack: 1 })),
  ];
  for (let index = 0; index < count; index++) {
    packets.push(packet(3 + index, fromServer({ seq: 1 + index * 1000, ack: 1, length: 1000 })));
  }
  return packets;
}

/** The TCP payloads of IPv4 packets one after the other, as hexadecimal digits. */
function tcpPayload(packets: ReadCapture['packets']): string {
  return packets
    .map(({ data }) => {
      const bytes = Buffer.from(data, 'hex');
      const tcp = 14 + ((bytes[14] as number) & 15) * 4;
      const payload = tcp + ((bytes[tcp + 12] as number) >> 4) * 4;
      return bytes.readUInt16BE(12) === 0x0800 ? data.slice(payload * 2) : '';
    })
    .join('');
}

describe('an open-loop replay', () => {
  it('delays and drops exactly as the arithmetic of a drop-tail link says', async () => {
    const bytes = trace('download-cubic.pcap');
    const { result } = await replay([bytes], {
      path: { toClient: { rate: '8 Mbps', delay: '20 ms', queue: '64 KiB' } },
    });
    const { packets } = readCapture(bytes);
    const times = timesNs(packets.map(({ time }) => time));
    let freeNs = 0;
    let waiting: { startNs: number; length: number }[] = [];
    const delays: number[] = [];
    let dropped = 0;
    for (const [index, { data, original }] of packets.entries()) {
      if (!data.startsWith('0a4d02', 2 * 26)) continue; // IPv4 source 10.77.2.x: the server
      const nowNs = times[index] as number;
      waiting = waiting.filter(({ startNs }) => startNs > nowNs);
      const backlog = waiting.reduce((sum, { length }) => sum + length, 0);
      if (freeNs > nowNs && backlog + original > 65_536) {
        dropped++;
        continue;
      }
      const startNs = Math.max(nowNs, freeNs);
      if (startNs > nowNs) waiting.push({ startNs, length: original });
      freeNs = startNs + original * 1000; // 8 Mbit/s: a byte a microsecond
      delays.push(freeNs + 20e6 - nowNs);
    }
    const { toClient, toServer } = result.total;
    expect(dropped).toBeGreaterThan(0);
    expect(toClient.drops).toEqual({ queueFull: dropped });
    expect(toClient.deliveredPackets).toBe(delays.length);
    expect(toClient.maxAddedDelayMs).toBe(Math.max(...delays) / 1e6);
    const mean = delays.reduce((sum, value) => sum + value, 0) / delays.length / 1e6;
    expect(toClient.meanAddedDelayMs).toBeCloseTo(mean, 9);
    expect(toServer.maxAddedDelayMs).toBe(0);
    expect(toServer.drops).toEqual({});
  });

  it('gives the capture back unchanged over a path that does nothing', async () => {
    for (const name of ['download-cubic.pcap', 'web-page-reno.pcap', 'upload-bbr.pcap']) {
      const { left, result } = await replay([trace(name)]);
      const strip = ({ time, captured, original, data }: (typeof left.packets)[number]) => ({
        time,
        captured,
        original,
        data,
      });
      expect(left.packets.map(strip)).toEqual(readCapture(trace(name)).packets.map(strip));
      expect(result.input.enteredFrames).toBe(left.packets.length);
    }
  });

  it('lets a stamp earlier than its predecessor enter at the predecessor’s time, and counts it', async () => {
    const frames = [0, 5, 3, 8].map((ms, index) => packet(ms, fromClient({ seq: index })));
    const { left, result } = await replay([writePcap(frames, ETHERNET)]);
    expect(timesNs(left.packets.map(({ time }) => time))).toEqual([0, 5e6, 5e6, 8e6]);
    expect(result.input.earlierStamps).toBe(1);
  });

  it('takes a stamp of another age as equal to its predecessor’s, and goes on from there', async () => {
    const frames = [0, 5, 6, 8].map((ms, index) => packet(ms, fromClient({ seq: index })));
    (frames[1] as WrittenPacket).seconds += 1_400_000_000;
    const { left, result } = await replay([writePcap(frames, ETHERNET)]);
    expect(timesNs(left.packets.map(({ time }) => time))).toEqual([0, 0, 0, 2e6]);
    expect(result.input.farStamps).toBe(2);
  });

  it('replays one of two copies seen at two interfaces, and both of two transmissions', async () => {
    const interfaces = [{ linkType: ETHERNET }, { linkType: ETHERNET }];
    const first = fromClient({ seq: 1, length: 50 });
    const routed = [...first];
    routed[14 + 8] = 63; // TTL, and with it the header checksum
    routed[14 + 10] = (routed[14 + 10] as number) + 1;
    const frames = [
      packet(0, first, 0),
      packet(1, routed, 1), // the same packet behind a router
      packet(200, first, 0), // sent again
      packet(201, routed, 1),
      packet(300, fromClient({ seq: 51, length: 50 }), 1),
    ];
    const { left, result } = await replay([writePcapng(interfaces, frames)]);
    expect(result.input.copies).toBe(2);
    expect(timesNs(left.packets.map(({ time }) => time))).toEqual([0, 200e6, 300e6]);
  });

  it('merges captures by time and recognises copies across them', async () => {
    const all = download(4);
    const server = writePcap(
      all.map((each) => ({ ...each, nanoseconds: each.nanoseconds + 1000 })),
      ETHERNET,
    );
    const client = writePcap(all.slice(0, 5), ETHERNET);
    const { result, left } = await replay([server, client]);
    expect(result.input.copies).toBe(5);
    expect(result.input.enteredPackets).toBe(12);
    expect(timesNs(left.packets.map(({ time }) => time))).toEqual(
      [0, 1, 2, 3, 4, 5.001, 6.001].map((ms) => ms * 1e6),
    );
  });

  it('sends what the opener sends to the server and the rest to the client', async () => {
    const { result } = await replay([writePcap(download(3), ETHERNET)]);
    expect(result.sides.grounds).toEqual({ syn: 1 });
    expect(result.flows[0]?.name).toBe('10.0.0.1:4000 > 10.0.0.2:80');
    expect(result.total.toServer.packets).toBe(2);
    expect(result.total.toClient.packets).toBe(4);
    expect(result.flows[0]?.handshakeRttMs).toBe(2);
  });

  it('takes the lower port for the server without a SYN, and the inside block before all', async () => {
    const data = writePcap(download(3).slice(3), ETHERNET);
    const byPort = await replay([data]);
    expect(byPort.result.sides.grounds).toEqual({ port: 1 });
    expect(byPort.result.total.toClient.packets).toBe(3);
    const inside = await replay([data], { inside: ['10.0.0.2/32'] });
    expect(inside.result.sides.grounds).toEqual({ inside: 1 });
    expect(inside.result.total.toServer.packets).toBe(3);
    const local = await replay([data], { inside: ['10.0.0.0/8'] });
    expect(local.result.input.notCrossing).toBe(3);
    expect(local.left.packets).toHaveLength(0);
  });

  it('cuts by time and repeats in rounds a mean gap apart', async () => {
    const data = writePcap(download(8), ETHERNET);
    const cut = await replay([data], {
      timing: { from: { sinceStartNs: 3e6 }, to: { epochSeconds: EPOCH, epochNanoseconds: 5e6 } },
    });
    expect(cut.left.packets).toHaveLength(3);
    expect(cut.left.packets[0]?.time).toBe(`${EPOCH}.003000000`);
    expect(cut.result.input.skippedPackets).toBe(3);
    const twice = await replay([data], { rounds: 2, timing: { speed: 2 } });
    expect(timesNs(twice.left.packets.map(({ time }) => time))).toEqual(
      Array.from({ length: 22 }, (_, index) => index * 0.5e6),
    );
    expect(twice.result.flows).toHaveLength(1);
  });

  it('splits super-segments into pieces that fit the MTU, with right checksums — RFC 9293 §3.7.1', async () => {
    const { result, left } = await replay([trace('offload-supersegments.pcap')]);
    const { superSegments, pieces } = result.input;
    expect(superSegments).toBe(24);
    expect(left.packets).toHaveLength(122 - superSegments + pieces);
    expect(Math.max(...left.packets.map(({ original }) => original))).toBe(1514);
    const original = readCapture(trace('offload-supersegments.pcap')).packets;
    expect(tcpPayload(left.packets)).toBe(tcpPayload(original));
  });

  it('passes secrets, names and unknown blocks on into the trace, once in all rounds', async () => {
    const names = Uint8Array.of(1, 0, 7, 0, 10, 0, 0, 1, 97, 98, 0, 0, 0, 0, 0, 0);
    const builder = new PcapngBuilder().section().interface();
    builder.block(4, names).block(77, names).block(5, names).secrets(0x544c534b, names);
    for (const { data } of download(3)) builder.enhanced({ data });
    const { left } = await replay([builder.build()], { rounds: 2 });
    expect(left.reader.carried).toEqual([
      { type: 4, body: names },
      { type: 77, body: names },
    ]);
    expect(left.reader.secrets).toEqual([{ type: 0x544c534b, bytes: names }]);
    expect(left.packets).toHaveLength(12);
  });

  it('replays what a capture that is cut off has', async () => {
    const whole = writePcap(download(8), ETHERNET);
    const { result, left } = await replay([whole.subarray(0, whole.length - 100)]);
    expect(left.packets).toHaveLength(10);
    expect(result.input.files[0]).toMatchObject({ packets: 10, ending: 'cut' });
  });

  it('refuses what is no capture and link types that are not read, by name', async () => {
    const text = new TextEncoder().encode('this is no capture, it is text');
    await expect(replay([text])).rejects.toThrow(NetError);
    const wireless = writePcap([packet(0, [1, 2, 3])], 105);
    await expect(replay([wireless])).rejects.toThrow(/expected link type .* got/);
  });

  it('takes a packet that states 2 GiB as it is, and corrupts the part that is there', async () => {
    const RAW_IP = 101;
    const stated = packet(0, fromServer({ seq: 0, length: 100 }).slice(14));
    stated.original = 2 ** 31 - 1;
    const { result, left } = await replay([writePcap([stated], RAW_IP)], {
      path: { toClient: { corrupt: '100 % bits 64' }, toServer: { corrupt: '100 % bits 64' } },
    });
    const { packets, bytes, corruptedPackets } = result.total.toClient;
    expect({ packets, bytes, corruptedPackets }).toEqual({
      packets: 1,
      bytes: 2 ** 31 - 1,
      corruptedPackets: 1,
    });
    expect(left.packets[0]?.captured).toBe(140);
  });

  it('counts frames for which there was no room, by name', async () => {
    const { result } = await replay([writePcap(download(50), ETHERNET)], {
      path: { toClient: { delay: '1 s' } },
      plan: { frameCapacity: 10 },
    });
    const { drops, packets, deliveredPackets } = result.total.toClient;
    expect(drops.framePoolEmpty).toBeGreaterThan(0);
    expect(deliveredPackets + (drops.framePoolEmpty ?? 0)).toBe(packets);
  });

  it('leaves bad exactly the frames that it corrupted', async () => {
    const { left, result } = await replay([trace('web-page-reno.pcap')], {
      path: { toClient: { corrupt: '10 % bits 3' }, toServer: { corrupt: '10 % bits 3' } },
    });
    const bad = left.packets.filter(({ data }) => {
      const memory = packetMemory(Uint8Array.from(Buffer.from(data, 'hex')));
      const length = memory.bytes.length;
      const isIp = memory.view.getUint16(12) !== 0x0806;
      const verdict = verifyChecksums(memory, 14, length, length);
      // A flipped IP version is as bad as a checksum.
      return isBadChecksum(verdict) || (isIp && verdict === ChecksumVerdict.NotIp);
    });
    const { corrupted, escaped, unverifiable } = result.links.reduce(
      (sum, link) => ({
        corrupted: sum.corrupted + link.corrupted,
        escaped: sum.escaped + link.corruptedEscaped,
        unverifiable: sum.unverifiable + link.corruptedUnverifiable,
      }),
      { corrupted: 0, escaped: 0, unverifiable: 0 },
    );
    expect(corrupted).toBeGreaterThan(20);
    expect(bad.length).toBe(corrupted - escaped - unverifiable);
  });

  it('keeps the books: packets + duplicates = delivered + drops, for every flow and way', async () => {
    const impaired = {
      rate: '3 Mbps',
      delay: '10 ms 8 ms distribution pareto',
      queue: '20 packets',
      loss: 'gemodel 2 % 20 %',
      duplicate: '3 %',
      reorder: '5 % gap 3',
      corrupt: '1 %',
    };
    const { result, run } = await replay([trace('web-page-reno.pcap'), trace('upload-bbr.pcap')], {
      path: { toClient: impaired, toServer: [impaired, { ...impaired, loss: '5 % 30 %' }] },
    });
    for (const flow of result.flows) {
      for (const way of [flow.toClient, flow.toServer]) {
        const dropped = Object.values(way.drops).reduce((sum, n) => sum + n, 0);
        expect(way.packets + way.duplicates).toBe(way.deliveredPackets + dropped);
      }
    }
    expect(run.network.pool.inUse).toBe(0);
    expect(result.total.toServer.reordering.packets).toBeGreaterThan(0);
  });
});

describe('determinism', () => {
  const path = { toClient: { rate: '8 Mbps', delay: '20 ms 3 ms', loss: '1 %', corrupt: '1 %' } };

  it('gives one fingerprint for one seed, another for another', async () => {
    const print = async (seed: number) =>
      (await replay([trace('web-page-reno.pcap')], { path, seed })).result.fingerprint;
    const first = await print(1);
    expect(await print(1)).toBe(first);
    expect(await print(2)).not.toBe(first);
  });

  it('does not depend on how the bytes were read', async () => {
    const whole = await replay([trace('web-page-reno.pcap')], { path });
    const slow = await replay([trace('web-page-reno.pcap')], { path, readBytes: 777 });
    expect(slow.result).toEqual(whole.result);
    expect(Buffer.compare(slow.trace, whole.trace)).toBe(0);
  });

  it('gives the same capture and fingerprint with bytes made at every hop', async () => {
    for (const name of ['web-page-reno.pcap', 'offload-supersegments.pcap', 'upload-bbr.pcap']) {
      const lazy = await replay([trace(name)], { path });
      const always = await replay([trace(name)], { path, wireAlways: true });
      expect(always.result).toEqual(lazy.result);
      expect(Buffer.compare(always.trace, lazy.trace)).toBe(0);
    }
  });
});
