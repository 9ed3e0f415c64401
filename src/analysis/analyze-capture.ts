/**
 * `sluice analyze` without its I/O: reads one capture from a source of bytes to its end and says what is in it.
 * Memory is one block, one batch of rows and the flows. Packets of link types that are not read are counted
 * and belong to a flow that is "not IP".
 */
import { CaptureReader, MAX_RECORD_BYTES } from '../pcap/capture-reader.ts';
import { CaptureRows } from '../pcap/capture-rows.ts';
import { type ByteSource, CaptureStream } from '../pcap/capture-stream.ts';
import { dissect } from '../wire/dissect.ts';
import { type LinkLayer, linkLayerFromLinkType } from '../wire/link-layer.ts';
import { PacketColumns } from '../wire/packet-columns.ts';
import type { BurstOptions } from './burst-facts.ts';
import { type AnalyzeResult, CaptureAnalysis } from './capture-analysis.ts';

/** Rows of a batch: their columns stay in a processor's own cache. */
const BATCH_ROWS = 1000;

/**
 * Analyses the capture that `source` gives; `name` is how errors call it. `onProgress` is told the bytes decoded
 * so far after each block; `bursts` asks for those too. Throws NetError when it is no capture or cannot be read. The caller closes the source.
 */
export async function analyzeCapture(
  source: ByteSource,
  name: string,
  onProgress?: (bytes: number) => void,
  bursts?: BurstOptions,
): Promise<AnalyzeResult> {
  const reader = new CaptureReader(name);
  const stream = new CaptureStream(source, reader);
  const batch = new Batch(reader, stream, bursts);
  const block = new Uint8Array(MAX_RECORD_BYTES);
  for (;;) {
    const loading = stream.load(block, 0, block.length);
    if (!(typeof loading === 'boolean' ? loading : await loading)) break;
    batch.decodeBlock();
    onProgress?.(reader.consumedBytes);
  }
  return batch.analysis.finish(reader);
}

class Batch {
  readonly analysis: CaptureAnalysis;
  readonly #reader: CaptureReader;
  readonly #stream: CaptureStream;
  readonly #rows = new CaptureRows(BATCH_ROWS);
  readonly #columns = new PacketColumns(BATCH_ROWS);
  /** By interface. */
  readonly #linkLayers: LinkLayer[] = [];
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(reader: CaptureReader, stream: CaptureStream, bursts: BurstOptions | undefined) {
    this.analysis = new CaptureAnalysis(bursts);
    this.#reader = reader;
    this.#stream = stream;
  }

  decodeBlock(): void {
    const { buffer, byteOffset, byteLength } = this.#stream.bytes;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer, byteOffset, byteLength);
    while (this.#stream.decode(this.#rows) > 0) {
      this.#dissectRows();
      this.analysis.add(this.#rows, this.#columns);
      this.#rows.clear();
    }
  }

  #dissectRows(): void {
    const { interfaces } = this.#reader;
    for (let index = this.#linkLayers.length; index < interfaces.length; index++) {
      this.#linkLayers.push(linkLayerFromLinkType(interfaces[index].linkType));
    }
    const { count, offset, capturedLength, originalLength, interfaceIndex } = this.#rows;
    const layers = this.#linkLayers;
    const view = this.#view;
    const columns = this.#columns;
    for (let row = 0; row < count; row++) {
      const layer = layers[interfaceIndex[row]];
      dissect(view, offset[row], capturedLength[row], originalLength[row], layer, columns, row);
    }
  }
}
