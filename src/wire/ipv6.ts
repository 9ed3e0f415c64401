/**
 * IPv6 headers: RFC 8200 §3 and §4. Extension headers that a walk steps over: hop-by-hop, routing,
 * fragment, destination options, authentication (RFC 4302 §2); the walk is bounded.
 * Hot: check, accessors and the step of the walk. Cold: parse, emit.
 * Options inside extension headers and jumbograms (RFC 2675) are carried as bytes, not interpreted.
 */

/** Byte offsets of the fields. */
export const enum Ipv6Field {
  /** Version 4 bits, traffic class 8, flow label 20. */
  VersionClassLabel = 0,
  PayloadLength = 4,
  NextHeader = 6,
  HopLimit = 7,
  Source = 8,
  Destination = 24,
}

/** Byte offsets in the fragment header (RFC 8200 §4.5). */
export const enum Ipv6FragmentField {
  NextHeader = 0,
  /** Offset in bytes in the upper 13 bits, two reserved bits, the M flag. */
  OffsetMore = 2,
  Identification = 4,
}

export const IPV6_HEADER_BYTES = 40;
export const IPV6_FRAGMENT_HEADER_BYTES = 8;
