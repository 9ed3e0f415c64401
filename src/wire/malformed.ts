/**
 * Why bytes are no header of the format they were read as. Checks return a header's length in
 * bytes, or one of these; all are negative. Parsers return an object, or one of these: `typeof
 * result === 'number'`.
 */
export const enum Malformed {
  /** The bytes end before the header does. */
  Truncated = -1,
  /** A version, format or size field has another value than this format's. */
  Version = -2,
  /** A header length field below the minimum. */
  HeaderLength = -3,
  /** A total or payload length field smaller than the header it counts. */
  TotalLength = -4,
  /** An option whose length field is impossible or points outside the header. */
  OptionLength = -5,
  /** More stacked headers (VLAN tags, IPv6 extension headers) than a packet is allowed here. */
  TooManyHeaders = -6,
}

const TEXT = [
  '',
  'truncated',
  'wrong version',
  'header length too small',
  'total length smaller than the header',
  'impossible option length',
  'too many stacked headers',
];

/** The reason in words. */
export function malformedText(reason: Malformed): string {
  return TEXT[-reason] as string;
}
