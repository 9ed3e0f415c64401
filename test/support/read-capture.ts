/** A whole capture decoded in blocks of a chosen size, as plain objects that can be compared. */
import { CaptureReader, MAX_RECORD_BYTES } from '../../src/pcap/capture-reader.ts';
import { CaptureRows } from '../../src/pcap/capture-rows.ts';
import { CaptureStream } from '../../src/pcap/capture-stream.ts';
import { MemorySource } from '../../src/pcap/memory-source.ts';

export interface ReadPacket {
  /** Seconds and nine digits; seconds alone carry the sign, as tshark prints it. */
  time: string;
  captured: number;
  original: number;
  interfaceIndex: number;
  data: string;
  comments: string[];
}

export interface ReadCapture {
  reader: CaptureReader;
  packets: ReadPacket[];
}

/** Throws what the reader throws. `blockBytes` grows only to what the next record needs. */
export function readCapture(
  bytes: Uint8Array,
  blockBytes = MAX_RECORD_BYTES,
  rowCapacity = 64,
): ReadCapture {
  const reader = new CaptureReader('test');
  const stream = new CaptureStream(new MemorySource(bytes), reader);
  const rows = new CaptureRows(rowCapacity);
  const packets: ReadPacket[] = [];
  let block = new Uint8Array(blockBytes);
  while (stream.load(block, 0, block.length)) {
    while (stream.decode(rows) > 0) {
      for (let row = 0; row < rows.count; row++) packets.push(packetOf(reader, block, rows, row));
      rows.clear();
    }
    if (reader.requiredBytes > MAX_RECORD_BYTES) throw new Error('more is required than promised');
    if (reader.requiredBytes >= block.length) block = new Uint8Array(reader.requiredBytes + 1);
  }
  return { reader, packets };
}

function packetOf(
  reader: CaptureReader,
  bytes: Uint8Array,
  rows: CaptureRows,
  row: number,
): ReadPacket {
  const offset = rows.offset[row] as number;
  const captured = rows.capturedLength[row] as number;
  if (offset + captured > bytes.length) throw new Error('a packet reaches beyond its block');
  return {
    time: timeText(rows.seconds[row] as number, rows.nanoseconds[row] as number),
    captured,
    original: rows.originalLength[row] as number,
    interfaceIndex: rows.interfaceIndex[row] as number,
    data: Buffer.from(bytes.subarray(offset, offset + captured)).toString('hex'),
    comments: reader.comments(bytes, rows, row),
  };
}

export const timeText = (seconds: number, nanoseconds: number): string =>
  `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
