import { describe, expect, it } from 'vitest';
import { PcapngBuilder, patternBytes, textOption } from '../../support/capture-builder.ts';
import { readCapture } from '../../support/read-capture.ts';

const data = patternBytes(61);
const start = () => new PcapngBuilder().section().interface();
const times = (bytes: Uint8Array) => readCapture(bytes).packets.map(({ time }) => time);
const reasonOf = (builder: PcapngBuilder) => {
  const { reader, packets } = readCapture(builder.build());
  return [packets.length, reader.ending, reader.reason];
};

describe('pcapng', () => {
  it('reads sections of both byte orders and numbers interfaces through all — §4.1, §4.2', () => {
    const builder = new PcapngBuilder();
    for (const littleEndian of [true, false, true]) {
      const length = littleEndian ? -1n : 4n;
      builder.section({ littleEndian, length });
      builder.interface({ linkType: 1, snapLength: 77, options: [textOption(2, 'eth0')] });
      builder.interface({ linkType: 101, resolution: 9, options: [textOption(3, 'Über Land')] });
      builder.enhanced({ interfaceId: 1, ticks: 1_700_000_000_123_456_789n, data, original: 99 });
      builder.enhanced({ interfaceId: 0, ticks: 1_700_000_000_123_456n, data });
    }
    const { reader, packets } = readCapture(builder.build());
    expect(reader.ending).toBe('complete');
    expect(packets.map((packet) => packet.interfaceIndex)).toEqual([1, 0, 3, 2, 5, 4]);
    for (const packet of [packets[0], packets[2], packets[4]]) {
      expect(packet).toMatchObject({ time: '1700000000.123456789', captured: 61, original: 99 });
      expect(packet?.data).toBe(Buffer.from(data).toString('hex'));
    }
    expect(packets[3]?.time).toBe('1700000000.123456000');
    expect(reader.interfaces[3]).toEqual({
      linkType: 101,
      snapLength: 0,
      name: undefined,
      description: 'Über Land',
      tickUnit: { base: 10, exponent: 9 },
      offsetSeconds: 0,
      section: 1,
      isLittleEndian: false,
    });
    expect(reader.interfaces[4]).toMatchObject({ name: 'eth0', snapLength: 77, section: 2 });
    expect(reader.counters).toMatchObject({ packets: 6, sections: 3, unreadSections: 0 });
  });

  it('reads every resolution and offset — §4.2 if_tsresol, if_tsoffset', () => {
    const resolutions: [number, bigint][] = [
      [3, 10n ** 3n],
      [6, 10n ** 6n],
      [9, 10n ** 9n],
      [12, 10n ** 12n],
      [0x80 | 10, 2n ** 10n],
      [0x80 | 32, 2n ** 32n],
    ];
    for (const littleEndian of [true, false]) {
      for (const [resolution, perSecond] of resolutions) {
        const builder = new PcapngBuilder().section({ littleEndian });
        builder.interface({ resolution, offset: -3_000_000_000n });
        builder.enhanced({ ticks: (perSecond * 5n) / 2n, data });
        expect(times(builder.build())).toEqual(['-2999999998.500000000']);
      }
    }
  });

  it('reads obsolete packet blocks — Appendix A', () => {
    const builder = start().interface({ linkType: 113 });
    builder.obsolete({ interfaceId: 1, ticks: 5_000_001n, data, original: 1500 });
    expect(readCapture(builder.build()).packets).toMatchObject([
      { time: '5.000001000', captured: 61, original: 1500, interfaceIndex: 1 },
    ]);
  });

  it('gives simple packets their snap length and the stamp of the packet before, or the first there is — §4.4', () => {
    const builder = new PcapngBuilder().section().interface({ snapLength: 40 });
    builder.simple(data.subarray(0, 40), 1500).enhanced({ ticks: 9n, data });
    builder.simple(data.subarray(0, 30), 30);
    const { packets, reader } = readCapture(builder.build());
    expect(packets.map(({ time, captured, original }) => [time, captured, original])).toEqual([
      ['0.000009000', 40, 1500],
      ['0.000009000', 61, 61],
      ['0.000009000', 30, 30],
    ]);
    expect(reader.counters.unstampedPackets).toBe(2);
  });

  it('counts comments and reads those of a packet when asked — §3.5', () => {
    const builder = new PcapngBuilder().section();
    builder.interface({ options: [textOption(1, 'about the interface')] });
    const hash = { code: 3, value: patternBytes(5) };
    builder.enhanced({ data, options: [textOption(1, 'first'), hash, textOption(1, '第二')] });
    builder.enhanced({ data, options: [hash] });
    builder.enhanced({ data, options: [{ ...textOption(1, 'short'), length: 500 }] });
    const { packets, reader } = readCapture(builder.build());
    expect(packets.map(({ comments }) => comments)).toEqual([['first', '第二'], [], []]);
    expect(reader.counters.comments).toBe(3);
    expect(reader.ending).toBe('complete');
  });

  it('counts and passes over what is no packet', () => {
    const builder = start();
    builder.block(4, patternBytes(16)).block(5, patternBytes(12)).block(5, patternBytes(12));
    builder.block(0x0bad, patternBytes(8)).block(0x40000bad, patternBytes(4));
    builder.block(0x8000_0001, patternBytes(0)).block(77, patternBytes(400));
    builder.enhanced({ data });
    const { packets, reader } = readCapture(builder.build());
    expect(packets).toHaveLength(1);
    expect(reader.counters).toMatchObject({
      nameResolutionBlocks: 1,
      statisticsBlocks: 2,
      customBlocks: 2,
      unknownBlocks: 2,
      blocksNotKept: 1,
    });
    // Names of no form are not carried; statistics and what is not to be copied never are.
    expect(reader.carried).toEqual([
      { type: 0x0bad, body: patternBytes(8) },
      { type: 0x8000_0001 | 0, body: patternBytes(0) },
      { type: 77, body: patternBytes(400) },
    ]);
  });

  it('carries names of either byte order, and custom and unknown blocks of ours — §4.5', () => {
    const names = (littleEndian: boolean) => {
      const body = new DataView(new ArrayBuffer(24));
      body.setUint16(0, 1, littleEndian); // nrb_record_ipv4
      body.setUint16(2, 13, littleEndian);
      new Uint8Array(body.buffer).set([10, 0, 0, 1, ...new TextEncoder().encode('server.a')], 4);
      return new Uint8Array(body.buffer); // The record of length 0 ends the list.
    };
    for (const littleEndian of [true, false]) {
      const builder = new PcapngBuilder().section({ littleEndian }).interface();
      builder.block(4, names(littleEndian)).block(77, patternBytes(8)).enhanced({ data });
      const { reader } = readCapture(builder.build());
      const unknown = { type: 77, body: patternBytes(8) };
      const expected = { type: 4, body: names(true) };
      expect(reader.carried).toEqual(littleEndian ? [expected, unknown] : [expected]);
      expect(reader.counters.blocksNotKept).toBe(littleEndian ? 0 : 1);
    }
  });

  it('carries no journal entries, which are packets to other readers, and no cut custom block', () => {
    const builder = start().block(9, patternBytes(40)).block(0x0bad, patternBytes(0));
    const { reader } = readCapture(builder.enhanced({ data }).build());
    expect(reader.carried).toEqual([]);
    expect(reader.counters).toMatchObject({ unknownBlocks: 1, customBlocks: 1, blocksNotKept: 1 });
  });

  it('carries no more than 16 MiB of blocks', () => {
    const builder = start();
    for (let block = 0; block < 20; block++) builder.block(77, patternBytes(1_000_000));
    const { reader } = readCapture(builder.enhanced({ data }).build());
    expect(reader.carried).toHaveLength(16);
    expect(reader.counters).toMatchObject({ unknownBlocks: 20, blocksNotKept: 4 });
  });

  it('keeps decryption secrets for a writer, and no more than 16 MiB — §4.7', () => {
    const keys = new TextEncoder().encode('CLIENT_RANDOM 00 01\n');
    const builder = start().secrets(0x544c534b, keys);
    const large = patternBytes(1_000_000);
    for (let block = 0; block < 20; block++) builder.secrets(0x544c534b, large);
    builder.secrets(0x544c534b, patternBytes(1 << 20)).enhanced({ data });
    const { packets, reader } = readCapture(builder.build());
    expect(packets).toHaveLength(1);
    expect(reader.secrets[0]).toEqual({ type: 0x544c534b, bytes: keys });
    expect(reader.secrets).toHaveLength(17);
    expect(reader.counters).toMatchObject({ secretsBlocks: 22, secretsNotKept: 5 });
  });

  it('passes over a section of another major version — §4.1', () => {
    const builder = start().enhanced({ ticks: 1n, data });
    builder.section({ major: 2 }).block(6, patternBytes(4)).block(1, patternBytes(0));
    builder.section({ littleEndian: false }).interface().enhanced({ ticks: 3n, data });
    const { packets, reader } = readCapture(builder.build());
    expect(packets.map(({ time }) => time)).toEqual(['0.000001000', '0.000003000']);
    expect(reader.counters).toMatchObject({ sections: 3, unreadSections: 1 });
    expect(reader.interfaces.map(({ section }) => section)).toEqual([0, 2]);
  });

  it('passes over an unknown block longer than any block it is given', () => {
    const builder = start().block(99, patternBytes(3_000_000)).enhanced({ data });
    const { packets, reader } = readCapture(builder.build(), 4096);
    expect(packets).toHaveLength(1);
    expect(reader.counters.unknownBlocks).toBe(1);
    const cut = readCapture(start().block(99, patternBytes(3_000_000)).build().subarray(0, 99_999));
    expect([cut.reader.ending, cut.reader.reason]).toEqual([
      'cut',
      'ends at byte 99999, after packet 0, 2900061 bytes short',
    ]);
    const wrong = start().block(99, patternBytes(3_000_000), undefined, 12);
    expect(reasonOf(wrong)).toEqual([
      0,
      'malformed',
      'after packet 0, at byte 3000056: expected the block length 3000012 again at its end, got 12',
    ]);
  });

  it('has no interface and no packet in a file of one section header', () => {
    const { packets, reader } = readCapture(new PcapngBuilder().section().build());
    expect([packets.length, reader.interfaces.length, reader.ending]).toEqual([0, 0, 'complete']);
  });
});

