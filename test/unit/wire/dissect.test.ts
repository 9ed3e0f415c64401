import { describe, expect, it } from 'vitest';
import { dissect } from '../../../src/wire/dissect.ts';
import { LinkLayer } from '../../../src/wire/link-layer.ts';
import {
  DissectStatus,
  FragmentKind,
  PACKET_ROWS_MAX,
  PacketColumns,
} from '../../../src/wire/packet-columns.ts';
import {
  ethernetBytes,
  ipBytes,
  type PacketSpec,
  tcpBytes,
  u16,
  u32,
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
const TCP_V4 = ipBytes(V4, 6, tcpBytes(V4));
const TCP_V6 = ipBytes(V6, 6, tcpBytes(V6));

type Facts = Partial<Record<Exclude<keyof PacketColumns, 'capacity' | 'addresses'>, number>>;

/** The columns named in `facts`, of a packet. */
function check(
  packet: readonly number[],
  layer: LinkLayer,
  facts: Facts,
  originalLength = packet.length,
): void {
  const columns = new PacketColumns(1);
  const bytes = Uint8Array.from(packet);
  dissect(new DataView(bytes.buffer), 0, bytes.length, originalLength, layer, columns, 0);
  const found = Object.fromEntries(
    Object.keys(facts).map((name) => [name, (columns[name as keyof Facts] as Int32Array)[0]]),
  );
  expect(found).toEqual(facts);
}

describe('dissect, link layers', () => {
  const v4 = { ipVersion: 4, etherType: 0x0800, sourcePort: 1024, wireLength: 14 + TCP_V4.length };
  const v6 = { ipVersion: 6, etherType: 0x86dd, sourcePort: 1024, wireLength: 14 + TCP_V6.length };

  it('tells raw packets apart by their version', () => {
    for (const layer of [LinkLayer.Raw, LinkLayer.RawIpv4, LinkLayer.RawIpv6]) {
      check(TCP_V4, layer, { ...v4, networkOffset: 0 });
      check(TCP_V6, layer, { ...v6, networkOffset: 0 });
    }
    check([0x15, 0, 0], LinkLayer.Raw, { status: DissectStatus.NotIp, etherType: -1 });
  });

  it('reads loopback families in both byte orders and of all systems', () => {
    for (const layer of [LinkLayer.Null, LinkLayer.Loop]) {
      check([0, 0, 0, 2, ...TCP_V4], layer, { ...v4, networkOffset: 4 });
      check([2, 0, 0, 0, ...TCP_V4], layer, v4);
      for (const family of [10, 24, 28, 30]) {
        check([0, 0, 0, family, ...TCP_V6], layer, v6);
        check([family, 0, 0, 0, ...TCP_V6], layer, v6);
      }
      check([0, 0, 0, 7, ...TCP_V4], layer, { status: DissectStatus.NotIp, networkOffset: -1 });
    }
  });

  it('reads both versions of Linux cooked headers, also with a VLAN tag', () => {
    const address = [0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    const cooked = [0, 0, ...address, ...u16(0x0800)];
    check([...cooked, ...TCP_V4], LinkLayer.LinuxCooked, { ...v4, networkOffset: 16 });
    const tagged = [...cooked.slice(0, 14), ...u16(0x8100), ...u16(5), ...u16(0x86dd)];
    check([...tagged, ...TCP_V6], LinkLayer.LinuxCooked, {
      ipVersion: 6,
      vlan: 5,
      networkOffset: 20,
      wireLength: 18 + TCP_V6.length,
    });
    const cooked2 = [...u16(0x0800), 0, 0, ...u32(3), ...u16(1), 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    check([...cooked2, ...TCP_V4], LinkLayer.LinuxCooked2, { ...v4, networkOffset: 20 });
  });

  it('skips stacked tags, keeps the outer one, and gives up on a deep stack', () => {
    check(ethernetBytes({ ...V4, vlanTags: [0xe00a, 20] }, TCP_V4), LinkLayer.Ethernet, {
      ...v4,
      vlan: 0xe00a,
      networkOffset: 22,
      wireLength: 22 + TCP_V4.length,
    });
    const deep = ethernetBytes({ ...V4, vlanTags: new Array<number>(9).fill(1) }, TCP_V4);
    check(deep, LinkLayer.Ethernet, { status: DissectStatus.NotIp, etherType: 0x8100 });
  });

  it('finds IP behind MPLS labels and PPPoE — RFC 3032 §2.1, RFC 2516 §4', () => {
    const Ethernet = LinkLayer.Ethernet;
    const macs = new Array<number>(12).fill(2);
    const labels = [0, 6, 0x40, 64, 0, 1, 1, 64];
    const pppoe = (protocol: number) => [0x11, 0, 0, 9, 0, 42, ...u16(protocol)];
    const ports = { sourcePort: 1024, destinationPort: 80, payloadLength: 3 };
    const behindLabels = { ...ports, etherType: 0x0800, networkOffset: 22, ipVersion: 4 };
    check([...macs, 0x88, 0x47, ...labels, ...TCP_V4], Ethernet, behindLabels);
    const tagged = [...macs, 0x81, 0, 0, 5, 0x88, 0x64];
    const inSession = { ...ports, etherType: 0x86dd, networkOffset: 26, vlan: 5, ipVersion: 6 };
    check([...tagged, ...pppoe(0x57), ...TCP_V6], Ethernet, inSession);
    check([...tagged, ...pppoe(0x21), ...TCP_V4], Ethernet, { ...ports, networkOffset: 26 });
    const cooked = [...new Array<number>(14).fill(0), 0x88, 0x48];
    check([...cooked, ...labels, ...TCP_V6], LinkLayer.LinuxCooked, { networkOffset: 24 });
  });

  it('takes nothing else behind labels or PPPoE for IP', () => {
    const macs = new Array<number>(12).fill(2);
    const other = { ipVersion: 0, status: DissectStatus.NotIp };
    const mpls = (behind: readonly number[]) => {
      const packet = [...macs, 0x88, 0x47, 0, 1, 1, 64, ...behind];
      check(packet, LinkLayer.Ethernet, { ...other, etherType: 0x8847, networkOffset: 14 });
    };
    // An Ethernet frame (to a MAC address 46:…), a length beyond the packet, no bottom of the stack.
    mpls([0x46, 0, 9, 9, 9, 9, ...macs.slice(6), 8, 0, ...TCP_V4]);
    mpls([0x52, ...TCP_V4.slice(1)]);
    mpls([0x60, ...new Array<number>(5).fill(0xff), ...TCP_V6.slice(6)]);
    check([...macs, 0x88, 0x47, ...new Array<number>(100).fill(0)], LinkLayer.Ethernet, other);
    for (const protocol of [0xc021, 0x57]) {
      const session = [0x11, 0, 0, 9, 0, 42, ...u16(protocol)];
      check([...macs, 0x88, 0x64, ...session, ...TCP_V4], LinkLayer.Ethernet, other);
    }
  });

  it('says of other network layers what they are, and of unsupported link layers nothing', () => {
    const arp = [...ethernetBytes(V4, []).slice(0, 12), 8, 6, 0, 1];
    check(arp, LinkLayer.Ethernet, {
      status: DissectStatus.NotIp,
      etherType: 0x0806,
      networkOffset: 14,
      ipVersion: 0,
      payloadLength: 0,
      wireLength: 16,
    });
    const nothing = { status: DissectStatus.NotIp, etherType: -1, networkOffset: -1 };
    check(TCP_V4, LinkLayer.Unsupported, nothing);
  });

  it('tells a link header cut by the snap length from one that ended', () => {
    const frame = ethernetBytes({ ...V4, vlanTags: [1] }, TCP_V4);
    for (const length of [0, 13, 14, 17]) {
      const networkOffset = length === 17 ? 14 : -1;
      const stored = frame.slice(0, length);
      const cut = { status: DissectStatus.Truncated, networkOffset };
      check(stored, LinkLayer.Ethernet, cut, frame.length);
      check(stored, LinkLayer.Ethernet, { ...cut, status: DissectStatus.Malformed });
    }
  });
});

describe('dissect, IP', () => {
  it('counts the payload by the IP length, not by the padded frame', () => {
    const frame = [...ethernetBytes(V4, TCP_V4), 9, 9, 9, 9];
    check(frame, LinkLayer.Ethernet, { payloadLength: 3, wireLength: frame.length });
  });

  it('goes by the capture where a host left the length to its network card', () => {
    const large = { ...V4, payload: new Array<number>(66_000).fill(0) };
    check(ipBytes(large, 6, tcpBytes(large)), LinkLayer.Raw, { payloadLength: 66_000 });
    const unset = [...TCP_V4];
    unset.splice(2, 2, 0, 0);
    check(unset, LinkLayer.Raw, { payloadLength: 3, status: DissectStatus.Ok });
    const jumbo = [...TCP_V6];
    jumbo.splice(4, 2, 0, 0);
    check(jumbo, LinkLayer.Raw, { payloadLength: 3, status: DissectStatus.Ok });
  });

  it('takes payload length 0 at its word where nothing follows — RFC 8200 §4.7', () => {
    const padded = [...ipBytes(V6, 59, []), 0, 0, 0, 0, 0, 0];
    check(padded, LinkLayer.Raw, { payloadLength: 0, protocol: 59, status: DissectStatus.Ok });
  });

  it('calls a packet malformed that is shorter than it says, and counts as it says', () => {
    const short = TCP_V4.slice(0, -1);
    check(short, LinkLayer.Raw, { status: DissectStatus.Malformed, payloadLength: 3 });
    check(TCP_V6.slice(0, -1), LinkLayer.Raw, {
      status: DissectStatus.Malformed,
      payloadLength: 3,
    });
    check(short, LinkLayer.Raw, { status: DissectStatus.Ok, payloadLength: 3 }, TCP_V4.length);
  });

  it('refuses header lengths and versions that contradict — RFC 791 §3.1', () => {
    const bad = { status: DissectStatus.Malformed, ipVersion: 0, transportOffset: -1, ttl: 0 };
    check([0x44, ...TCP_V4.slice(1)], LinkLayer.Raw, bad);
    check(ethernetBytes(V4, [0x65, ...TCP_V4.slice(1)]), LinkLayer.Ethernet, bad);
    check(ethernetBytes(V6, [0x40, ...TCP_V6.slice(1)]), LinkLayer.Ethernet, bad);
    check([0x4f, 0, 0, 40, ...TCP_V4.slice(4)], LinkLayer.Raw, bad);
  });

  it('reads ports of a first fragment only — RFC 791 §3.2, RFC 8200 §4.5', () => {
    const first = [...TCP_V4];
    first[6] = 0x20;
    check(first, LinkLayer.Raw, { isFragment: FragmentKind.First, sourcePort: 1024 });
    const later = [...TCP_V4];
    later.splice(6, 2, 0x20, 3);
    check(later, LinkLayer.Raw, {
      isFragment: FragmentKind.Later,
      sourcePort: -1,
      transportOffset: -1,
      payloadLength: 23,
      protocol: 6,
    });
    const fragment = (offsetMore: number) =>
      ipBytes(V6, 44, [6, 0, ...u16(offsetMore), ...u32(0xdeadbeef), ...tcpBytes(V6)]);
    const identification = 0xdeadbeef | 0;
    check(fragment(1), LinkLayer.Raw, {
      isFragment: FragmentKind.First,
      protocol: 6,
      identification,
      sourcePort: 1024,
      transportOffset: 48,
    });
    check(fragment(8), LinkLayer.Raw, {
      isFragment: FragmentKind.Later,
      protocol: 6,
      identification,
      sourcePort: -1,
      payloadLength: 23,
    });
    check(fragment(0), LinkLayer.Raw, { isFragment: FragmentKind.Whole, payloadLength: 3 });
  });

  it('takes no first fragment for malformed whose header goes on in the next — RFC 1858 §3', () => {
    const tiny = [...TCP_V4.slice(0, 28)];
    tiny.splice(2, 2, ...u16(28));
    tiny.splice(6, 2, 0x20, 0);
    const facts = { isFragment: FragmentKind.First, transportOffset: -1, payloadLength: 8 };
    check(tiny, LinkLayer.Raw, { ...facts, status: DissectStatus.Ok });
  });

  it('walks extension headers of all kinds to the transport, and not forever — RFC 8200 §4.1', () => {
    const authentication = [6, 4, 0, 0, ...new Array<number>(20).fill(0)];
    const routing = [51, 1, 0, 0, ...new Array<number>(12).fill(0)];
    const hopByHop = [43, 0, 1, 4, 0, 0, 0, 0];
    const chain = [...hopByHop, ...routing, ...authentication, ...tcpBytes(V6)];
    check(ipBytes(V6, 0, chain), LinkLayer.Raw, {
      protocol: 6,
      transportOffset: 40 + 8 + 16 + 24,
      payloadLength: 3,
    });
    const endless = new Array<number[]>(17).fill([60, 0, 1, 4, 0, 0, 0, 0]).flat();
    check(ipBytes(V6, 60, [...endless, ...tcpBytes(V6)]), LinkLayer.Raw, {
      status: DissectStatus.Malformed,
      transportOffset: -1,
    });
  });
});

describe('dissect, transports', () => {
  it('gives the identifier of echo messages as source port, of other ICMP none', () => {
    const message = (type: number) => [type, 0, 0, 0, ...u16(77), ...u16(1), 5, 5];
    const echo = { sourcePort: 77, destinationPort: 0, payloadLength: 2, transportOffset: 20 };
    for (const type of [0, 8]) check(ipBytes(V4, 1, message(type)), LinkLayer.Raw, echo);
    check(ipBytes(V4, 1, message(3)), LinkLayer.Raw, { sourcePort: -1, destinationPort: -1 });
    for (const type of [128, 129]) {
      check(ipBytes(V6, 58, message(type)), LinkLayer.Raw, { sourcePort: 77, payloadLength: 2 });
    }
    check(ipBytes(V6, 58, message(8)), LinkLayer.Raw, { sourcePort: -1 });
  });

  it('reads UDP, and leaves other transports to their payload', () => {
    const datagram = [...u16(53), ...u16(5353), ...u16(10), 0, 0, 1, 2];
    check(ipBytes(V4, 17, datagram), LinkLayer.Raw, {
      sourcePort: 53,
      destinationPort: 5353,
      payloadLength: 2,
      tcpFlags: 0,
      mss: -1,
    });
    check(ipBytes(V4, 47, [0, 0, 8, 0, 1]), LinkLayer.Raw, {
      status: DissectStatus.Ok,
      transportOffset: -1,
      sourcePort: -1,
      payloadLength: 5,
    });
  });

  it('calls a data offset malformed that is too small or leaves the packet — RFC 9293 §3.1', () => {
    const withOffset = (words: number) => {
      const packet = [...TCP_V4];
      packet[32] = words << 4;
      return packet;
    };
    const bad = { status: DissectStatus.Malformed, sourcePort: 1024, hasTimestamps: 0 };
    const noStream = { transportOffset: -1, payloadLength: 0 };
    check(withOffset(4), LinkLayer.Raw, { ...bad, ...noStream });
    check(withOffset(6), LinkLayer.Raw, { ...bad, ...noStream });
  });

  it('takes no padding for a transport header', () => {
    const padding = new Array<number>(20).fill(0x50);
    const short = { status: DissectStatus.Malformed, transportOffset: -1, payloadLength: 10 };
    for (const spec of [V4, V6]) {
      const packet = ipBytes(spec, 6, tcpBytes(spec).slice(0, 10));
      check([...packet, ...padding], LinkLayer.Raw, short);
    }
  });

  it('stops at an option of an impossible length and keeps the ones before — RFC 9293 §3.2', () => {
    const options = [2, 4, ...u16(1460), 3, 3, 7, 8, 0, 0, 0, 0];
    const spec = { ...V4, tcp: { ...V4.tcp, flags: 0x002, options } };
    check(ipBytes(spec, 6, tcpBytes(spec)), LinkLayer.Raw, {
      status: DissectStatus.Ok,
      mss: 1460,
      windowScale: 7,
      hasTimestamps: 0,
    });
  });

  it('finds timestamps that are not aligned, and options of a SYN on a SYN alone — RFC 7323', () => {
    const options = [8, 10, ...u32(0xfffffffe), ...u32(3), 2, 4, ...u16(536), 0, 0];
    const spec = { ...V4, tcp: { ...V4.tcp, options } };
    const packet = ipBytes(spec, 6, tcpBytes(spec));
    check(packet, LinkLayer.Raw, { hasTimestamps: 1, tsVal: -2, tsEcr: 3, mss: -1 });
    packet[33] = 0x02;
    check(packet, LinkLayer.Raw, { hasTimestamps: 1, tsVal: -2, tsEcr: 3, mss: 536 });
  });
});

describe('PacketColumns', () => {
  it('has room for its rows in every column', () => {
    const columns = new PacketColumns(PACKET_ROWS_MAX);
    expect(columns.status.length).toBe(PACKET_ROWS_MAX);
    expect(columns.addresses.length).toBe(8 * PACKET_ROWS_MAX);
    expect(() => new PacketColumns(PACKET_ROWS_MAX + 1)).toThrow('1 to 4096 rows');
  });
});
