import { describe, expect, it } from 'vitest';
import { PcapngWriter } from '../../../src/pcap/pcapng-writer.ts';
import { PcapngBuilder, patternBytes, textOption } from '../../support/capture-builder.ts';
import { readCapture } from '../../support/read-capture.ts';
import { MemorySink, writePcapng } from '../../support/write-capture.ts';

const data = patternBytes(61);

/** A section header, with the options that our builder of odd files does not write. */
function sectionBytes(application: string): Uint8Array {
  const plain = new PcapngBuilder().section().build();
  const text = new TextEncoder().encode(application);
  const options = new Uint8Array(4 + ((text.length + 3) & ~3) + 4);
  options.set([4, 0, text.length, 0]);
  options.set(text, 4);
  const body = Buffer.concat([plain.subarray(8, 24), options]);
  return new PcapngBuilder().block(0x0a0d0d0a, new Uint8Array(body)).build();
}

describe('PcapngWriter', () => {
  it('gives a capture without packets an interface, as libpcap wants it', () => {
    const { packets, reader } = readCapture(writePcapng([], []));
    expect([packets.length, reader.ending]).toEqual([0, 'complete']);
    expect(reader.interfaces.map(({ linkType }) => linkType)).toEqual([1]);
  });

  it('writes sections, interfaces and packets, byte for byte — §4.1, §4.2, §4.3', () => {
    const written = writePcapng(
      [{ linkType: 1, name: 'in', snapLength: 96 }],
      [
        {
          interfaceIndex: 0,
          seconds: 1_700_000_000,
          nanoseconds: 987_654_321,
          data,
          original: 1514,
          comment: 'dropped',
        },
      ],
    );
    const expected = new PcapngBuilder()
      .raw(sectionBytes('sluice'))
      .interface({ snapLength: 96, options: [textOption(2, 'in')], resolution: 9 })
      .enhanced({
        ticks: 1_700_000_000_987_654_321n,
        data,
        original: 1514,
        options: [textOption(1, 'dropped')],
      });
    expect(written).toEqual(expected.build());
  });

  it('is exact in 64-bit nanoseconds from the offset on, and clamps and counts beyond', () => {
    const sink = new MemorySink();
    const writer = new PcapngWriter({ sink: sink.write });
    writer.addInterface({ linkType: 1 });
    writer.addInterface({ linkType: 1, offsetSeconds: -5_000_000_000 });
    const stamps: [number, number][] = [
      [0, 0],
      [0, 1],
      [4_294_967_296, 0],
      [4_294_967_295, 999_999_999],
      [9_007_199, 254_740_993],
      [18_446_744_072, 999_999_999],
    ];
    for (const [seconds, nanoseconds] of stamps) {
      writer.writePacket(0, seconds, nanoseconds, data, 0, 61, 61);
      writer.writePacket(1, seconds - 5_000_000_000, nanoseconds, data, 0, 61, 61);
    }
    expect(writer.clampedStamps).toBe(0);
    writer.writePacket(0, -1, 7, data, 0, 61, 61);
    writer.writePacket(0, 18_446_744_073, 7, data, 0, 61, 61);
    writer.flush();
    expect(writer.clampedStamps).toBe(2);
    const { packets } = readCapture(sink.bytes());
    const times = packets.map(({ time }) => time);
    const nine = (nanoseconds: number) => String(nanoseconds).padStart(9, '0');
    expect(times).toEqual([
      ...stamps.flatMap(([seconds, nanoseconds]) => [
        `${seconds}.${nine(nanoseconds)}`,
        `${seconds - 5_000_000_000}.${nine(nanoseconds)}`,
      ]),
      '0.000000000',
      '18446744072.000000000',
    ]);
  });

  it('passes decryption secrets on as they came — §4.7', () => {
    const keys = new TextEncoder().encode('CLIENT_RANDOM aa bb\n');
    const source = new PcapngBuilder().section().secrets(0x544c534b, keys).build();
    const { secrets } = readCapture(source).reader;
    const sink = new MemorySink();
    const writer = new PcapngWriter({ sink: sink.write });
    for (const each of secrets) writer.addSecrets(each);
    writer.flush();
    expect(readCapture(sink.bytes()).reader.secrets).toEqual([{ type: 0x544c534b, bytes: keys }]);
  });

  it('cuts comments and names at 65,535 bytes, between characters', () => {
    const comment = '€'.repeat(30_000);
    const packet = { interfaceIndex: 0, seconds: 0, nanoseconds: 0, data, original: 61, comment };
    const { packets, reader } = readCapture(writePcapng([{ linkType: 1 }], [packet, packet]));
    expect(packets.map(({ comments }) => comments[0]?.length)).toEqual([21_845, 21_845]);
    expect(reader.ending).toBe('complete');
  });

  it('takes interfaces between packets and cuts each at its own snap length', () => {
    const sink = new MemorySink();
    const writer = new PcapngWriter({ sink: sink.write });
    expect(writer.addInterface({ linkType: 1, snapLength: 33 })).toBe(0);
    writer.writePacket(0, 1, 0, data, 0, 61, 61);
    expect(writer.addInterface({ linkType: 101, description: 'raw' })).toBe(1);
    writer.writePacket(1, 1, 0, data, 1, 60, 60);
    writer.flush();
    const { packets, reader } = readCapture(sink.bytes());
    expect(packets.map(({ captured }) => captured)).toEqual([33, 60]);
    expect(packets[1]?.data).toBe(Buffer.from(data.subarray(1)).toString('hex'));
    expect(reader.interfaces[1]).toMatchObject({ linkType: 101, description: 'raw' });
  });
});
