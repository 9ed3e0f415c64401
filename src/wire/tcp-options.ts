/**
 * TCP options: RFC 9293 §3.2 (EOL, NOP, MSS), RFC 7323 (window scale, timestamps), RFC 2018 (SACK),
 * RFC 7413 (Fast Open), RFC 8684 (MPTCP) and RFC 9768 (accurate ECN); the last two are recognised and
 * carried, and any other as its bytes. An option is a kind, a length that counts both, and its data;
 * EOL and NOP are a kind alone.
 */

/** IANA option kinds. */
export const enum TcpOptionKind {
  EndOfList = 0,
  NoOperation = 1,
  MaximumSegmentSize = 2,
  WindowScale = 3,
  SackPermitted = 4,
  Sack = 5,
  Timestamps = 8,
  Mptcp = 30,
  FastOpen = 34,
  AccEcn0 = 172,
  AccEcn1 = 174,
  Experiment1 = 253,
  /** RFC 6994; Fast Open before its own number: followed by 0xf989. */
  Experiment2 = 254,
}

/** Option lengths in bytes, kind and length included; SackBlock is one block of an option of 2 + 8n bytes. */
export const enum TcpOptionLength {
  MaximumSegmentSize = 4,
  WindowScale = 3,
  SackPermitted = 2,
  SackBlock = 8,
  Timestamps = 10,
}

/** Padding NOP NOP before timestamps, kind and length: how nearly every data segment's options start. */
export const TIMESTAMPS_ALIGNED = 0x0101080a;