describe('damaged pcapng', () => {
  const good = () => start().enhanced({ data });
  const at = 144;
  const malformed = (builder: PcapngBuilder, message: string) =>
    expect(reasonOf(builder)).toEqual([
      1,
      'malformed',
      `after packet 1, at byte ${at}: ${message}`,
    ]);

  it('is read up to a block length that cannot be', () => {
    const expected = 'expected a block length of at least 12 and a multiple of 4, got';
    malformed(good().block(6, data, 11), `${expected} 11`);
    malformed(good().block(99, patternBytes(64), 70), `${expected} 70`);
  });

  it('is read up to a trailing length that differs', () => {
    const message = 'expected the block length 44 again at its end, got 40';
    malformed(good().block(99, patternBytes(32), 44, 40), message);
  });

  it('is read up to an interface that was not described', () => {
    const message = "expected one of the section's 1 interfaces, got number 1";
    malformed(good().enhanced({ interfaceId: 1, data }), message);
    malformed(good().obsolete({ interfaceId: 1, data }), message);
  });

  it('is read up to a captured length beyond the block or beyond 262,144', () => {
    const message = 'expected a captured length of at most 64, got 65';
    malformed(good().enhanced({ captured: 65, data }), message);
    malformed(
      good().simple(data.subarray(0, 60), 61),
      message.replace('64', '60').replace('65', '61'),
    );
    malformed(
      good().enhanced({ data: patternBytes(262_145) }),
      'expected a captured length of at most 262144, got 262145',
    );
  });

  it('is read up to a packet or interface block too short for its type', () => {
    malformed(
      good().block(6, patternBytes(16)),
      'expected a block length of at least 32 for this type, got 28',
    );
    malformed(
      good().block(1, patternBytes(4)),
      'expected a block length of at least 20 for this type, got 16',
    );
  });

  it('is read up to a packet block of more than 1 MiB', () => {
    const comment = { code: 1, value: patternBytes(65_535) };
    const options = Array.from({ length: 17 }, () => comment);
    malformed(
      good().enhanced({ data, options }),
      'expected a block length of at most 1048576 here, got 1114280',
    );
  });

  it('is read up to a section header with another byte-order magic', () => {
    malformed(
      good().block(0x0a0d0d0a, Uint8Array.of(1, 2, 3, 4, ...patternBytes(12))),
      'expected a byte-order magic of 0x1a2b3c4d, got 0x01020304',
    );
  });

  it('is refused beyond 65,536 interfaces', () => {
    const builder = new PcapngBuilder().section();
    const one = new PcapngBuilder().interface().build();
    for (let index = 0; index < 65_537; index++) builder.raw(one);
    const { reader } = readCapture(builder.build());
    expect(reader.reason).toContain('expected at most 65536 interfaces, got one more');
  });

  it('ends as cut inside a block', () => {
    const bytes = good().build();
    const { reader, packets } = readCapture(bytes.subarray(0, bytes.length - 1));
    expect([packets.length, reader.ending]).toEqual([0, 'cut']);
    expect(reader.reason).toBe('ends at byte 143, after packet 0 with 95 bytes of the next record');
  });
});
