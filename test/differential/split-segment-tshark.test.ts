import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PcapWriter } from '../../src/pcap/pcap-writer.ts';
import { dissect } from '../../src/wire/dissect.ts';
import { linkLayerFromLinkType } from '../../src/wire/link-layer.ts';
import { PacketColumns } from '../../src/wire/packet-columns.ts';
import { packetMemory } from '../../src/wire/packet-memory.ts';
import { SegmentSplitter } from '../../src/wire/split-segment.ts';
import { captureFiles, captureName, loadCapture } from '../support/captures.ts';
import { CHECK_CHECKSUMS, tsharkFields, tsharkVersion } from '../support/tshark.ts';

/** Small, so that ordinary segments are split as well. */
const MTU_BYTES = 576;
const FIELDS = [
  'frame.len',
  'ip.len',
  'ip.checksum.status',
  'ipv6.plen',
  'tcp.checksum.status',
  'tcp.len',
  'frame.cap_len',
] as const;

interface SplitCapture {
  file: Uint8Array;
  pieces: number;
  payloadBytes: number;
}

/** All pieces of the packets of a capture that are larger than the MTU. */
function splitCapture(path: string): SplitCapture {
  const { bytes, rows, linkType } = loadCapture(path);
  const memory = packetMemory(new Uint8Array(bytes.length + 70_000));
  memory.bytes.set(bytes);
  const target = bytes.length;
  const columns = new PacketColumns(1);
  const splitter = new SegmentSplitter(memory, MTU_BYTES);
  const blocks: Uint8Array[] = [];
  const writer = new PcapWriter({
    linkType: linkType(0),
    sink: (block) => {
      blocks.push(block.slice());
    },
  });
  let pieces = 0;
  let payloadBytes = 0;
  for (let row = 0; row < rows.count; row++) {
    // One link type a file: a few packets of one capture are left out.
    if (linkType(row) !== linkType(0)) continue;
    const layer = linkLayerFromLinkType(linkType(row));
    const offset = rows.offset[row] as number;
    const captured = rows.capturedLength[row] as number;
    const original = rows.originalLength[row] as number;
    dissect(memory.view, offset, captured, original, layer, columns, 0);
    const count = splitter.begin(offset, captured, original, columns, 0, 0);
    if (count < 2) continue;
    payloadBytes += columns.payloadLength[0] as number;
    for (let piece = 0; piece < count; piece++) {
      splitter.emit(piece, target);
      const length = splitter.capturedLength(piece);
      writer.writePacket(pieces, 0, memory.bytes, target, length, splitter.originalLength(piece));
      pieces++;
    }
  }
  writer.flush();
  return { file: Buffer.concat(blocks), pieces, payloadBytes };
}

const version = tsharkVersion();
if (version === undefined) console.warn('tshark is not installed: pieces are not judged by it');
const folder = mkdtempSync(join(tmpdir(), 'sluice-split-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(version === undefined)('SegmentSplitter, beside tshark', () => {
  it.each(captureFiles().map((path) => [captureName(path), path]))(
    'makes pieces of the packets of %s in which tshark finds nothing wrong',
    (name, path) => {
      const { file, pieces, payloadBytes } = splitCapture(path);
      if (pieces === 0) return;
      const piecesPath = join(folder, `${name}.pcap`);
      writeFileSync(piecesPath, file);
      const packets = tsharkFields(piecesPath, FIELDS, CHECK_CHECKSUMS);
      expect(packets.length).toBe(pieces);
      for (const [index, fields] of packets.entries()) {
        const length =
          fields['ip.len'] === '' ? 40 + Number(fields['ipv6.plen']) : fields['ip.len'];
        expect(Number(length), `piece ${index + 1}`).toBeLessThanOrEqual(MTU_BYTES);
        expect(fields['ip.checksum.status'], `piece ${index + 1}`).not.toBe('0');
        const isCut = fields['frame.cap_len'] !== fields['frame.len'];
        expect(fields['tcp.checksum.status'], `piece ${index + 1}`).toBe(isCut ? '2' : '1');
      }
      const sum = packets.reduce((total, fields) => total + Number(fields['tcp.len']), 0);
      expect(sum).toBe(payloadBytes);
    },
  );
});
