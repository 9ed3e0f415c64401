/**
 * What the headers of a batch of captured packets say: one column a field, one row a packet, in typed
 * arrays. wire/dissect writes every column of a row, so rows can be used again without being cleared.
 *
 * All columns are windows of two arrays at a constant distance, so that the parser finds a cell by adding a
 * constant to the row (48 ns a packet, against 62 with 25 arrays; Node 20.20, bench/dissect). The distance
 * is no power of two, or all columns would share one cache set.
 *
 * 32-bit header fields keep their bit pattern as int32 (base/seq). Fields that a packet lacks hold the
 * value named "absent" here. It holds no times and no capture lengths: those are the reader's rows.
 */
import { assert } from '../base/assert.ts';

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

/** Most rows that PacketColumns can have. */
export const PACKET_ROWS_MAX = 4096;

/** Words a row takes in PacketColumns.addresses: source 0-3, destination 4-7. */
export const ADDRESS_WORDS = 8;

/** Index in PacketColumns.cells of row 0 of each int32 column. */
export const enum Cell {
  /** Distance of two columns. */
  Stride = 4096 + 16,
  NetworkOffset = 0,
  EtherType = Stride,
  Vlan = 2 * Stride,
  Identification = 3 * Stride,
  TransportOffset = 4 * Stride,
  SourcePort = 5 * Stride,
  DestinationPort = 6 * Stride,
  Sequence = 7 * Stride,
  Acknowledgment = 8 * Stride,
  TcpFlags = 9 * Stride,
  Window = 10 * Stride,
  TsVal = 11 * Stride,
  TsEcr = 12 * Stride,
  Mss = 13 * Stride,
  WindowScale = 14 * Stride,
  PayloadLength = 15 * Stride,
  WireLength = 16 * Stride,
  /** ADDRESS_WORDS a row, to the end. */
  Addresses = 17 * Stride,
  End = 25 * Stride,
}

/** Index in PacketColumns.octets of row 0 of each byte column. */
export const enum Octet {
  Stride = 4096 + 16,
  IpVersion = 0,
  Protocol = Stride,
  TrafficClass = 2 * Stride,
  Ttl = 3 * Stride,
  IsFragment = 4 * Stride,
  HasTimestamps = 5 * Stride,
  Status = 6 * Stride,
  End = 7 * Stride,
}

export class PacketColumns {
  /** All int32 columns, for wire/dissect: column Cell.X of row r is cells[Cell.X + r]. */
  readonly cells = new Int32Array(Cell.End);
  /** All byte columns, for wire/dissect. */
  readonly octets = new Uint8Array(Octet.End);

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
  /** Offset of the transport header from the packet's first byte; absent, cut, later fragment or of an impossible length -1. */
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

  /** @param capacity rows, at most PACKET_ROWS_MAX; about 1,000 stay in a processor's own cache */
  constructor(readonly capacity: number) {
    assert(capacity > 0 && capacity <= PACKET_ROWS_MAX, 'packet columns have 1 to 4096 rows');
    const cells = (first: Cell) => this.cells.subarray(first, first + capacity);
    const octets = (first: Octet) => this.octets.subarray(first, first + capacity);
    this.networkOffset = cells(Cell.NetworkOffset);
    this.etherType = cells(Cell.EtherType);
    this.vlan = cells(Cell.Vlan);
    this.ipVersion = octets(Octet.IpVersion);
    this.protocol = octets(Octet.Protocol);
    this.trafficClass = octets(Octet.TrafficClass);
    this.ttl = octets(Octet.Ttl);
    this.addresses = this.cells.subarray(Cell.Addresses, Cell.Addresses + capacity * ADDRESS_WORDS);
    this.identification = cells(Cell.Identification);
    this.isFragment = octets(Octet.IsFragment);
    this.transportOffset = cells(Cell.TransportOffset);
    this.sourcePort = cells(Cell.SourcePort);
    this.destinationPort = cells(Cell.DestinationPort);
    this.sequence = cells(Cell.Sequence);
    this.acknowledgment = cells(Cell.Acknowledgment);
    this.tcpFlags = cells(Cell.TcpFlags);
    this.window = cells(Cell.Window);
    this.tsVal = cells(Cell.TsVal);
    this.tsEcr = cells(Cell.TsEcr);
    this.hasTimestamps = octets(Octet.HasTimestamps);
    this.mss = cells(Cell.Mss);
    this.windowScale = cells(Cell.WindowScale);
    this.payloadLength = cells(Cell.PayloadLength);
    this.wireLength = cells(Cell.WireLength);
    this.status = octets(Octet.Status);
  }
}
