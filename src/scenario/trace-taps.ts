/** The capture points of a run, all into one pcapng file; none without a sink. Instant 0 is 1970. Cold. */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/units.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { NO_CHUNK } from '../frame/payload-arena.ts';
import type { Network } from '../net/network.ts';
import { Tap } from '../net/tap.ts';
import { PcapngWriter } from '../pcap/pcapng-writer.ts';
import type { ByteSink } from '../pcap/record-buffer.ts';

/** Where a run's capture goes. */
export interface TraceRequest {
  /** Takes the file piece by piece. */
  readonly sink: ByteSink;
  /** Longest part of a frame that is kept; 0 for all. */
  readonly snapLength: Bytes;
}

export class TraceTaps {
  readonly #network: Network;
  readonly #writer: PcapngWriter | undefined;
  readonly #snapLength: Bytes;

  constructor(network: Network, request: TraceRequest | undefined) {
    this.#network = network;
    this.#snapLength = request?.snapLength ?? 0;
    if (request === undefined) return;
    // In the arena, where packets are made: copying within one memory makes no garbage.
    const arena = network.pool.payloads;
    const start = arena.openChunk();
    assert(start !== NO_CHUNK, 'a new arena has no chunk');
    const buffer = { bytes: arena.bytes, start, length: arena.chunkBytes };
    this.#writer = new PcapngWriter({ sink: request.sink, buffer });
  }

  /** Where to deliver instead of to `to`. */
  tap(name: string, to: FrameSink): FrameSink {
    if (this.#writer === undefined) return to;
    const tap = new Tap(this.#network, this.#writer, name, this.#snapLength);
    tap.connect(to);
    return tap;
  }

  /** Writes what is still gathered. */
  flush(): void {
    this.#writer?.flush();
  }
}
