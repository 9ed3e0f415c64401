/**
 * A host: an address, TCP (tcp-service), and links by the destination of what it sends. Frames wait in the links that leave it, never here; how long the host itself takes over a
 * packet is their `processingDelayNs`. Frames that come as bytes (an element has changed some) are taken if
 * their checksums are right, as at a real interface. ICMP errors about its segments go to TCP.
 * Hot: no allocation per frame. It forwards nothing that is for others.
 */

import type { Clock } from '../engine/clock.ts';
import { DropReason } from '../engine/drop-reason.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
} from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { ForwardingTable } from '../net/forwarding-table.ts';
import type { Network } from '../net/network.ts';
import type { CongestionControllerFactory } from '../recovery/congestion.ts';
import type { TcpConfig } from '../tcp/config.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import type { TcpError } from '../tcp/errors.ts';
import type { FlowMeter } from '../tcp/flow-meter.ts';
import { readIcmpError } from '../tcp/read-icmp.ts';
import type { ConnectOptions } from '../tcp/tcp-layer.ts';
import { decodeFrame } from '../wire/decode.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { IpProtocol } from '../wire/ipv4.ts';
import { PacketColumns } from '../wire/packet-columns.ts';
import { ChecksumVerdict, verifyChecksums } from '../wire/verify-checksums.ts';
import { type Acceptor, type Application, type FrameExit, TcpService } from './tcp-service.ts';

/** Fields of Meta that MetaBit.Changed speaks of. */
const CHANGEABLE_MASK = (0xff << MetaShift.TrafficClass) | (0xff << MetaShift.Ttl);

export interface HostConfig {
  /** Distinct in its network: it names the host's place and its streams of chance. */
  readonly name: string;
  /** IPv4 or IPv6 address as text. */
  readonly address: string;
  readonly tcp: TcpConfig;
  /** For connections that choose none. */
  readonly controllers: CongestionControllerFactory;
  readonly meter?: FlowMeter;
  /** Connections to expect at a time, of all hosts that share its TCP. */
  readonly connections?: number | undefined;
  /** Another host of the same configuration, whose TCP serves this one as well: see tcp-service. */
  readonly sharesTcpOf?: Host | undefined;
}

export class Host implements FrameSink, FrameExit {
  readonly name: string;
  /** Index in the network's address table. */
  readonly address: number;
  readonly isIpv6: boolean;
  /** Where what it received or refused is counted. */
  readonly place: number;
  readonly service: TcpService;
  readonly routes: ForwardingTable;
  readonly #network: Network;
  readonly #words: Int32Array;
  #columns: PacketColumns | undefined = undefined;

  constructor(network: Network, config: HostConfig) {
    const { name, address, sharesTcpOf } = config;
    this.name = name;
    this.address = network.addresses.internText(address);
    this.isIpv6 = address.includes(':');
    this.place = network.addPlace(name);
    this.#network = network;
    this.#words = network.pool.words;
    const paths = network.random.fork(name).fork('paths');
    this.routes = new ForwardingTable(network, paths.nextInt32());
    this.service = sharesTcpOf?.service ?? new TcpService(network, config, this);
    if (sharesTcpOf !== undefined) this.service.addHost(this.address, this);
  }

  /** Of its network. */
  get clock(): Clock {
    return this.#network.clock;
  }

  /** Takes ownership of a frame that has reached this host. */
  deliver(frame: FrameId): void {
    const network = this.#network;
    if (network.pool.isCaptured(frame) && !this.#readBytes(frame)) {
      network.drop(frame, DropReason.Refused, this.place);
      return;
    }
    if (this.#words[(frame << FRAME_SHIFT) + FrameWord.Dst] !== this.address) {
      network.drop(frame, DropReason.Refused, this.place);
      return;
    }
    network.recordDelivery(frame, this.place);
    const meta = this.#words[(frame << FRAME_SHIFT) + FrameWord.Meta];
    if (((meta >>> MetaShift.Protocol) & 0xff) === IpProtocol.Tcp)
      this.service.layer.handleFrame(frame);
    else this.#receiveIcmp(frame);
    this.service.pump();
  }

  /**
   * Active open to another host. `application` is told of everything that happens; send data from its events.
   * Gives a TcpError when there is no port left for it.
   */
  connect(
    remote: Host,
    port: number,
    application: Application,
    options: Pick<ConnectOptions, 'controllers' | 'configure'> = {},
  ): TcpConnection | TcpError {
    const connection = this.service.layer.connect({
      localAddress: this.address,
      remoteAddress: remote.address,
      remotePort: port,
      isIpv6: this.isIpv6,
      ...options,
    });
    if (typeof connection === 'number') return connection;
    connection.owner = application;
    this.service.pump();
    return connection;
  }

  /**
   * Passive open: `acceptor` gives each connection its application.
   * @param configure called for each connection before its SYN-ACK
   */
  listen(
    port: number,
    acceptor: Acceptor,
    configure: (connection: TcpConnection) => void = () => {},
  ): void {
    this.service.listen(port, acceptor, configure);
  }

  /** After commands on connections outside of their events: sends what is due. */
  pump(): void {
    this.service.pump();
  }

  /** Gives a frame of this host to the link that leads to its destination. Takes ownership. */
  send(frame: FrameId): void {
    if (!this.routes.forward(frame)) this.#network.drop(frame, DropReason.NoRoute, this.place);
  }

  /** Errors about segments of ours are TCP's to judge; nothing else that is ICMP means anything here. */
  #receiveIcmp(frame: FrameId): void {
    const { addresses, frameBytes, pool } = this.#network;
    frameBytes.locate(frame);
    const { start, storedLength } = frameBytes;
    const packet = pool.payloads.bytes.slice(start, start + storedLength);
    const error = readIcmpError(packet, this.isIpv6, (address) =>
      addresses.intern(Int32Array.from(address), 0),
    );
    if (error?.localAddress === this.address) this.service.layer.handleIcmp(error);
    pool.release(frame);
  }

  /** Makes a built frame of one that is bytes; false when its checksums are not good, or it is not for us. */
  #readBytes(frame: FrameId): boolean {
    const { pool, addresses, frameBytes } = this.#network;
    const { words } = pool;
    const at = frame << FRAME_SHIFT;
    const start = words[at + FrameWord.Payload];
    const length = pool.extraWords[at + CapturedExtra.CapturedLength];
    const end = start + length;
    const network = start + ETHERNET_HEADER_BYTES;
    const verdict = verifyChecksums(frameBytes.packets, network, end, end);
    if (verdict !== ChecksumVerdict.Good) return false;
    this.#columns ??= new PacketColumns(1);
    const { view } = pool.payloads;
    // An element on the way may have changed what is not in the bytes yet: a CE mark.
    const meta = words[at + FrameWord.Meta];
    decodeFrame(pool, addresses, frame, view, start, length, length, this.#columns);
    words[at + FrameWord.Payload] = end - words[at + FrameWord.PayloadLength];
    if ((meta & MetaBit.Changed) !== 0) {
      words[at + FrameWord.Meta] &= ~CHANGEABLE_MASK;
      words[at + FrameWord.Meta] |= meta & CHANGEABLE_MASK;
    }
    const protocol = (words[at + FrameWord.Meta] >>> MetaShift.Protocol) & 0xff;
    return (
      protocol === IpProtocol.Tcp ||
      protocol === (this.isIpv6 ? IpProtocol.Icmpv6 : IpProtocol.Icmp)
    );
  }
}
