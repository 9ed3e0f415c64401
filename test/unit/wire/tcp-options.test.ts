import { describe, expect, it } from 'vitest';
import { Malformed } from '../../../src/wire/malformed.ts';
import {
  emitTcpOptions,
  parseTcpOptions,
  TCP_OPTIONS_BYTES_MAX,
  type TcpOption,
  TIMESTAMPS_ALIGNED,
} from '../../../src/wire/tcp-options.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const parse = (hex: string) => parseTcpOptions(bytes(hex), 0, bytes(hex).length);

/** Both directions at once; the bytes need no padding. */
function expectOptions(hex: string, options: TcpOption[]): void {
  expect(parse(hex)).toEqual(options);
  const written = new Uint8Array(TCP_OPTIONS_BYTES_MAX);
  expect(emitTcpOptions(options, written, 0)).toBe(bytes(hex).length);
  expect(written.subarray(0, bytes(hex).length)).toEqual(bytes(hex));
}

const NOP: TcpOption = { kind: 'nop' };

describe('TCP options', () => {
  it('puts two NOPs before timestamps to align them — RFC 7323 appendix A', () => {
    const timestamps: TcpOption = { kind: 'timestamps', tsVal: 0xffffffff, tsEcr: 1 };
    expectOptions('0101080a ffffffff 00000001', [NOP, NOP, timestamps]);
    expect(TIMESTAMPS_ALIGNED).toBe(0x0101080a);
  });

  it('reads the window scale without judging it — RFC 7323 §2.2', () => {
    expectOptions('01 03 03 0f', [NOP, { kind: 'windowScale', shift: 15 }]);
  });

  it('holds up to four SACK blocks — RFC 2018 §3, the segments of case 3 in §7', () => {
    const edges = [8000, 8500, 7000, 7500, 6000, 6500];
    const blocks = [0, 2, 4].map((i) => ({ left: edges[i], right: edges[i + 1] }));
    const hex = (value: number) => value.toString(16).padStart(8, '0');
    expectOptions(`0101 051a ${edges.map(hex).join('')}`, [NOP, NOP, { kind: 'sack', blocks }]);
    const fourth = [...blocks, { left: 0xfffffff0, right: 0x10 }];
    expectOptions(`0101 0522 ${edges.map(hex).join('')} fffffff0 00000010`, [
      NOP,
      NOP,
      { kind: 'sack', blocks: fourth },
    ]);
  });

  it('requests and carries Fast Open cookies — RFC 7413 §4.1.1', () => {
    const fastOpen = (cookie: string, isExperimental = false): TcpOption => ({
      kind: 'fastOpen',
      cookie: bytes(cookie),
      isExperimental,
    });
    expectOptions('2202 0101', [fastOpen(''), NOP, NOP]);
    expectOptions('2206 01020304 0101', [fastOpen('01020304'), NOP, NOP]);
    const longest = '000102030405060708090a0b0c0d0e0f';
    expectOptions(`2212 ${longest} 0101`, [fastOpen(longest), NOP, NOP]);
    expectOptions('fe04 f989', [fastOpen('', true)]);
    expectOptions('fe0c f989 261fb060cecab690', [fastOpen('261fb060cecab690', true)]);
  });

  it('does not take a Fast Open option of an odd or impossible cookie for one — RFC 7413 §4.1.1', () => {
    const unknown = (optionKind: number, data: string): TcpOption => ({
      kind: 'unknown',
      optionKind,
      data: bytes(data),
    });
    expectOptions('2205 010203 010101', [unknown(34, '010203'), NOP, NOP, NOP]);
    expectOptions('2204 0102', [unknown(34, '0102')]);
    expectOptions('fe04 acc0', [unknown(254, 'acc0')]);
    expectOptions('fd04 f989', [unknown(253, 'f989')]);
  });

  it('recognises and carries MPTCP — RFC 8684 §3.1 — and accurate ECN — RFC 9768 §3.2.3', () => {
    expectOptions('1e04 0181', [{ kind: 'mptcp', data: bytes('0181') }]);
    const accEcn = (order: 0 | 1, data: string): TcpOption => ({
      kind: 'accEcn',
      order,
      data: bytes(data),
    });
    expectOptions('ac0b 000001 000002 000003 01', [accEcn(0, '000001000002000003'), NOP]);
    expectOptions('ae05 000001 010101', [accEcn(1, '000001'), NOP, NOP, NOP]);
    expectOptions('ac02 0101', [accEcn(0, ''), NOP, NOP]);
  });

  it('skips an option it does not know, carrying its bytes — RFC 9293 §3.1, MUST-6', () => {
    expectOptions('4d06 deadbeef 0101', [
      { kind: 'unknown', optionKind: 77, data: bytes('deadbeef') },
      NOP,
      NOP,
    ]);
  });

  it('ends at the end-of-list option, and pads with zeros — RFC 9293 §3.1, MUST-69', () => {
    expect(parse('0204 05b4 00 ffffff')).toEqual([{ kind: 'mss', mss: 1460 }]);
    const written = new Uint8Array(8).fill(0xff);
    expect(emitTcpOptions([{ kind: 'windowScale', shift: 2 }], written, 0)).toBe(4);
    expect(written).toEqual(bytes('03030200 ffffffff'));
  });

  it('refuses to write more than 40 bytes of options — RFC 9293 §3.1', () => {
    const four: TcpOption[] = Array.from({ length: 4 }, (_, i) => ({
      kind: 'timestamps',
      tsVal: i,
      tsEcr: 0,
    }));
    const written = new Uint8Array(100);
    expect(emitTcpOptions(four, written, 0)).toBe(40);
    expect(() => emitTcpOptions([...four, NOP], written, 0)).toThrow('at most 40 bytes');
  });

  it.each([
    ['a length below 2', '4d00 0101'],
    ['a length of 1', '0201 0101'],
    ['a kind without a length', '0101 01 02'],
    ['a length beyond the header', '0101 020405'],
    ['MSS', '0203 05 01'],
    ['window scale', '0304 0707'],
    ['SACK permitted', '0403 00 01'],
    ['SACK without a block', '0502 0101'],
    ['SACK with half a block', '0506 00000001 0101'],
    ['timestamps', '0809 00000001 000000 010101'],
  ])('names an impossible option length: %s — RFC 9293 §3.1, MUST-7', (_what, hex) => {
    expect(parse(hex)).toBe(Malformed.OptionLength);
  });
});
