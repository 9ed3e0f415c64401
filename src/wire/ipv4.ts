/**
 * IPv4 headers: RFC 791 §3.1, with options and fragments; the ECN field is RFC 3168 §5.
 * Hot: check and the accessors, on a header that `checkIpv4` has accepted. Cold: parse, emit.
 * It does not reassemble, and it does not verify the header checksum: see wire/verify-checksums.
 */

/** IANA protocol numbers: upper layers, and the IPv6 extension headers that share the number space. */
export const enum IpProtocol {
  HopByHop = 0,
  Icmp = 1,
  Igmp = 2,
  Ipv4 = 4,
  Tcp = 6,
  Udp = 17,
  Ipv6 = 41,
  Routing = 43,
  Fragment = 44,
  Gre = 47,
  Esp = 50,
  AuthenticationHeader = 51,
  Icmpv6 = 58,
  NoNextHeader = 59,
  DestinationOptions = 60,
  Sctp = 132,
}

/** Byte offsets of the fields. */
export const enum Ipv4Field {
  VersionIhl = 0,
  TrafficClass = 1,
  TotalLength = 2,
  Identification = 4,
  /** Reserved, DF, MF, then the fragment offset in units of 8 bytes. */
  FlagsFragmentOffset = 6,
  Ttl = 8,
  Protocol = 9,
  Checksum = 10,
  Source = 12,
  Destination = 16,
  Options = 20,
}

/** Bits of the 16-bit field at FlagsFragmentOffset. */
export const enum Ipv4Flag {
  MoreFragments = 0x2000,
  DontFragment = 0x4000,
  /** Must be zero (RFC 791); RFC 3514 had other ideas. */
  Reserved = 0x8000,
}

export const IPV4_HEADER_BYTES = 20;
export const FRAGMENT_OFFSET_MASK = 0x1fff;
