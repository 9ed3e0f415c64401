/**
 * Datagrams at a steady pace: UDP packets of a stated size, one each interval, whose payload stands for zeros.
 * The IPv4 identification numbers them (modulo 2^16), and so tells who receives one when it was sent.
 */
import type { Bytes, Duration, Instant } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { Task } from '../engine/task.ts';
import { FRAME_SHIFT, FrameWord, MetaShift, NO_FRAME } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { Network } from '../net/network.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { IPV4_HEADER_BYTES, IpProtocol } from '../wire/ipv4.ts';

export interface DatagramFlow {
  /** IPv4 addresses as text. */
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** RFC 3168 §5 and RFC 9331 §2; 0, not ECN-capable, when absent. */
  readonly ecn?: number;
}

const UDP_HEADER_BYTES = 8;
const HEADER_BYTES = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + UDP_HEADER_BYTES;
const NUMBERS = 1 << 16;
const TTL = 64;

export class DatagramSource {
  /** Of UDP payload, from the next datagram on. */
  payloadBytes: Bytes;
  intervalNs: Duration;
  sentPackets = 0;
  readonly #network: Network;
  readonly #place: number;
  readonly #to: FrameSink;
  readonly #flow: DatagramFlow;
  readonly #src: number;
  readonly #dst: number;
  readonly #sentNs = new Float64Array(NUMBERS);
  readonly #next: Task;
  #endNs: Instant = 0;

  /** @param to where datagrams go: a link, or a switch that knows the way */
  constructor(
    network: Network,
    name: string,
    to: FrameSink,
    flow: DatagramFlow,
    pace: { readonly payloadBytes: Bytes; readonly intervalNs: Duration },
  ) {
    this.payloadBytes = pace.payloadBytes;
    this.intervalNs = pace.intervalNs;
    this.#network = network;
    this.#place = network.addPlace(name);
    this.#to = to;
    this.#flow = flow;
    this.#src = network.addresses.internText(flow.source);
    this.#dst = network.addresses.internText(flow.destination);
    this.#next = new Task(network.scheduler, () => this.#send());
  }

  /** From then on until, not including, the end. */
  run(startNs: Instant, endNs: Instant): void {
    this.#endNs = endNs;
    if (startNs < endNs) this.#next.runAt(startNs);
  }

  /** When the datagram of this identification was sent. */
  sentAtNs(identification: number): Instant {
    return this.#sentNs[identification & (NUMBERS - 1)];
  }

  #send(): void {
    const { pool, clock } = this.#network;
    const frame = pool.allocate();
    const atNs = clock.nowNs + this.intervalNs;
    if (atNs < this.#endNs) this.#next.runAt(atNs);
    if (frame === NO_FRAME) {
      this.#network.countUnmade(DropReason.FramePoolEmpty, this.#place);
      return;
    }
    const { sourcePort, destinationPort, ecn = 0 } = this.#flow;
    const { words } = pool;
    const at = frame << FRAME_SHIFT;
    const number = this.sentPackets++ & (NUMBERS - 1);
    this.#sentNs[number] = clock.nowNs;
    words.fill(0, at, at + FrameWord.Meta);
    words[at + FrameWord.Src] = this.#src;
    words[at + FrameWord.Dst] = this.#dst;
    words[at + FrameWord.Ports] = (sourcePort << 16) | destinationPort;
    words[at + FrameWord.Identification] = number;
    words[at + FrameWord.PayloadLength] = this.payloadBytes;
    words[at + FrameWord.WireLength] = HEADER_BYTES + this.payloadBytes;
    words[at + FrameWord.Meta] =
      IpProtocol.Udp | (ecn << MetaShift.TrafficClass) | (TTL << MetaShift.Ttl);
    this.#to.deliver(frame);
  }
}
