/**
 * A router: forwards IP packets by destination address, RFC 1812 §5.2 and RFC 8200 §3. It takes one from the TTL,
 * checks the IPv4 header checksum of packets that are bytes, and tells the source by ICMP when it cannot forward:
 * time exceeded, network unreachable, or too big for the next link. Its queues are those of the links that leave
 * it, so it holds no packet and takes no time. It reassembles and fragments nothing: what we send says Don't
 * Fragment. Packets for its own address end here.
 * Hot: no allocation per packet.
 */
import type { Bytes } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import { FRAME_SHIFT, type FrameId, FrameWord, MetaBit, MetaShift } from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { ForwardingTable, NO_PORT } from '../net/forwarding-table.ts';
import type { Network } from '../net/network.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { ChecksumVerdict, verifyChecksums } from '../wire/verify-checksums.ts';
import { IcmpAnswer, IcmpErrors } from './icmp-errors.ts';

/** No link says how long a packet may be. */
const NO_MTU: Bytes = 0x7fff_ffff;

export class Router implements FrameSink {
  readonly name: string;
  /** Index in the network's address table: the source of its ICMP messages. */
  readonly address: number;
  /** Where packets that it cannot forward are counted: Network.dropCount. */
  readonly place: number;
  readonly routes: ForwardingTable;
  readonly errors: IcmpErrors;
  readonly #network: Network;
  readonly #words: Int32Array;
  /** Of the link behind each port. */
  readonly #mtuBytes: Bytes[] = [];

  /**
   * @param name distinct in its network: it names its place and its choices among equal paths
   * @param address IPv4 or IPv6 as text; ICMP messages go out for packets of this family only
   */
  constructor(network: Network, name: string, address: string) {
    this.name = name;
    this.address = network.addresses.internText(address);
    this.place = network.addPlace(name);
    this.routes = new ForwardingTable(network, network.random.fork(name).nextInt32());
    this.errors = new IcmpErrors(network, this.place, this.address, address.includes(':'));
    this.#network = network;
    this.#words = network.pool.words;
  }

  /** Set-up time: a port to a link that carries packets up to `mtuBytes`. */
  addPort(to: FrameSink, mtuBytes: Bytes = NO_MTU): number {
    this.#mtuBytes.push(mtuBytes);
    return this.routes.addPort(to);
  }

  /** Takes ownership. */
  deliver(frame: FrameId): void {
    const words = this.#words;
    const at = frame << FRAME_SHIFT;
    const meta = words[at + FrameWord.Meta];
    if ((meta & MetaBit.Captured) !== 0 && !this.#hasSoundHeader(frame)) {
      this.#network.drop(frame, DropReason.Malformed, this.place);
      return;
    }
    if (words[at + FrameWord.Dst] === this.address) {
      this.#network.drop(frame, DropReason.Refused, this.place);
      return;
    }
    if (((meta >>> MetaShift.Ttl) & 0xff) <= 1) {
      this.#refuse(frame, IcmpAnswer.TimeExceeded, DropReason.TtlExpired);
      return;
    }
    const port = this.routes.find(frame);
    if (port === NO_PORT) {
      this.#refuse(frame, IcmpAnswer.NetworkUnreachable, DropReason.NoRoute);
      return;
    }
    const mtuBytes = this.#mtuBytes[port];
    if (words[at + FrameWord.WireLength] - ETHERNET_HEADER_BYTES > mtuBytes) {
      this.errors.mtuBytes = mtuBytes;
      this.#refuse(frame, IcmpAnswer.PacketTooBig, DropReason.MtuExceeded);
      return;
    }
    // The bytes of a captured frame follow when somebody looks at them.
    const changed = (meta & MetaBit.Captured) !== 0 ? MetaBit.Changed : 0;
    words[at + FrameWord.Meta] = (meta - (1 << MetaShift.Ttl)) | changed;
    this.routes.send(frame, port);
  }

  /** An answer to the source, where one is due, and the end of the packet. */
  #refuse(frame: FrameId, answer: IcmpAnswer, reason: DropReason): void {
    const error = this.errors.about(frame, answer);
    this.#network.drop(frame, reason, this.place);
    if (error >= 0) this.#sendOwn(error);
  }

  #sendOwn(frame: FrameId): void {
    if (!this.routes.forward(frame)) this.#network.drop(frame, DropReason.NoRoute, this.place);
  }

  /** IP, and an IPv4 header whose checksum is right (RFC 1812 §5.2.2). What is behind it is the host's to judge. */
  #hasSoundHeader(frame: FrameId): boolean {
    const { frameBytes } = this.#network;
    frameBytes.locate(frame);
    const start = frameBytes.start + frameBytes.networkOffset;
    const end = frameBytes.start + frameBytes.storedLength;
    const originalEnd = frameBytes.start + frameBytes.originalLength;
    const verdict = verifyChecksums(frameBytes.packets, start, end, originalEnd);
    return verdict !== ChecksumVerdict.NotIp && verdict !== ChecksumVerdict.BadIpv4Header;
  }
}
