/**
 * The layout of a frame: one 64-byte record (one cache line) per handle in one Int32Array, with a
 * Float64Array view on the same buffer for times, and a second record of the same handle for what is
 * rarely read. Words are named here and nowhere else.
 *
 *   words[(frame << FRAME_SHIFT) + FrameWord.Seq]      doubles[(frame << DOUBLE_SHIFT) + FrameDouble.DeliveryNs]
 */
import type { Brand } from '../base/units.ts';

/** A handle. Whoever holds it owns the frame; passing it on gives it away. */
export type FrameId = Brand<'FrameId'>;
export const NO_FRAME = -1 as FrameId;

export const FRAME_SHIFT = 4;
export const DOUBLE_SHIFT = 3;

/** First record: what queues, links, demultiplexing and the fingerprint read. */
export const enum FrameWord {
  /** Interned address indices (frame/address-table). */
  Src = 0,
  Dst = 1,
  /**
   * Source port << 16 | destination port. ICMP of a built frame: type << 24 | code << 16 | identifier; echo of
   * a captured one: identifier << 16.
   */
  Ports = 2,
  Seq = 3,
  Ack = 4,
  /** TCP flags (12 bits: AE CWR ECE URG ACK PSH RST SYN FIN) << 16 | window field. */
  FlagsWindow = 5,
  TsVal = 6,
  TsEcr = 7,
  /** IPv4 identification (low 16 bits). */
  Identification = 8,
  /** Transport payload in bytes. */
  PayloadLength = 9,
  /** Length on an Ethernet wire without FCS: 14 + the network-layer packet, whatever the capture's link type. */
  WireLength = 10,
  /** MetaShift, MetaMask and MetaBit below. */
  Meta = 11,
  /** Byte offset in the payload arena; NO_PAYLOAD for a length-only payload, which stands for zeros. */
  Payload = 12,
  /** Intrusive link: a frame is in at most one queue. */
  Next = 13,
  // Words 14 and 15 are FrameDouble.DeliveryNs.
}

export const NO_PAYLOAD = -1;

export const enum FrameDouble {
  /** Instant at which a line hands the frame on; while it waits in a queue, the instant it was enqueued. */
  DeliveryNs = 7,
}

/** Meta, low to high: protocol 8, traffic class (DSCP << 2 | ECN) 8, TTL 8, bits 8. */
export const enum MetaShift {
  Protocol = 0,
  TrafficClass = 8,
  Ttl = 16,
}

export const enum MetaBit {
  /** The bytes in the arena are the truth; without it the fields are, and bytes are made from them. */
  Captured = 1 << 24,
  /** Addresses are IPv6. */
  Ipv6 = 1 << 25,
  /** The network layer is no IP: addresses, ports and protocol mean nothing. */
  NotIp = 1 << 26,
  /** An element flipped bits in this frame's bytes. */
  Corrupted = 1 << 27,
  /** Made by duplication, not sent. */
  Duplicate = 1 << 28,
  /** TsVal and TsEcr are present. */
  HasTimestamps = 1 << 29,
  /** The second record holds SACK blocks, AccECN counters, or both: BuiltExtra.SackCount says. */
  HasSack = 1 << 30,
  /** Fields in Meta (traffic class, TTL) differ from the captured bytes. */
  Changed = 1 << 31,
}

export const ECN_MASK = 3;

/** Second record of a built frame: read only where the first one says so. */
export const enum BuiltExtra {
  /**
   * With HasSack: the number of blocks in the low 8 bits, 0 to 4 (3 beside timestamps); left and right edge of each
   * follow. Above them AccEcnShift.
   */
  SackCount = 0,
  SackLeft = 1,
  SackRight = 2,
  /** AccECN counters, 24 bits each, in the order of the option. The third leaves no room for a fourth block. */
  AccEcnThird = 8,
  AccEcnFirst = 14,
  AccEcnSecond = 15,
  /** On a SYN, which has no SACK blocks: the Fast Open cookie, four bytes a word in network order. */
  FastOpenCookie = 3,
  /** On a SYN: maximum segment size and window scale, -1 for absent, and 1 for SACK permitted. */
  Mss = 9,
  WindowScale = 10,
  IsSackPermitted = 11,
  /** On a SYN: FastOpenForm, and the cookie's length in bytes, 0 for a request. */
  FastOpen = 12,
  FastOpenLength = 13,
}

export const SACK_COUNT_MASK = 0xff;

/** The AccECN option (RFC 9768 §3.2.3) in BuiltExtra.SackCount, above the number of SACK blocks. */
export const enum AccEcnShift {
  /** 1: there is one. */
  Present = 8,
  /** 0: ECT(0), CE, ECT(1); 1: ECT(1), CE, ECT(0). */
  Order = 9,
  /** How many counters, 0 to 3: 2 bits. */
  Fields = 10,
}

/** How a SYN carries Fast Open: not, by its option (RFC 7413 §4.1.1), or by the experiment before it. */
export const enum FastOpenForm {
  Absent = 0,
  Option = 1,
  Experiment = 2,
}

/** Second record of a captured frame: where it came from and how the path treated it. */
export const enum CapturedExtra {
  /** Bytes stored in the arena; less than OriginalLength when the capture was cut by its snap length. */
  CapturedLength = 0,
  /** Length the capture states, with its own link header. */
  OriginalLength = 1,
  /** Index of the capture interface, across all input files. */
  Interface = 2,
  /** Link layer of the bytes (wire/link-layer). */
  LinkLayer = 3,
  /** Offset of the network layer in the bytes. */
  NetworkOffset = 4,
  /** Flow row << 1 | direction, and ordinal of the frame within it (RFC 4737's sending sequence). */
  Flow = 5,
  Ordinal = 6,
}

export const enum CapturedDouble {
  /** Instant at which the frame entered the path. */
  EnteredNs = 4,
}

/** Second record of any frame: what the switch that holds it notes. */
export const enum RoutedExtra {
  /** The ingress it came in by, of a switch with priority-based flow control. */
  Ingress = 14,
}

/** FrameWord.Ports as the other end has them. */
export function swapPorts(ports: number): number {
  return (ports << 16) | (ports >>> 16);
}
