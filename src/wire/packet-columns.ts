/**
 * What the headers of a batch of captured packets say: one typed array a field, one row a packet.
 * wire/dissect writes every column of a row, so rows can be used again without being cleared. A reader
 * that takes packets in order touches only the columns it asks for.
 *
 * 32-bit header fields keep their bit pattern as int32 (base/seq). Fields that a packet lacks hold the
 * value named "absent" here. It holds no times and no capture lengths: those are the reader's rows.
 */

export const enum DissectStatus {
  Ok = 0,
  /** The snap length cut a header: the columns hold what was stored before the cut. */
  Truncated = 1,
  NotIp = 2,
  /** A length or version contradicts the packet: the columns hold what was read before that. */
  Malformed = 3,
}

export const enum FragmentKind {
  Whole = 0,
  First = 1,
  /** No transport header in this packet. */
  Later = 2,
}

/** Words a row takes in PacketColumns.addresses: source 0-3, destination 4-7. */
export const ADDRESS_WORDS = 8;

export class PacketColumns {
  /** Offset of the network-layer header from the packet's first byte; absent -1. */
  readonly networkOffset: Int32Array;
  /** EtherType behind VLAN tags; 0x0800 or 0x86dd for raw and loopback packets; absent -1. */
  readonly etherType: Int32Array;
  /** Tag control information of the outer VLAN tag; absent -1. */
  readonly vlan: Int32Array;
  /** 4, 6, or 0: not IP, or a header that cannot be used. */
  readonly ipVersion: Uint8Array;
  /** Upper-layer protocol, behind IPv6 extension headers. */
  readonly protocol: Uint8Array;
  /** DSCP << 2 | ECN. */
  readonly trafficClass: Uint8Array;
  /** TTL or hop limit. */
  readonly ttl: Uint8Array;
  /** ADDRESS_WORDS a row; IPv4 in its mapped form (base/ip-address). */
  readonly addresses: Int32Array;
  /** IPv4 identification (16 bits), or that of an IPv6 fragment header (32 bits); absent 0. */
  readonly identification: Int32Array;
  /** FragmentKind. */
  readonly isFragment: Uint8Array;
  /** Offset of the transport header from the packet's first byte; absent, cut or later fragment -1. */
  readonly transportOffset: Int32Array;
  /** ICMP and ICMPv6 echo: the identifier; absent -1. */
  readonly sourcePort: Int32Array;
  /** ICMP and ICMPv6 echo: 0; absent -1. */
  readonly destinationPort: Int32Array;
  readonly sequence: Int32Array;
  readonly acknowledgment: Int32Array;
  /** 12 bits: reserved, AE CWR ECE URG ACK PSH RST SYN FIN. 0 when the packet is not TCP. */
  readonly tcpFlags: Int32Array;
  /** As in the header, not scaled. */
  readonly window: Int32Array;
  readonly tsVal: Int32Array;
  readonly tsEcr: Int32Array;
  /** 1 when tsVal and tsEcr are present. */
  readonly hasTimestamps: Uint8Array;
  /** Options of a SYN; absent -1. */
  readonly mss: Int32Array;
  readonly windowScale: Int32Array;
  /** Bytes behind the transport header (behind the IP headers where there is none), by the IP lengths. */
  readonly payloadLength: Int32Array;
  /** Length on an Ethernet wire without FCS, tags and padding included: other link headers count as 14. */
  readonly wireLength: Int32Array;
  /** DissectStatus. */
  readonly status: Uint8Array;

  constructor(readonly capacity: number) {
    this.networkOffset = new Int32Array(capacity);
    this.etherType = new Int32Array(capacity);
    this.vlan = new Int32Array(capacity);
    this.ipVersion = new Uint8Array(capacity);
    this.protocol = new Uint8Array(capacity);
    this.trafficClass = new Uint8Array(capacity);
    this.ttl = new Uint8Array(capacity);
    this.addresses = new Int32Array(capacity * ADDRESS_WORDS);
    this.identification = new Int32Array(capacity);
    this.isFragment = new Uint8Array(capacity);
    this.transportOffset = new Int32Array(capacity);
    this.sourcePort = new Int32Array(capacity);
    this.destinationPort = new Int32Array(capacity);
    this.sequence = new Int32Array(capacity);
    this.acknowledgment = new Int32Array(capacity);
    this.tcpFlags = new Int32Array(capacity);
    this.window = new Int32Array(capacity);
    this.tsVal = new Int32Array(capacity);
    this.tsEcr = new Int32Array(capacity);
    this.hasTimestamps = new Uint8Array(capacity);
    this.mss = new Int32Array(capacity);
    this.windowScale = new Int32Array(capacity);
    this.payloadLength = new Int32Array(capacity);
    this.wireLength = new Int32Array(capacity);
    this.status = new Uint8Array(capacity);
  }
}
