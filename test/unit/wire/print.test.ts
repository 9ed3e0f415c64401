import { describe, expect, it } from 'vitest';
import { LinkLayer } from '../../../src/wire/link-layer.ts';
import { formatPacket } from '../../../src/wire/print.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const print = (hex: string, linkLayer: LinkLayer = LinkLayer.Raw) =>
  formatPacket(bytes(hex), 0, bytes(hex).length, linkLayer);

const MACS = '020000000002 020000000001';
/** An IPv4 header from 10.0.0.1 to 10.0.0.2. */
const ipv4 = (totalLength: number, protocol: number, fragment = '0000') =>
  `4500 ${totalLength.toString(16).padStart(4, '0')} 006f ${fragment} 40` +
  `${protocol.toString(16).padStart(2, '0')} 0000 0a000001 0a000002`;
const ADDRESSES = 'fe800000000000000000000000000001 fe800000000000000000000000000002';
const ipv6 = (payloadLength: number, nextHeader: string) =>
  `60000000 ${payloadLength.toString(16).padStart(4, '0')} ${nextHeader} ff ${ADDRESSES}`;

const SYN_ACK = `${ipv4(60, 6)} 0050 1388 00000001 00000002 a012 ffff 0000 0000
  0204 05b4 0402 080a 00000001 00000000 01 030307`;

describe('text of TCP', () => {
  it('shows ports, flags, numbers, window, options and length of payload', () => {
    expect(print(SYN_ACK)).toBe(
      'IP 10.0.0.1.80 > 10.0.0.2.5000: Flags [S.], seq 1, ack 2, win 65535, ' +
        'options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7], length 0',
    );
  });

  it('shows a range of sequence numbers for data, across the wrap', () => {
    expect(print(`${ipv4(44, 6)} 0050 1388 fffffffe 00000002 5018 0010 0000 0000 61626364`)).toBe(
      'IP 10.0.0.1.80 > 10.0.0.2.5000: Flags [P.], seq 4294967294:2, ack 2, win 16, length 4',
    );
  });

  it('counts payload that the snap length cut', () => {
    expect(print(`${ipv4(1500, 6)} 0050 1388 00000001 00000002 5010 0010 0000 0000`)).toContain(
      'seq 1:1461, ack 2, win 16, length 1460',
    );
    expect(print(`${ipv4(1500, 6)} 0050 1388 00000001`)).toBe('IP 10.0.0.1 > 10.0.0.2: [|tcp]');
  });

  it('ends with the bytes where a host left the total length 0 for its network card to fill', () => {
    expect(print(`${ipv4(0, 6)} 0050 1388 00000001 00000002 5010 0010 0000 0000 616263`)).toContain(
      'seq 1:4, ack 2, win 16, length 3',
    );
  });

  it('shows all nine flags, the urgent pointer, and none', () => {
    const segment = (flags: string) =>
      `${ipv4(40, 6)} 0001 0002 00000003 00000004 ${flags} 0005 0000 0006`;
    expect(print(segment('51ff'))).toContain(
      'Flags [FSRP.UEWe], seq 3, ack 4, win 5, urg 6, length 0',
    );
    expect(print(segment('5000'))).toContain('Flags [none], win 5, length 0');
  });

  it('shows SACK blocks, cookies, MPTCP, accurate ECN, experiments and the unknown', () => {
    const options = [
      '050a 00000001 00000002',
      '2202',
      'fe08 f989 01020304',
      '1e04 0181',
      'ac05 000001',
      'fe04 acc0',
      '4d03 07',
    ];
    expect(
      print(`${ipv4(76, 6)} 0001 0002 00000003 00000004 e010 0005 0000 0000 ${options.join('')}`),
    ).toContain(
      'options [sack 1 {1:2},tfo cookiereq,exp-tfo cookie 01020304,mptcp 4 capable,' +
        'accecn0 0x000001,exp-acc0,unknown-77 0x07]',
    );
  });

  it('says so where options or the data offset make no sense', () => {
    const segment = (offset: string, options: string) =>
      `${ipv4(44, 6)} 0001 0002 00000003 00000004 ${offset}10 0005 0000 0000 ${options}`;
    expect(print(segment('60', '02050000'))).toContain('options [bad opt], length 0');
    expect(print(segment('40', '00000000'))).toBe(
      'IP 10.0.0.1.1 > 10.0.0.2.2: tcp, header length too small',
    );
  });
});

