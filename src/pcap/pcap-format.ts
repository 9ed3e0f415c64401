/**
 * The numbers of the classic capture file format: draft-gharris-opsawg-pcap §4 and §5. One 24-byte file
 * header, then records of 16 bytes and the packet. The byte order is the writer's and shows in the magic.
 * Not here: the "modified" variants other than Kuznetzov's, which share its magic and are told apart by
 * guessing only.
 */

/** Microsecond stamps. */
export const PCAP_MAGIC_US = 0xa1b2c3d4;
/** Nanosecond stamps. */
export const PCAP_MAGIC_NS = 0xa1b23c4d;
/** Kuznetzov's patched tcpdump: microseconds; records carry interface, protocol and packet type. */
export const PCAP_MAGIC_MODIFIED = 0xa1b2cd34;

export const PCAP_FILE_HEADER_BYTES = 24;
export const PCAP_RECORD_HEADER_BYTES = 16;
export const PCAP_MODIFIED_RECORD_HEADER_BYTES = 24;
export const PCAP_VERSION_MAJOR = 2;
export const PCAP_VERSION_MINOR = 4;

/** Byte offsets in the file header. */
export const enum PcapHeader {
  Magic = 0,
  VersionMajor = 4,
  VersionMinor = 6,
  SnapLength = 16,
  /** Low 16 bits; the high bits tell of frame check sequences. */
  LinkType = 20,
}

/** Byte offsets in a record header. */
export const enum PcapRecord {
  Seconds = 0,
  Fraction = 4,
  CapturedLength = 8,
  OriginalLength = 12,
}

/**
 * More captured bytes than this in one packet mean a damaged file: the limit of libpcap and Wireshark
 * for every link type that carries IP.
 */
export const MAX_CAPTURED_BYTES = 262_144;
