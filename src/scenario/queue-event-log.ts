/**
 * What became of every frame at every queue of a run, as lines of comma-separated values (RFC 4180) for a file:
 * time, link, event, reason, addresses and ports, length, ECN field, how long the frame had waited, and the
 * backlog. Written piece by piece, so that a long run takes no more memory than a short one.
 */
import { formatIpAddress } from '../base/ip-address.ts';
import { NS_PER_SECOND } from '../base/units.ts';
import { DROP_REASON_NAMES } from '../engine/drop-reason.ts';
import { ECN_MASK, FRAME_SHIFT, FrameWord, MetaBit, MetaShift } from '../frame/frame-record.ts';
import type { Network } from '../net/network.ts';
import type { QueueProbe } from '../net/probed-queue.ts';
import { encodeUtf8 } from '../pcap/utf8.ts';

const HEADER =
  'seconds,link,event,reason,source,sourcePort,destination,destinationPort,sequence,bytes,ecn,sojournMs,backlogBytes\n';
/** Characters gathered before they are written. */
const PIECE_LENGTH = 1 << 16;
const ECN_NAMES = ['not-ect', 'ect1', 'ect0', 'ce'];
const NS_PER_MS = 1e6;

type QueueEvent = Parameters<QueueProbe['onQueueEvent']>[1];

export class QueueEventLog implements QueueProbe {
  readonly #sink: (bytes: Uint8Array) => void;
  #text = HEADER;

  /** @param sink takes the file piece by piece */
  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  onQueueEvent(network: Network, event: QueueEvent): void {
    const { words } = network.pool;
    const at = event.frame << FRAME_SHIFT;
    const meta = words[at + FrameWord.Meta];
    const ports = words[at + FrameWord.Ports];
    const isIp = (meta & MetaBit.NotIp) === 0;
    const address = (word: FrameWord) =>
      isIp ? formatIpAddress(network.addresses.words, words[at + word] * 4) : '';
    const columns = [
      (network.clock.nowNs / NS_PER_SECOND).toFixed(9),
      quoted(network.placeName(event.place)),
      event.kind,
      event.reason === undefined ? '' : DROP_REASON_NAMES[event.reason],
      address(FrameWord.Src),
      isIp ? ports >>> 16 : '',
      address(FrameWord.Dst),
      isIp ? ports & 0xffff : '',
      isIp ? words[at + FrameWord.Seq] >>> 0 : '',
      words[at + FrameWord.WireLength],
      ECN_NAMES[(meta >>> MetaShift.TrafficClass) & ECN_MASK],
      event.sojournNs / NS_PER_MS,
      event.backlogBytes,
    ];
    this.#text += `${columns.join(',')}\n`;
    if (this.#text.length >= PIECE_LENGTH) this.flush();
  }

  /** Writes what is still gathered. */
  flush(): void {
    this.#sink(encodeUtf8(this.#text, this.#text.length * 3));
    this.#text = '';
  }
}

/** A field that a comma or a quote would break. */
function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
