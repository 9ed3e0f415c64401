/**
 * One capture on its way into a run: its bytes are read straight into chunks of the payload arena, where
 * frames will point at them, and decoded and dissected a batch of rows at a time. Stamps become
 * nanoseconds since an epoch that the replay chooses. Sans-I/O: the source of bytes is given.
 */
import { assert } from '../base/assert.ts';
import { NetError } from '../base/errors.ts';
import { NO_CHUNK, type PayloadArena } from '../frame/payload-arena.ts';
import { CaptureReader, MAX_RECORD_BYTES } from '../pcap/capture-reader.ts';
import { CaptureRows } from '../pcap/capture-rows.ts';
import { type ByteSource, CaptureStream } from '../pcap/capture-stream.ts';
import { dissect } from '../wire/dissect.ts';
import { LinkLayer, linkLayerFromLinkType, linkTypeName } from '../wire/link-layer.ts';
import { PacketColumns } from '../wire/packet-columns.ts';

/** Rows decoded at a time: the columns of 1,000 rows stay in a processor's own cache. */
const BATCH_ROWS = 1000;

/** Arena chunks that captures are read into: any record fits beside a block. */
export const INPUT_CHUNK_BYTES = 1 << 21;
/** Bytes read at a time: they stay in a processor's own cache until they are dissected. */
const BLOCK_BYTES = 1 << 18;

export class ReplayInput {
  readonly name: string;
  /** Ordinal among the inputs of the replay. */
  readonly index: number;
  readonly isOneOfSeveral: boolean;
  /** The arena's bytes, which rows.offset points into. */
  readonly view: DataView;
  readonly reader: CaptureReader;
  readonly rows = new CaptureRows(BATCH_ROWS);
  readonly columns = new PacketColumns(BATCH_ROWS);
  /** The row that comes next; valid while it is below rows.count. */
  cursor = 0;
  /** The chunk was lent when the arena was full: its packets cannot enter the path. */
  isOverflow = false;
  /** No more rows will come. */
  isEnded = false;
  readonly #stream: CaptureStream;
  readonly #source: ByteSource;
  readonly #arena: PayloadArena;
  /** Chunk that holds the bytes of the current rows, and its bytes that blocks have taken. */
  #chunk = NO_CHUNK;
  #used = 0;
  /** Lent when the arena is full, so that the input can be read to its end. */
  readonly #spareChunk: number;
  readonly #linkLayers: LinkLayer[] = [];

  /** @param place ordinal of this input, and how many there are */
  constructor(
    name: string,
    place: { readonly index: number; readonly count: number },
    source: ByteSource,
    arena: PayloadArena,
  ) {
    this.name = name;
    this.index = place.index;
    this.isOneOfSeveral = place.count > 1;
    this.view = arena.view;
    this.reader = new CaptureReader(name);
    this.#source = source;
    this.#stream = new CaptureStream(source, this.reader);
    this.#arena = arena;
    this.#spareChunk = arena.openChunk();
  }

  /** Link layer of the current row's interface. */
  linkLayerOf(row: number): LinkLayer {
    return this.#linkLayers[this.rows.interfaceIndex[row]] as LinkLayer;
  }

  /**
   * Makes rows from `cursor` on available, or sets isEnded. A promise only when the source must wait.
   * Throws NetError when the input is no capture or cannot be read.
   */
  refill(): void | Promise<void> {
    while (!this.isEnded) {
      if (this.#decodeBatch()) return;
      const loaded = this.#load();
      if (loaded instanceof Promise) return this.#refillLater(loaded);
      if (!loaded) this.#end();
    }
  }

  close(): void {
    if (this.#chunk !== NO_CHUNK && !this.isOverflow) this.#arena.closeChunk(this.#chunk);
    this.#chunk = NO_CHUNK;
    this.#arena.closeChunk(this.#spareChunk);
    this.#source.close();
  }

  async #refillLater(loading: Promise<boolean>): Promise<void> {
    if (!(await loading)) this.#end();
    await this.refill();
  }

  #end(): void {
    this.isEnded = true;
    const { packets } = this.reader.counters;
    const layers = this.reader.interfaces.map((each) => linkLayerFromLinkType(each.linkType));
    if (packets > 0 && layers.every((layer) => layer === LinkLayer.Unsupported)) {
      throw unsupportedLinkType(this.name, this.reader.interfaces[0]?.linkType ?? -1);
    }
  }

  /** Reads the next block, behind the last one or into another chunk. */
  #load(): boolean | Promise<boolean> {
    // What the last block left over is at most a record of requiredBytes.
    const length = BLOCK_BYTES + this.reader.requiredBytes;
    const previous = this.#chunk;
    const wasOverflow = this.isOverflow;
    const isRoom =
      this.#used + length <= INPUT_CHUNK_BYTES && previous !== NO_CHUNK && !wasOverflow;
    if (!isRoom) this.#openChunk();
    const at = this.#chunk + this.#used;
    this.#used += length;
    const loaded = this.#stream.load(this.#arena.bytes, at, length);
    // The stream has copied what it carries over, also when it waits.
    if (!isRoom && previous !== NO_CHUNK && !wasOverflow) this.#arena.closeChunk(previous);
    return loaded;
  }

  #openChunk(): void {
    const opened = this.#arena.openChunk();
    this.isOverflow = opened === NO_CHUNK;
    this.#chunk = this.isOverflow ? this.#spareChunk : opened;
    this.#used = 0;
  }

  /** Decodes and dissects what the current block still holds. False when it is used up. */
  #decodeBatch(): boolean {
    const rows = this.rows;
    rows.clear();
    this.cursor = 0;
    if (this.#chunk === NO_CHUNK || this.#stream.decode(rows) === 0) return false;
    const interfaces = this.reader.interfaces;
    for (let index = this.#linkLayers.length; index < interfaces.length; index++) {
      const linkType = interfaces[index]?.linkType ?? -1;
      const layer = linkLayerFromLinkType(linkType);
      if (layer === LinkLayer.Unsupported && this.reader.format === 'pcap') {
        throw unsupportedLinkType(this.name, linkType);
      }
      this.#linkLayers.push(layer);
    }
    const view = this.view;
    const count = rows.count;
    for (let row = 0; row < count; row++) {
      dissect(
        view,
        rows.offset[row],
        rows.capturedLength[row],
        rows.originalLength[row],
        this.linkLayerOf(row),
        this.columns,
        row,
      );
    }
    return true;
  }
}

function unsupportedLinkType(name: string, linkType: number): NetError {
  return new NetError(
    'ERR_LINK_TYPE',
    `${name}: expected link type Ethernet, Linux cooked, raw IP or null/loopback, got ${linkTypeName(linkType)}`,
  );
}

assert(MAX_RECORD_BYTES + BLOCK_BYTES <= INPUT_CHUNK_BYTES, 'chunks are shorter than records');
