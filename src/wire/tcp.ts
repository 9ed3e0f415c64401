/**
 * TCP headers: RFC 9293 §3.1. Options are in wire/tcp-options.
 * Hot: check and the accessors, on a header that `checkTcp` has accepted. Cold: parse, emit.
 */

/** The 12 bits after the data offset; three of them are reserved. */
export const enum TcpFlag {
  Fin = 0x001,
  Syn = 0x002,
  Rst = 0x004,
  Psh = 0x008,
  Ack = 0x010,
  Urg = 0x020,
  /** RFC 3168 §6.1. */
  Ece = 0x040,
  Cwr = 0x080,
  /** RFC 9768; the NS bit of RFC 3540 before. */
  Ae = 0x100,
}

/** Byte offsets of the fields. */
export const enum TcpField {
  SourcePort = 0,
  DestinationPort = 2,
  Sequence = 4,
  Acknowledgment = 8,
  /** Data offset in words in the upper 4 bits, 12 bits of flags. */
  OffsetFlags = 12,
  Window = 14,
  Checksum = 16,
  UrgentPointer = 18,
  Options = 20,
}

export const TCP_HEADER_BYTES = 20;
export const TCP_FLAGS_MASK = 0xfff;
