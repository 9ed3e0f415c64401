import { describe, expect, it } from 'vitest';
import { PcapWriter } from '../../../src/pcap/pcap-writer.ts';
import { buildPcap, patternBytes } from '../../support/capture-builder.ts';
import { readCapture } from '../../support/read-capture.ts';
import { MemorySink, writePcap } from '../../support/write-capture.ts';

const data = patternBytes(70);

describe('PcapWriter', () => {
  it('writes ns pcap, byte for byte — draft-gharris-opsawg-pcap §4, §5', () => {
    const packets = [
      { interfaceIndex: 0, seconds: 1_700_000_000, nanoseconds: 1, data, original: 1500 },
      { interfaceIndex: 0, seconds: 0xffffffff, nanoseconds: 999_999_999, data, original: 70 },
    ];
    const expected = buildPcap(
      [
        { seconds: 1_700_000_000, fraction: 1, data, original: 1500 },
        { seconds: 0xffffffff, fraction: 999_999_999, data },
      ],
      { magic: 0xa1b23c4d, linkType: 113, snapLength: 262_144 },
    );
    expect(writePcap(packets, 113)).toEqual(expected);
  });

  it('cuts packets at the snap length and states it', () => {
    const packet = { interfaceIndex: 0, seconds: 1, nanoseconds: 0, data, original: 70 };
    const { reader, packets } = readCapture(writePcap([packet], 1, 40));
    expect(packets).toMatchObject([{ captured: 40, original: 70 }]);
    expect(reader.interfaces[0]?.snapLength).toBe(40);
  });

  it('clamps and counts stamps that 32 bits do not hold', () => {
    const sink = new MemorySink();
    const writer = new PcapWriter({ linkType: 1, sink: sink.write });
    writer.writePacket(-1, 5, data, 0, 70, 70);
    writer.writePacket(2 ** 32, 5, data, 0, 70, 70);
    writer.flush();
    expect([writer.packets, writer.clampedStamps]).toEqual([2, 2]);
    const { packets } = readCapture(sink.bytes());
    expect(packets.map(({ time }) => time)).toEqual(['0.000000000', '4294967295.000000000']);
  });

  it('hands over whole records only, so that every prefix of pieces is a capture', () => {
    const sink = new MemorySink();
    const writer = new PcapWriter({ linkType: 1, sink: sink.write });
    const long = patternBytes(60_000);
    for (let packet = 0; packet < 40; packet++) writer.writePacket(packet, 0, long, 0, 60_000, 1);
    writer.flush();
    expect(sink.pieces.length).toBeGreaterThan(3);
    let count = 0;
    for (let pieces = 1; pieces <= sink.pieces.length; pieces++) {
      const prefix = Buffer.concat(sink.pieces.slice(0, pieces));
      const { reader } = readCapture(new Uint8Array(prefix));
      expect(reader.ending).toBe('complete');
      expect(reader.counters.packets).toBeGreaterThan(count);
      count = reader.counters.packets;
    }
    expect(count).toBe(40);
  });

  it('gathers in the memory of the caller and leaves the rest of it alone', () => {
    const arena = new Uint8Array(1 << 20).fill(0xee);
    arena.set(data, 10);
    const region = { bytes: arena, start: 1000, length: 300_000 };
    const sink = new MemorySink();
    const writer = new PcapWriter({ linkType: 1, sink: sink.write, buffer: region });
    for (let packet = 0; packet < 10_000; packet++)
      writer.writePacket(packet, 0, arena, 10, 70, 70);
    writer.flush();
    const { packets } = readCapture(sink.bytes());
    expect(packets).toHaveLength(10_000);
    expect(packets[9_999]?.data).toBe(Buffer.from(data).toString('hex'));
    expect(arena.subarray(80, 1000).every((byte) => byte === 0xee)).toBe(true);
    expect(arena.subarray(301_000).every((byte) => byte === 0xee)).toBe(true);
  });
});
