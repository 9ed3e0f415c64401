/**
 * A table of decoded packets in columns: one row a packet, no object each. `offset` points into the
 * caller's own bytes, which are never copied, so rows live exactly as long as the block they came from.
 */

/** Filled by CaptureReader.decode, which appends at `count`; the caller empties it with `clear`. */
export class CaptureRows {
  /** Rows in use. */
  count = 0;
  /** Offset of the packet's first byte (link header) in the bytes given to `decode`. */
  readonly offset: Int32Array;
  /** Bytes present in the capture. */
  readonly capturedLength: Int32Array;
  /** Bytes on the wire, as the file states; may be less than the captured length in odd files. Clamped to 2^31 - 1. */
  readonly originalLength: Int32Array;
  /** Whole seconds since 1970-01-01 UTC; negative before. An integer, exact to 2^53. */
  readonly seconds: Float64Array;
  /** 0 … 999,999,999, added to `seconds`. */
  readonly nanoseconds: Int32Array;
  /** Index into CaptureReader.interfaces. */
  readonly interfaceIndex: Int32Array;
  /** Bytes of pcapng options behind the padded packet; 0 for none. CaptureReader.comments reads them. */
  readonly optionsLength: Int32Array;

  constructor(
    /** Greatest number of rows. */
    readonly capacity: number,
  ) {
    this.offset = new Int32Array(capacity);
    this.capturedLength = new Int32Array(capacity);
    this.originalLength = new Int32Array(capacity);
    this.seconds = new Float64Array(capacity);
    this.nanoseconds = new Int32Array(capacity);
    this.interfaceIndex = new Int32Array(capacity);
    this.optionsLength = new Int32Array(capacity);
  }

  clear(): void {
    this.count = 0;
  }
}