describe('text of other protocols', () => {
  it('shows UDP by its length field', () => {
    expect(print(`${ipv4(32, 17)} 0035 c001 000c 0000 61626364`)).toBe(
      'IP 10.0.0.1.53 > 10.0.0.2.49153: UDP, length 4',
    );
    expect(print(`${ipv4(32, 17)} 0035 c001 0003 0000 61626364`)).toBe(
      'IP 10.0.0.1.53 > 10.0.0.2.49153: UDP, total length smaller than the header',
    );
  });

  it.each([
    ['08 00 0000 0001 0002', 'ICMP echo request, id 1, seq 2, length 8'],
    ['00 00 0000 0001 0002', 'ICMP echo reply, id 1, seq 2, length 8'],
    ['03 01 0000 0000 0000', 'ICMP host 10.0.0.2 unreachable, length 36'],
    ['03 03 0000 0000 0000', 'ICMP 10.0.0.2 udp port 53 unreachable, length 36'],
    ['03 04 0000 0000 0578', 'ICMP 10.0.0.2 unreachable - need to frag (mtu 1400), length 36'],
    ['05 01 0000 0a0000fe', 'ICMP redirect 10.0.0.2 to 10.0.0.254, length 36'],
    ['0b 00 0000 00000000', 'ICMP time exceeded in-transit, length 36'],
    ['0d 00 0000 00000000', 'ICMP type-13, length 36'],
  ])('puts ICMP %s into words', (header, text) => {
    const quote = text.endsWith('36') ? `${ipv4(60, 17)} c001 0035 0000 0000` : '';
    const length = 20 + Number(text.endsWith('36') ? 36 : 8);
    expect(print(`${ipv4(length, 1)} ${header} ${quote}`)).toBe(`IP 10.0.0.1 > 10.0.0.2: ${text}`);
  });

  it.each([
    ['80 00 0000 0001 0002', 'echo request, id 1, seq 2, length 8'],
    ['02 00 0000 00000500', 'packet too big, mtu 1280, length 8'],
    [
      `87 00 0000 00000000 ${ADDRESSES.slice(0, 32)}`,
      'neighbor solicitation, who has fe80::1, length 24',
    ],
    ['86 00 0000 40000708', 'router advertisement, length 8'],
  ])('puts ICMPv6 %s into words', (message, text) => {
    const length = bytes(message).length;
    expect(print(`${ipv6(length, '3a')} ${message}`)).toBe(`IP6 fe80::1 > fe80::2: ICMP6, ${text}`);
  });

  it('shows ARP requests and replies', () => {
    const arp = (operation: string) =>
      `${MACS} 0806 0001 0800 0604 ${operation} 020000000001 0a000001 000000000000 0a000002`;
    expect(print(arp('0001'), LinkLayer.Ethernet)).toBe(
      'ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28',
    );
    expect(print(arp('0002'), LinkLayer.Ethernet)).toBe(
      'ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28',
    );
  });

  it('shows where a fragment lies: identification, length, offset, and a plus if more follow', () => {
    expect(print(`${ipv4(28, 17, '2000')} 0035 c001 0100 0000`)).toBe(
      'IP 10.0.0.1.53 > 10.0.0.2.49153: UDP, length 248 (frag 111:8@0+)',
    );
    expect(print(`${ipv4(28, 17, '0001')} 0035 c001 0100 0000`)).toBe(
      'IP 10.0.0.1 > 10.0.0.2: ip-proto-17 (frag 111:8@8)',
    );
    expect(print(`${ipv6(16, '2c')} 1100 0009 0000beef 0035 c001 0100 0000`)).toBe(
      'IP6 fe80::1 > fe80::2: ip-proto-17 (frag 48879:8@8+)',
    );
  });

  it('numbers a protocol that it does not know', () => {
    expect(print(`${ipv4(24, 89)} 00000000`)).toBe('IP 10.0.0.1 > 10.0.0.2: ip-proto-89, length 4');
  });
});

describe('text of link layers', () => {
  const packet = `${ipv4(24, 89)} 00000000`;
  const text = 'IP 10.0.0.1 > 10.0.0.2: ip-proto-89, length 4';

  it.each([
    [LinkLayer.Ethernet, `${MACS} 0800`],
    [LinkLayer.LinuxCooked, '0000 0001 0006 020000000001 0000 0800'],
    [LinkLayer.LinuxCooked2, '0800 0000 00000007 0001 00 06 020000000001 0000'],
    [LinkLayer.Null, '02000000'],
    [LinkLayer.Loop, '00000002'],
    [LinkLayer.Raw, ''],
    [LinkLayer.RawIpv4, ''],
  ])('finds IP behind link layer %i', (linkLayer, header) => {
    expect(print(`${header} ${packet}`, linkLayer)).toBe(text);
  });

  it('shows VLAN identifiers, outermost first', () => {
    expect(print(`${MACS} 88a8 0064 8100 efff 0800 ${packet}`, LinkLayer.Ethernet)).toBe(
      `vlan 100, vlan 4095, ${text}`,
    );
  });

  it('names what is not IP', () => {
    expect(print(`${MACS} 88cc 0207`, LinkLayer.Ethernet)).toBe('ethertype 0x88cc, length 2');
    expect(print(`${MACS} 0026 4242`, LinkLayer.Ethernet)).toBe('802.3, length 38');
    expect(print('0000', LinkLayer.Unsupported)).toBe('unsupported link layer, length 2');
  });

  it('names what cannot be read', () => {
    expect(print('45')).toBe('IP, truncated');
    expect(print('60')).toBe('IP6, truncated');
    expect(print(MACS, LinkLayer.Ethernet)).toBe('[|link layer]');
    expect(print(`${MACS} 8100 00`, LinkLayer.Ethernet)).toBe('vlan, truncated');
    expect(print(`${ipv4(10, 6)}`)).toBe('IP, total length smaller than the header');
  });
});
