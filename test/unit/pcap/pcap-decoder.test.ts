import { describe, expect, it } from 'vitest';
import { NetError } from '../../../src/base/errors.ts';
import { buildPcap, patternBytes } from '../../support/capture-builder.ts';
import { readCapture } from '../../support/read-capture.ts';

const data = patternBytes(60);
const times = (bytes: Uint8Array) => readCapture(bytes).packets.map(({ time }) => time);

describe('pcap', () => {
  for (const littleEndian of [true, false]) {
    const order = littleEndian ? 'little' : 'big';
    it(`reads µs and ns stamps in ${order}-endian files — draft-gharris-opsawg-pcap §4`, () => {
      const records = [
        { seconds: 0, fraction: 0, data },
        { seconds: 1_700_000_000, fraction: 999_999, data },
        { seconds: 0xffffffff, fraction: 1, data },
      ];
      const us = readCapture(buildPcap(records, { littleEndian, linkType: 113, snapLength: 96 }));
      expect(us.packets.map(({ time }) => time)).toEqual([
        '0.000000000',
        '1700000000.999999000',
        '4294967295.000001000',
      ]);
      expect(us.reader.interfaces).toEqual([
        {
          linkType: 113,
          snapLength: 96,
          name: undefined,
          description: undefined,
          tickUnit: { base: 10, exponent: 6 },
          offsetSeconds: 0,
          section: 0,
          isLittleEndian: littleEndian,
        },
      ]);
      expect(us.reader.format).toBe('pcap');
      expect(us.reader.ending).toBe('complete');
      const ns = times(buildPcap(records, { littleEndian, magic: 0xa1b23c4d }));
      expect(ns[1]).toBe('1700000000.000999999');
    });
  }

  it('gives captured and original lengths as stated, and 2^31 - 1 for more — §5', () => {
    const { packets } = readCapture(
      buildPcap([
        { seconds: 1, fraction: 0, data: data.subarray(0, 20), original: 1500 },
        { seconds: 1, fraction: 0, data, original: 40 },
        { seconds: 1, fraction: 0, data: data.subarray(0, 0), original: 0xffffffff },
      ]),
    );
    const lengths = packets.map(({ captured, original }) => [captured, original]);
    expect(lengths).toEqual([
      [20, 1500],
      [60, 40],
      [0, 0x7fffffff],
    ]);
    expect(packets[0]?.data).toBe(Buffer.from(data.subarray(0, 20)).toString('hex'));
  });

  it("reads the 24-byte records of Kuznetzov's patched tcpdump", () => {
    const bytes = buildPcap(
      [
        { seconds: 5, fraction: 6, data },
        { seconds: 7, fraction: 8, data },
      ],
      { magic: 0xa1b2cd34 },
    );
    const { packets } = readCapture(bytes);
    expect(packets.map(({ time }) => time)).toEqual(['5.000006000', '7.000008000']);
    expect(packets[1]?.data).toBe(Buffer.from(data).toString('hex'));
  });

  it('takes the smaller length as the captured one in files of version 2.3 and before', () => {
    const record = { seconds: 1, fraction: 0, data, captured: 1500, original: 60 };
    const { packets } = readCapture(buildPcap([record], { minor: 3 }));
    expect(packets).toMatchObject([{ captured: 60, original: 1500 }]);
  });

  it('carries a fraction of a second or more over into the seconds, and counts it', () => {
    const bytes = buildPcap([
      { seconds: 10, fraction: 1_000_000, data },
      { seconds: 10, fraction: 0xffffffff, data },
      { seconds: 10, fraction: 999_999, data },
    ]);
    const { packets, reader } = readCapture(bytes);
    expect(packets.map(({ time }) => time)).toEqual([
      '11.000000000',
      '4304.967295000',
      '10.999999000',
    ]);
    expect(reader.counters.overflowingFractions).toBe(2);
  });

  it('looks at the 16 bits of the link type only, not at the FCS bits — §4', () => {
    const bytes = buildPcap([], { linkType: 0x2400_0001 });
    expect(readCapture(bytes).reader.interfaces[0]?.linkType).toBe(1);
  });

  it('reads what is there of a file that was cut, and says where it ends', () => {
    const record = { seconds: 1, fraction: 0, data };
    const bytes = buildPcap([record, record]);
    const { reader, packets } = readCapture(bytes.subarray(0, bytes.length - 10));
    expect(packets).toHaveLength(1);
    expect(reader.ending).toBe('cut');
    expect(reader.reason).toBe('ends at byte 166, after packet 1 with 66 bytes of the next record');
  });

  it('stops at a captured length that no packet has, and keeps what it read', () => {
    const record = { seconds: 1, fraction: 0, data };
    const { reader, packets } = readCapture(
      buildPcap([record, { ...record, captured: 262_145 }, record]),
    );
    expect(packets).toHaveLength(1);
    expect(reader.ending).toBe('malformed');
    expect(reader.reason).toBe(
      'after packet 1, at byte 100: expected a captured length of at most 262144, got 262145',
    );
  });

  it('reads a packet of 262,144 bytes', () => {
    const { packets } = readCapture(
      buildPcap([{ seconds: 1, fraction: 0, data: patternBytes(262_144) }]),
    );
    expect(packets).toMatchObject([{ captured: 262_144 }]);
  });
});

describe('an input that is no capture', () => {
  const refused = (bytes: Uint8Array): unknown => {
    try {
      return readCapture(bytes);
    } catch (error) {
      return error instanceof NetError ? error.message : error;
    }
  };

  it('is refused in one line that shows its first bytes', () => {
    expect(refused(Buffer.from('GIF89a and so on and on and on'))).toBe(
      'test: expected a pcap or pcapng capture, ' +
        'got 16 first bytes 47 49 46 38 39 61 20 61 6e 64 20 73 6f 20 6f 6e',
    );
  });

  it('may be empty, end within the header, or state another version', () => {
    const expected = 'test: expected a pcap or pcapng capture, got';
    expect(refused(new Uint8Array(0))).toBe(`${expected} nothing`);
    expect(refused(buildPcap([]).subarray(0, 5))).toBe(`${expected} 5 first bytes d4 c3 b2 a1 02`);
    expect(refused(buildPcap([], { major: 1 }))).toBe(`${expected} pcap of version 1`);
    const section = Buffer.concat([Buffer.from('0a0d0d0a1c000000', 'hex'), new Uint8Array(20)]);
    expect(refused(section)).toBe(
      `${expected} 16 first bytes 0a 0d 0d 0a 1c 00 00 00 00 00 00 00 00 00 00 00`,
    );
  });
});
