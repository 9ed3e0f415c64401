/**
 * A capture point: writes every frame that passes to a capture and hands it on unchanged. The bytes are
 * those of net/frame-bytes: captured frames byte for byte as they came, with what elements changed. The
 * capture gets one interface for each link type that passes here; the time is the epoch plus the run's.
 * Hot: no allocation per frame.
 */
import { NS_PER_SECOND } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, MetaBit } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { PcapngWriter } from '../pcap/pcapng-writer.ts';
import type { FrameBytes } from './frame-bytes.ts';
import type { Network } from './network.ts';

/** What a tap needs of a writer. */
export type CaptureSink = Pick<PcapngWriter, 'addInterface' | 'writePacket'>;

const NO_INTERFACE = -1;
/** The year 2500: 64 bits of nanoseconds last until 2554, a run 100 days. */
const LATE_SECONDS = 530 * 31_556_952;
/** if_tsoffset has 63 bits; a larger one is no second that a double could tell from the next. */
const OFFSET_MAX = 2 ** 62;

/** What the path did to a frame, as the comment of its packet; most frames have none. */
function noteOf(meta: number): string | undefined {
  if ((meta & (MetaBit.Corrupted | MetaBit.Duplicate)) === 0) return undefined;
  if ((meta & MetaBit.Duplicate) === 0) return 'sluice: bits flipped by the path';
  if ((meta & MetaBit.Corrupted) === 0) return 'sluice: duplicate made by the path';
  return 'sluice: duplicate made by the path, bits flipped';
}

/** Seconds that stamps are stored relative to: 0 as long as nanoseconds since 1970 fit 64 bits, 1970 to 2500. */
function stampOffset(epochSeconds: number): number {
  if (epochSeconds >= 0 && epochSeconds < LATE_SECONDS) return 0;
  return Math.max(-OFFSET_MAX, Math.min(OFFSET_MAX, epochSeconds));
}

export class Tap implements FrameSink {
  readonly name: string;
  readonly #clock: Clock;
  readonly #words: Int32Array;
  readonly #frameBytes: FrameBytes;
  readonly #bytes: Uint8Array;
  readonly #capture: CaptureSink;
  /** Longest part of a frame that is kept; 0 for all. */
  readonly #snapLength: number;
  /** Interface of the capture by link type (LINKTYPE_ numbers of wire/link-layer). */
  readonly #interfaces = new Int32Array(512).fill(NO_INTERFACE);
  #epochSeconds = 0;
  #epochNanoseconds = 0;
  #to: FrameSink | undefined;

  constructor(network: Network, capture: CaptureSink, name: string, snapLength = 0) {
    this.name = name;
    this.#clock = network.clock;
    this.#words = network.pool.words;
    this.#frameBytes = network.frameBytes;
    this.#bytes = network.pool.payloads.bytes;
    this.#capture = capture;
    this.#snapLength = snapLength;
    this.#to = undefined;
  }

  connect(to: FrameSink): void {
    this.#to = to;
  }

  /** The wall-clock time of the run's instant 0: seconds since 1970 and nanoseconds. */
  setEpoch(seconds: number, nanoseconds: number): void {
    this.#epochSeconds = seconds;
    this.#epochNanoseconds = nanoseconds;
  }

  deliver(frame: FrameId): void {
    const frameBytes = this.#frameBytes;
    frameBytes.locate(frame);
    const sinceEpochNs = this.#epochNanoseconds + this.#clock.nowNs;
    const seconds = Math.floor(sinceEpochNs / NS_PER_SECOND);
    this.#capture.writePacket(
      this.#interfaceFor(frameBytes.linkLayer),
      this.#epochSeconds + seconds,
      sinceEpochNs - seconds * NS_PER_SECOND,
      this.#bytes,
      frameBytes.start,
      frameBytes.storedLength,
      frameBytes.originalLength,
      noteOf(this.#words[(frame << FRAME_SHIFT) + FrameWord.Meta]),
    );
    (this.#to as FrameSink).deliver(frame);
  }

  #interfaceFor(linkType: number): number {
    const known = this.#interfaces[linkType];
    if (known !== NO_INTERFACE) return known;
    const added = this.#capture.addInterface({
      linkType,
      name: this.name,
      snapLength: this.#snapLength,
      offsetSeconds: stampOffset(this.#epochSeconds),
    });
    this.#interfaces[linkType] = added;
    return added;
  }
}
