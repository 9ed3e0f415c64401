import { describe, expect, it } from 'vitest';
import { packetMemory } from '../../../src/wire/packet-memory.ts';
import {
  ChecksumVerdict,
  isBadChecksum,
  verifyChecksums,
} from '../../../src/wire/verify-checksums.ts';
import {
  ipBytes,
  type PacketSpec,
  tcpBytes,
  u16,
  withTransportChecksum,
} from '../../support/packets.ts';

const V4: PacketSpec = {
  vlanTags: [],
  version: 4,
  trafficClass: 0,
  ttl: 64,
  identification: 7,
  options: [],
  source: [192, 0, 2, 1],
  destination: [192, 0, 2, 2],
  tcp: {
    sourcePort: 1024,
    destinationPort: 80,
    sequence: 1,
    acknowledgment: 2,
    flags: 0x18,
    window: 512,
    urgentPointer: 0,
    options: [],
  },
  payload: [1, 2, 3],
};
const V6: PacketSpec = {
  ...V4,
  version: 6,
  source: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  destination: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
};

function verdictOf(packet: readonly number[], originalLength = packet.length): ChecksumVerdict {
  const memory = packetMemory(Uint8Array.from([0xff, ...packet, 0xff]));
  return verifyChecksums(memory, 1, 1 + packet.length, 1 + originalLength);
}

const udp = (spec: PacketSpec, payload: number[]): number[] =>
  withTransportChecksum(spec, 17, [...u16(53), ...u16(53), ...u16(8 + payload.length)], payload);

/** IPv6 with one extension header of 8 bytes. */
function extended(kind: number, header: number[], transport: number[]): number[] {
  return ipBytes(V6, kind, [6, ...header, ...transport]);
}

describe('verifyChecksums', () => {
  it('finds TCP over both versions of IP good — RFC 9293 §3.1, RFC 8200 §8.1', () => {
    expect(verdictOf(ipBytes(V4, 6, tcpBytes(V4)))).toBe(ChecksumVerdict.Good);
    expect(verdictOf(ipBytes(V6, 6, tcpBytes(V6)))).toBe(ChecksumVerdict.Good);
  });

  it('finds bytes behind the packet, Ethernet padding for one, of no account', () => {
    expect(verdictOf([...ipBytes(V4, 6, tcpBytes(V4)), 9, 9, 9])).toBe(ChecksumVerdict.Good);
    expect(verdictOf([...ipBytes(V6, 6, tcpBytes(V6)), 9, 9, 9])).toBe(ChecksumVerdict.Good);
  });

  it('names the IPv4 header before the transport', () => {
    const packet = ipBytes(V4, 6, tcpBytes(V4));
    packet[8] = 63; // TTL, without its checksum
    packet[30] = 99;
    expect(verdictOf(packet)).toBe(ChecksumVerdict.BadIpv4Header);
    packet[8] = 64;
    expect(verdictOf(packet)).toBe(ChecksumVerdict.BadTcp);
  });

  it('takes a UDP checksum of 0 as none over IPv4 and as wrong over IPv6 — RFC 768, RFC 8200 §8.1', () => {
    const withoutChecksum = [...udp(V4, [5]).slice(0, 6), 0, 0, 5];
    expect(verdictOf(ipBytes(V4, 17, udp(V4, [5])))).toBe(ChecksumVerdict.Good);
    expect(verdictOf(ipBytes(V4, 17, withoutChecksum))).toBe(ChecksumVerdict.Unverifiable);
    expect(verdictOf(ipBytes(V6, 17, withoutChecksum))).toBe(ChecksumVerdict.BadUdp);
  });

  it('covers what the UDP length says, not what IP carries', () => {
    expect(verdictOf(ipBytes(V4, 17, [...udp(V4, [5]), 77, 78]))).toBe(ChecksumVerdict.Good);
  });

  it('gives no verdict on fragments, cut packets and unknown transports', () => {
    const whole = ipBytes(V4, 6, tcpBytes(V4));
    expect(verdictOf(whole.slice(0, -1), whole.length)).toBe(ChecksumVerdict.Unverifiable);
    expect(verdictOf(ipBytes(V4, 47, [0, 0, 8, 0]))).toBe(ChecksumVerdict.Unverifiable);
    const fragment = ipBytes(V4, 6, tcpBytes(V4));
    // More fragments instead of Don't Fragment: the header checksum grows by the difference.
    fragment.splice(6, 1, 0x20);
    fragment.splice(10, 1, (fragment[10] as number) + 0x20);
    expect(verdictOf(fragment)).toBe(ChecksumVerdict.Unverifiable);
    const fragmentHeader = [0, 0, 1, 0, 0, 0, 9]; // more fragments
    expect(verdictOf(extended(44, fragmentHeader, tcpBytes(V6)))).toBe(
      ChecksumVerdict.Unverifiable,
    );
  });

  it('judges an atomic fragment as a whole packet — RFC 6946', () => {
    expect(verdictOf(extended(44, [0, 0, 0, 0, 0, 0, 9], tcpBytes(V6)))).toBe(ChecksumVerdict.Good);
  });

  it('gives no verdict where a routing header has segments left — RFC 8200 §8.1', () => {
    const left = (segments: number) => [0, 4, segments, 0, 0, 0, 0];
    expect(verdictOf(extended(43, left(1), tcpBytes(V6)))).toBe(ChecksumVerdict.Unverifiable);
    expect(verdictOf(extended(43, left(0), tcpBytes(V6)))).toBe(ChecksumVerdict.Good);
  });

  it('takes the length of the capture where the IP length is 0', () => {
    const packet = ipBytes(V4, 6, tcpBytes(V4));
    const length = packet.length;
    // Length 0 changes the header checksum by the length it no longer counts.
    const checksum = (((packet[10] as number) << 8) | (packet[11] as number)) + length;
    packet.splice(2, 2, 0, 0);
    packet.splice(10, 2, ...u16(checksum > 0xffff ? checksum - 0xffff : checksum));
    expect(verdictOf(packet)).toBe(ChecksumVerdict.Good);
  });

  it('calls what has no IP version not IP', () => {
    expect(verdictOf([0x00, 1, 2])).toBe(ChecksumVerdict.NotIp);
    expect(verifyChecksums(packetMemory(new Uint8Array(4)), -1, 4, 4)).toBe(ChecksumVerdict.NotIp);
  });

  it('counts five verdicts as bad', () => {
    const bad = [0, 1, 2, 3, 4, 5, 6, 7].filter(isBadChecksum);
    expect(bad).toEqual([1, 2, 3, 4, 5]);
  });
});
