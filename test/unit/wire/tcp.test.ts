import { describe, expect, it } from 'vitest';
import { checksumAdd, checksumFinish, pseudoHeaderIpv4Sum } from '../../../src/wire/checksum.ts';
import { Malformed } from '../../../src/wire/malformed.ts';
import { emitTcp, parseTcp, TcpFlag, type TcpHeader } from '../../../src/wire/tcp.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

const SYN: TcpHeader = {
  sourcePort: 0xc001,
  destinationPort: 80,
  sequence: 0xfffffffe,
  acknowledgment: 0,
  flags: TcpFlag.Syn | TcpFlag.Ece | TcpFlag.Cwr | TcpFlag.Ae,
  window: 64240,
  checksum: 0x1234,
  urgentPointer: 0,
  options: [
    { kind: 'mss', mss: 1460 },
    { kind: 'sackPermitted' },
    { kind: 'timestamps', tsVal: 0x80000001, tsEcr: 0 },
    { kind: 'nop' },
    { kind: 'windowScale', shift: 7 },
  ],
};
const SYN_BYTES = bytes(`c001 0050 fffffffe 00000000 a1c2 faf0 1234 0000
  020405b4 0402 080a 80000001 00000000 01 030307`);

describe('TCP header', () => {
  it('has its fields where RFC 9293 §3.1 puts them, and the AE flag beside CWR — RFC 9768', () => {
    expect(parseTcp(SYN_BYTES, 0, SYN_BYTES.length)).toEqual(SYN);
    const written = new Uint8Array(40);
    expect(emitTcp(SYN, written, 0)).toBe(40);
    expect(written).toEqual(SYN_BYTES);
  });

  it('carries the three reserved bits of the flags', () => {
    const reserved = SYN_BYTES.with(12, 0xaf);
    expect((parseTcp(reserved, 0, 40) as TcpHeader).flags).toBe(0xfc2);
  });

  it('verifies with the checksum that pseudo-header, header and payload give — RFC 9293 §3.1', () => {
    const packet = new Uint8Array(20 + 40 + 5);
    packet.set(bytes('45000041 00000000 40060000 c0000201 c0000202'), 0);
    const length = emitTcp({ ...SYN, checksum: 0 }, packet, 20) + 5;
    packet.set(bytes('68656c6c6f'), 60);
    const sum = pseudoHeaderIpv4Sum(packet, 0, 6, length);
    const checksum = checksumFinish(checksumAdd(packet, 20, length, sum));
    emitTcp({ ...SYN, checksum }, packet, 20);
    expect(checksumFinish(checksumAdd(packet, 20, length, sum))).toBe(0);
  });

  it('names a data offset below five words, and one behind the end', () => {
    expect(parseTcp(SYN_BYTES.with(12, 0x41), 0, 40)).toBe(Malformed.HeaderLength);
    expect(parseTcp(SYN_BYTES.with(12, 0xb1), 0, 40)).toBe(Malformed.Truncated);
  });
});
