/**
 * The layout of a flow in a FlowTable: one record of 32 int32 words and one of 12 doubles a flow, named here
 * and nowhere else. Side 0 sent the flow's first packet; which side is the client is decided when the facts
 * are read (analysis/flow-facts).
 *
 *   words[flow * FLOW_WORDS + FlowWord.Sides + side * SIDE_WORDS + SideWord.Packets]
 */

/** What tells a flow from another, beside the words of the key. */
export const enum FlowKind {
  /** TCP and UDP: addresses, protocol, ports. */
  Ports = 0,
  /** ICMP and ICMPv6 echo: addresses, protocol, identifier (in both port fields). */
  Echo = 1,
  /** Anything else over IP, and fragments whose first one was not seen: addresses, protocol. */
  Protocol = 2,
  /** Not IP, or an IP header that cannot be used: EtherType or NoEtherType, in both port fields. */
  Link = 3,
}

export const FLOW_WORDS = 32;
export const SIDE_WORDS = 12;

export const enum FlowWord {
  /** Interned address of each side; that of :: for FlowKind.Link. */
  Address0 = 0,
  Address1 = 1,
  /** Port of side 0 << 16 | port of side 1. */
  Ports = 2,
  /** FlowKind << 8 | protocol. */
  Kind = 3,
  /** FlowBit. */
  Bits = 4,
  Sides = 8,
}

/** The bit of side 1 is the bit of side 0 << 1. */
export const enum FlowBit {
  /** InitialSequence and NextSequence of the side are set. */
  HasSequence0 = 0x01,
  /** A SYN without ACK was seen from the side. */
  Syn0 = 0x04,
  Syn1 = 0x08,
  SynAck0 = 0x10,
  SynAck1 = 0x20,
  /** FlowDouble.ServerRttNs is set: SYN, then SYN-ACK of the other side. */
  HasServerRtt = 0x40,
  /** FlowDouble.ClientRttNs is set: SYN-ACK, then ACK of the other side. */
  HasClientRtt = 0x80,
  /** No SYN-ACK has come since the last SYN. */
  AwaitsSynAck = 0x100,
}

export const enum SideWord {
  Packets = 0,
  /** All TCP flags ever set. */
  Flags = 1,
  /** ISN; one below the first sequence number seen when the SYN was not. */
  InitialSequence = 2,
  /** One above the highest sequence number seen. */
  NextSequence = 3,
  /** Segments that repeat what was sent before. */
  Retransmits = 4,
  /** Segments that arrived behind later ones, sent once as far as can be told. */
  OutOfOrder = 5,
  ZeroWindows = 6,
  /** Options of the SYN; -1 when not seen. */
  Mss = 7,
  WindowScale = 8,
  /** What was passed over and not yet seen (analysis/_gap-lists). */
  Gaps = 9,
}

export const FLOW_DOUBLES = 12;
export const SIDE_DOUBLES = 3;

/** Times are ns since the capture's first packet and may be negative. */
export const enum FlowDouble {
  FirstNs = 0,
  LastNs = 1,
  /** The last SYN and the last SYN-ACK before the ACK. */
  SynNs = 2,
  SynAckNs = 3,
  ServerRttNs = 4,
  ClientRttNs = 5,
  Sides = 6,
}

export const enum SideDouble {
  /** As on an Ethernet wire (PacketColumns.wireLength). */
  Bytes = 0,
  PayloadBytes = 1,
  /** Payload of retransmits that had been sent before. */
  RetransmittedBytes = 2,
}
