/**
 * The ICMP errors of a router: RFC 792, RFC 1812 §4.3 and RFC 4443 §2.4 and §3, as built frames that quote the
 * packet they are about. None is sent about an ICMP message, and no more than a rate of them (RFC 1812 §4.3.2.8),
 * but "too big" is never withheld, since path MTU discovery waits for it.
 * Hot: no allocation per message.
 */
import type { Bytes, Instant } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
  NO_FRAME,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import type { Network } from '../net/network.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { ICMP_HEADER_BYTES, IcmpType, IcmpUnreachable, Icmpv6Type } from '../wire/icmp.ts';
import { IPV4_HEADER_BYTES, IpProtocol } from '../wire/ipv4.ts';
import { IPV6_HEADER_BYTES } from '../wire/ipv6.ts';

/** What a router has to say. */
export const enum IcmpAnswer {
  TimeExceeded = 0,
  NetworkUnreachable = 1,
  PacketTooBig = 2,
}

/** Type << 8 | code, by IcmpAnswer. */
const TYPES_IPV4 = Int32Array.of(
  IcmpType.TimeExceeded << 8,
  (IcmpType.DestinationUnreachable << 8) | IcmpUnreachable.Network,
  (IcmpType.DestinationUnreachable << 8) | IcmpUnreachable.FragmentationNeeded,
);
const TYPES_IPV6 = Int32Array.of(
  Icmpv6Type.TimeExceeded << 8,
  Icmpv6Type.DestinationUnreachable << 8,
  Icmpv6Type.PacketTooBig << 8,
);

/** As much of the packet as fits: RFC 1812 §4.3.2.3, RFC 4443 §2.4 (c). */
const MESSAGE_BYTES_MAX_IPV4: Bytes = 576;
const MESSAGE_BYTES_MAX_IPV6: Bytes = 1280;
/** Messages a second in the long run, and at once. RFC 1812 leaves the numbers open. */
const INTERVAL_NS = 1e6;
const BURST = 50;
/** RFC 1700's default. */
const TTL = 64;

export class IcmpErrors {
  /** Of the next hop: set it before about(…, PacketTooBig). */
  mtuBytes: Bytes = 0;
  sent = 0;
  /** Not sent because of the rate. */
  withheld = 0;
  readonly #network: Network;
  readonly #place: number;
  readonly #address: number;
  readonly #isIpv6: boolean;
  #identification = 0;
  /** When the bucket would be full: each message moves it on by INTERVAL_NS. */
  #fullNs: Instant = 0;

  /**
   * @param place where messages that there is no room for are counted
   * @param address their source, an index of the address table
   */
  constructor(network: Network, place: number, address: number, isIpv6: boolean) {
    this.#network = network;
    this.#place = place;
    this.#address = address;
    this.#isIpv6 = isIpv6;
  }

  /** A message about `frame`, which stays the caller's; NO_FRAME when none is due. Gives ownership. */
  about(frame: FrameId, answer: IcmpAnswer): FrameId {
    const { pool } = this.#network;
    const meta = pool.words[(frame << FRAME_SHIFT) + FrameWord.Meta];
    const protocol = (meta >>> MetaShift.Protocol) & 0xff;
    const isIcmp = protocol === IpProtocol.Icmp || protocol === IpProtocol.Icmpv6;
    const isIpv6 = (meta & MetaBit.Ipv6) !== 0;
    if (isIcmp || (meta & MetaBit.NotIp) !== 0 || isIpv6 !== this.#isIpv6) return NO_FRAME;
    if (answer !== IcmpAnswer.PacketTooBig && !this.#takeToken()) return NO_FRAME;
    return this.#build(frame, answer);
  }

  #takeToken(): boolean {
    const { nowNs } = this.#network.clock;
    this.#fullNs = Math.max(this.#fullNs, nowNs);
    if (this.#fullNs - nowNs > (BURST - 1) * INTERVAL_NS) {
      this.withheld++;
      return false;
    }
    this.#fullNs += INTERVAL_NS;
    return true;
  }

  #build(about: FrameId, answer: IcmpAnswer): FrameId {
    const network = this.#network;
    const { pool } = network;
    const length = this.#quoteLength(about);
    const quote = network.payloadWriter.reserve(length);
    const message = quote === NO_PAYLOAD ? NO_FRAME : pool.allocate();
    if (message === NO_FRAME) {
      const noRoom = quote === NO_PAYLOAD;
      network.countUnmade(
        noRoom ? DropReason.PayloadArenaFull : DropReason.FramePoolEmpty,
        this.#place,
      );
      return NO_FRAME;
    }
    const { frameBytes } = network;
    const from = frameBytes.start + frameBytes.networkOffset;
    pool.payloads.bytes.copyWithin(quote, from, from + length);
    pool.payloads.retain(quote);
    this.#fill(message, about, answer, length);
    pool.words[(message << FRAME_SHIFT) + FrameWord.Payload] = quote;
    this.sent++;
    return message;
  }

  /** Locates the packet's bytes; how many of them are quoted. */
  #quoteLength(frame: FrameId): Bytes {
    const { frameBytes } = this.#network;
    frameBytes.locate(frame);
    const room = this.#isIpv6
      ? MESSAGE_BYTES_MAX_IPV6 - IPV6_HEADER_BYTES - ICMP_HEADER_BYTES
      : MESSAGE_BYTES_MAX_IPV4 - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES;
    return Math.min(
      room,
      frameBytes.networkLength(true),
      frameBytes.storedLength - frameBytes.networkOffset,
    );
  }

  /** All words of the message but its payload's place. */
  #fill(message: FrameId, about: FrameId, answer: IcmpAnswer, quoteBytes: Bytes): void {
    const { words } = this.#network.pool;
    const at = message << FRAME_SHIFT;
    const isIpv6 = this.#isIpv6;
    const type = isIpv6 ? TYPES_IPV6[answer] : TYPES_IPV4[answer];
    // The second word of the header: unused, but for an MTU (RFC 1191 §4, RFC 4443 §3.2).
    const rest = answer === IcmpAnswer.PacketTooBig ? this.mtuBytes : 0;
    const ipBytes = isIpv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES;
    words[at + FrameWord.Src] = this.#address;
    words[at + FrameWord.Dst] = words[(about << FRAME_SHIFT) + FrameWord.Src];
    words[at + FrameWord.Ports] = (type << 16) | (rest >>> 16);
    words[at + FrameWord.Seq] = rest & 0xffff;
    words[at + FrameWord.Ack] = 0;
    words[at + FrameWord.FlagsWindow] = 0;
    words[at + FrameWord.TsVal] = 0;
    words[at + FrameWord.TsEcr] = 0;
    words[at + FrameWord.Identification] = isIpv6 ? 0 : this.#nextIdentification();
    words[at + FrameWord.PayloadLength] = quoteBytes;
    words[at + FrameWord.WireLength] =
      ETHERNET_HEADER_BYTES + ipBytes + ICMP_HEADER_BYTES + quoteBytes;
    words[at + FrameWord.Meta] =
      ((isIpv6 ? IpProtocol.Icmpv6 : IpProtocol.Icmp) << MetaShift.Protocol) |
      (TTL << MetaShift.Ttl) |
      (isIpv6 ? MetaBit.Ipv6 : 0);
  }

  #nextIdentification(): number {
    this.#identification = (this.#identification + 1) & 0xffff;
    return this.#identification;
  }
}
