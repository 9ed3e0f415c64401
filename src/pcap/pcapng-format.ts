/**
 * The numbers of pcapng: draft-tuexen-opsawg-pcapng §3 and §4. A file is a list of blocks (type, length,
 * body, length again); a section header fixes the byte order of what follows; options are type, length,
 * value, padded to 32 bits.
 */

export const enum BlockType {
  SectionHeader = 0x0a0d0d0a,
  InterfaceDescription = 1,
  /** Obsolete: Appendix A. */
  Packet = 2,
  SimplePacket = 3,
  NameResolution = 4,
  InterfaceStatistics = 5,
  EnhancedPacket = 6,
  /** Entries of the capturing host's systemd journal, in time like packets. */
  JournalExport = 9,
  DecryptionSecrets = 10,
  Custom = 0x0bad,
  CustomNotCopied = 0x40000bad,
}

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const PCAPNG_VERSION_MAJOR = 1;

/** Type, length, trailing length. */
export const MIN_BLOCK_BYTES = 12;
/** The trailing length. */
export const TRAILER_BYTES = 4;
/** A block that is looked into is held whole; a longer one is passed over as it streams by. */
export const MAX_BLOCK_BYTES = 1 << 20;

/** Byte offsets from the start of a block; `Data` is where the variable part starts. */
export const enum SectionHeader {
  ByteOrderMagic = 8,
  VersionMajor = 12,
  VersionMinor = 14,
  SectionLength = 16,
  Data = 24,
}
export const enum InterfaceDescription {
  LinkType = 8,
  SnapLength = 12,
  Data = 16,
}
/** The obsolete packet block has 16 bits of interface and 16 of drops at `Interface`. */
export const enum EnhancedPacket {
  Interface = 8,
  TimestampHigh = 12,
  TimestampLow = 16,
  CapturedLength = 20,
  OriginalLength = 24,
  Data = 28,
}
export const enum SimplePacket {
  OriginalLength = 8,
  Data = 12,
}
export const enum SecretsBlock {
  SecretsType = 8,
  SecretsLength = 12,
  Data = 16,
}

export const enum OptionCode {
  End = 0,
  Comment = 1,
  SectionApplication = 4,
  InterfaceName = 2,
  InterfaceDescription = 3,
  TimestampResolution = 9,
  TimestampOffset = 14,
}
export const OPTION_HEADER_BYTES = 4;
export const MAX_OPTION_BYTES = 0xffff;

/** Length with its padding to 32 bits. */
export const padded = (length: number): number => (length + 3) & ~3;
