/**
 * Our TCP as the stack under test: a host's TCP layer with a clock that the runner moves, frames turned into
 * bytes and back by wire/, and the socket layer on top. One object a script; nothing is shared between scripts.
 */
import type { AddressWords } from '../base/ip-address.ts';
import { type Bytes, type Instant, NEVER } from '../base/units.ts';
import { VirtualClock } from '../engine/clock.ts';
import { RandomSource } from '../engine/random.ts';
import { AddressTable } from '../frame/address-table.ts';
import { FramePool } from '../frame/frame-pool.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  NO_FRAME,
  NO_PAYLOAD,
} from '../frame/frame-record.ts';
import { PayloadArena } from '../frame/payload-arena.ts';
import { PayloadWriter } from '../frame/payload-writer.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { holdAckForWriter } from '../tcp/ack-policy.ts';
import {
  abort,
  close,
  discard,
  shutdownWrite,
  writeZeros,
  writeZerosWithin,
} from '../tcp/commands.ts';
import { RFC_PROFILE, type TcpConfig } from '../tcp/config.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TCP_COUNTER_COUNT } from '../tcp/counters.ts';
import { TcpError } from '../tcp/errors.ts';
import { TransportEvent } from '../tcp/events.ts';
import { type TcpInfo, tcpInfo } from '../tcp/info.ts';
import type { TcpListener } from '../tcp/listener.ts';
import { readIcmpError } from '../tcp/read-icmp.ts';
import { type ConnectionSettings, defaultSettings } from '../tcp/settings.ts';
import { TcpState } from '../tcp/state.ts';
import { synDataRoom } from '../tcp/syn-data.ts';
import { TcpLayer } from '../tcp/tcp-layer.ts';
import { WriteFlag } from '../tcp/write-queue.ts';
import { decodeFrame } from '../wire/decode.ts';
import { ENCODED_HEADER_BYTES_MAX, encodeFrame } from '../wire/encode.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { PacketColumns } from '../wire/packet-columns.ts';
import { packetMemory } from '../wire/packet-memory.ts';
import { type ScriptAddresses, scriptMtuBytes } from './addresses.ts';
import { configureConnection, OPTION_EFFECTS, replaceController } from './apply-options.ts';
import type { Attempt } from './connect-calls.ts';
import { findCounters, unknownCounter } from './counter-query.ts';
import { fastOpenKeyWords } from './fast-open-key.ts';
import type { ScriptOptions, SyscallAction } from './script.ts';
import { acceptedBytes, isWritable } from './send-memory.ts';
import type { ShellEffect } from './shell.ts';
import type { SocketDescriptor, SocketOptions } from './socket-descriptor.ts';
import { Sockets } from './sockets.ts';
import type {
  ArrivingPacket,
  CallOutcome,
  SentPacket,
  StackUnderTest,
} from './stack-under-test.ts';
import { applySysctl, type SocketDefaults, type StackSettings, SUITE_SETTINGS } from './sysctl.ts';
import type { RemoteEnd, TcpPort } from './tcp-port.ts';
import { ScriptFailure } from './verdict.ts';

const FRAMES = 1 << 13;
const CHUNK_BYTES = 1 << 16;
const CHUNKS = 64;
/** Written once for all runs: nothing here depends on it but numbers that scripts see as relative. */
const SEED = 0x5eed;
/** Frames that one instant may send: a stack that sends more has run wild. */
const FRAMES_PER_INSTANT_MAX = 100_000;
const CONTROLLERS = ControllerRegistry.withBuiltIns();
const COLUMNS = new PacketColumns(1);
const FAST_OPEN_SERVER = 0x2;
const FAST_OPEN_CLIENT_NO_COOKIE = 0x4;
const FAST_OPEN_SERVER_NO_COOKIE = 0x200;
const FAST_OPEN_ALL_LISTENERS = 0x400;

export class TcpStack implements StackUnderTest, TcpPort {
  readonly #clock = new VirtualClock();
  readonly #pool = new FramePool(FRAMES, new PayloadArena(CHUNK_BYTES, CHUNKS));
  readonly #addresses = new AddressTable();
  readonly #layer: TcpLayer;
  readonly #sockets: Sockets;
  readonly #ends: ScriptAddresses;
  readonly #local: number;
  #settings: StackSettings;
  #sent: SentPacket[] = [];
  /** Connections by their two ports, kept after their end. */
  readonly #connections = new Map<number, TcpConnection>();
  #attempt: Attempt | undefined;
  /** How a call ended before it was asked again. */
  #early: CallOutcome | undefined;
  /** A writer waits for the handshake of this connection. */
  #opening: TcpConnection | undefined;
  #wakeNs: Instant = NEVER;
  /** At the last look. */
  #countersSeen = new Float64Array(TCP_COUNTER_COUNT);

  constructor(options: ScriptOptions, ends: ScriptAddresses, profile: 'linux' | 'rfc') {
    this.#ends = ends;
    this.#local = this.#intern(ends.local);
    const base = profile === 'linux' ? SUITE_SETTINGS.tcp : RFC_PROFILE;
    const tcp: TcpConfig = { ...base, mtuBytes: scriptMtuBytes(options) };
    this.#settings = { ...SUITE_SETTINGS, tcp };
    this.#layer = new TcpLayer(
      {
        pool: this.#pool,
        addresses: this.#addresses,
        clock: this.#clock,
        random: RandomSource.fromSeed(SEED),
        payloadWriter: new PayloadWriter(this.#pool.payloads),
      },
      tcp,
      (context) => this.#controller(this.defaults.congestionControl)(context),
    );
    this.#applyKey();
    this.#sockets = new Sockets(this);
  }

  #intern(address: AddressWords): number {
    return this.#addresses.intern(Int32Array.from(address), 0);
  }

  /** HyStart's two detectors are one parameter of Linux's module. */
  #controller(name: string) {
    const { usesHystart, hystartDetect } = this.defaults;
    const isPlain = name === 'cubic' && (!usesHystart || hystartDetect === 0);
    return CONTROLLERS.factory(name, isPlain ? { slowStart: 'classic' } : {});
  }

  // StackUnderTest.

  get nowNs(): Instant {
    return this.#clock.cell[0] as number;
  }

  nextTimerNs(): Instant {
    return Math.min(this.#layer.pollTimeoutNs(), this.#wakeNs);
  }

  runUntil(untilNs: Instant): void {
    this.#clock.cell[0] = untilNs;
    if (this.#wakeNs <= untilNs) this.#wakeNs = NEVER;
    if (this.#layer.pollTimeoutNs() <= untilNs) this.#layer.handleTimeout();
    this.#settle();
  }

  receive(packets: readonly ArrivingPacket[]): void {
    for (const packet of packets) {
      const icmp = readIcmpError(packet.header, this.#ends.isIpv6, (words) => this.#intern(words));
      if (icmp !== undefined) this.#layer.handleIcmp(icmp);
      else this.#receiveSegment(packet);
    }
    this.#letWriterGo();
    this.#settle();
  }

  /** Data that waited for the handshake goes with its last ACK, as in Linux. */
  #letWriterGo(): void {
    if (this.#opening === undefined || this.#opening.state === TcpState.SynSent) return;
    holdAckForWriter(this.#opening);
    this.#opening = undefined;
    this.#early = this.#attempt?.();
    if (this.#early !== undefined) this.#attempt = undefined;
  }

  #receiveSegment({ header, payloadBytes }: ArrivingPacket): void {
    const frame = this.#pool.allocate();
    if (frame === NO_FRAME) throw new Error('the frame pool is empty');
    const { view } = packetMemory(header);
    const wireBytes = header.length + payloadBytes;
    decodeFrame(this.#pool, this.#addresses, frame, view, 0, header.length, wireBytes, COLUMNS);
    this.#pool.words[(frame << FRAME_SHIFT) + FrameWord.Payload] = NO_PAYLOAD;
    this.#layer.handleFrame(frame);
  }

  takeSent(): readonly SentPacket[] {
    this.#settle();
    const sent = this.#sent;
    if (sent.length > 0) this.#sent = [];
    return sent;
  }

  call(action: SyscallAction): CallOutcome | undefined {
    const attempt = this.#sockets.prepare(action);
    const outcome = attempt();
    this.#attempt = outcome === undefined ? attempt : undefined;
    this.#opening = outcome === undefined ? this.#sockets.writtenConnection(action) : undefined;
    this.#settle();
    return outcome ?? this.retryCall();
  }

  retryCall(): CallOutcome | undefined {
    const outcome = this.#early ?? this.#attempt?.();
    this.#early = undefined;
    if (outcome !== undefined) {
      this.#attempt = undefined;
      this.#wakeNs = NEVER;
    }
    this.#settle();
    return outcome;
  }

  configure(effect: ShellEffect): string | undefined {
    switch (effect.kind) {
      case 'sysctl': {
        const settings = applySysctl(this.#settings, effect.name, effect.value);
        if (typeof settings === 'string') return settings;
        this.#use(settings);
        return undefined;
      }
      case 'queue':
        this.#layer.isDeviceFull = effect.discipline === 'closed';
        this.#use({
          ...this.#settings,
          tcp: { ...this.#settings.tcp, usesPacing: effect.discipline === 'fq' },
        });
        return undefined;
      case 'route':
        this.#useRoute(effect);
        return undefined;
      case 'counters':
        return this.#lookAtCounters(effect.patterns);
      case 'forgetFastOpen':
        this.#layer.context.fastOpen.forget(this.#intern(this.#ends.remote));
        this.#layer.context.pathMtus.forget(this.#intern(this.#ends.remote));
        return undefined;
      default:
        return `command ${effect.text}`;
    }
  }

  #lookAtCounters(patterns: readonly string[]): string | undefined {
    const unknown = unknownCounter(patterns);
    if (unknown !== undefined) return `counter ${unknown}`;
    const { counters } = this.#layer.context;
    const found = findCounters(counters, this.#countersSeen, patterns);
    this.#countersSeen = counters.slice();
    if (patterns.length === 0 || found.length > 0) return undefined;
    throw new ScriptFailure('counters differ', patterns.join(' and '), 'no such line');
  }

  /** Holds for connections opened from now on, as in Linux for most parameters. */
  #use(settings: StackSettings): void {
    this.#settings = settings;
    const context = this.#layer.context as { config: TcpConfig; settings: ConnectionSettings };
    context.config = settings.tcp;
    context.settings = defaultSettings(settings.tcp);
    this.#applyKey();
  }

  #applyKey(): void {
    const words = fastOpenKeyWords(this.defaults.fastOpenKey);
    if (words !== undefined) this.#layer.context.fastOpen.key.set(words);
  }

  #useRoute({ mtuBytes, initialWindowSegments }: ShellEffect & { kind: 'route' }): void {
    const { tcp } = this.#settings;
    this.#use({
      ...this.#settings,
      tcp: {
        ...tcp,
        mtuBytes: mtuBytes ?? tcp.mtuBytes,
        initialWindowSegments: initialWindowSegments ?? tcp.initialWindowSegments,
      },
    });
    if (mtuBytes === undefined) return;
    // Open connections hear of it when they next look at their segment size.
    for (const connection of this.#connections.values()) connection.pathMtuBytes = mtuBytes;
  }

  tcpInfo(localPort: number, remotePort: number): TcpInfo | undefined {
    const connection = this.#connections.get(localPort * 65_536 + remotePort);
    return connection === undefined ? undefined : tcpInfo(connection);
  }

  listeningPort(): number | undefined {
    return this.#sockets.listeningPort();
  }

  shutDown(): string | undefined {
    this.#sockets.closeAll();
    for (const connection of this.#connections.values()) abort(connection);
    this.#settle();
    const { connectionCount } = this.#layer;
    if (connectionCount > 0) return `${connectionCount} connections`;
    if (this.#pool.inUse > 0) return `${this.#pool.inUse} frames`;
    const { pieces, segments, ranges, buffers } = this.#layer.context;
    if (pieces.inUse > 0) return `${pieces.inUse} pieces of queues`;
    if (segments.inUse > 0) return `${segments.inUse} rows of scoreboards`;
    if (buffers.inUse > 0) return `${buffers.inUse} buffers of write queues`;
    return ranges.inUse > 0 ? `${ranges.inUse} ranges of reassembly` : undefined;
  }

  /** Sends what is due, and hears what happened. */
  #settle(): void {
    for (let frames = 0; ; frames++) {
      const frame = this.#layer.pollTransmit();
      if (frame === NO_FRAME) break;
      if (frames > FRAMES_PER_INSTANT_MAX) throw new Error('the stack does not stop sending');
      this.#sent.push(this.#read(frame));
      this.#pool.release(frame);
    }
    while (this.#layer.pollEvent() !== TransportEvent.None) {
      const connection = this.#layer.eventConnection;
      if (connection !== undefined) this.#keep(connection);
    }
  }

  #keep(connection: TcpConnection): void {
    this.#connections.set(connection.localPort * 65_536 + connection.remotePort, connection);
  }

  #read(frame: FrameId): SentPacket {
    const memory = packetMemory(new Uint8Array(ENCODED_HEADER_BYTES_MAX));
    const length = encodeFrame(this.#pool, this.#addresses, frame, memory, 0);
    const at = frame << FRAME_SHIFT;
    const payloadBytes = this.#pool.words[at + FrameWord.PayloadLength] as number;
    const payload = this.#pool.words[at + FrameWord.Payload] as number;
    const { bytes } = this.#pool.payloads;
    const isPayloadZero =
      payload === NO_PAYLOAD ||
      bytes.subarray(payload, payload + payloadBytes).every((byte) => byte === 0);
    const isWire = this.#pool.words[at + FrameWord.WireLength] === length + payloadBytes;
    if (!isWire)
      throw new Error(`wire length of a frame of ${length - ETHERNET_HEADER_BYTES} bytes`);
    return {
      sentNs: this.nowNs,
      header: memory.bytes.subarray(0, length),
      payloadBytes,
      isPayloadZero,
    };
  }

  // TcpPort.

  get defaults(): SocketDefaults {
    return this.#settings.sockets;
  }

  get usualRemote(): AddressWords {
    return this.#ends.remote;
  }

  get sendBufferBytes(): Bytes {
    return this.#settings.tcp.sendBufferBytes;
  }

  get receiveBufferBytes(): Bytes {
    return this.#settings.tcp.receiveBufferBytes;
  }

  get usualMss(): Bytes {
    return 536;
  }

  wakeAt(instant: Instant): void {
    this.#wakeNs = instant;
  }

  connect(
    localPort: number,
    remote: RemoteEnd,
    options: SocketOptions,
    fastOpenBytes: Bytes,
  ): TcpConnection | TcpError {
    const connection = this.#layer.connect({
      localAddress: this.#local,
      remoteAddress: this.#intern(remote.address),
      remotePort: remote.port,
      isIpv6: this.#ends.isIpv6,
      fastOpen: fastOpenBytes >= 0,
      fastOpenWithoutCookie: this.#needsNoCookie(options),
      configure: (opened) => this.#configure(opened, options),
      ...(localPort === 0 ? {} : { localPort }),
    });
    if (typeof connection === 'number') return connection;
    this.#keep(connection);
    // Only what goes with the SYN: the rest is written when the handshake is over.
    const synBytes = Math.min(fastOpenBytes, synDataRoom(connection));
    if (synBytes > 0) writeZeros(connection, synBytes);
    this.#settle();
    return connection;
  }

  #configure(connection: TcpConnection, options: SocketOptions): void {
    connection.controllers = this.#controller(options.congestionControl);
    configureConnection(connection, options);
  }

  listen(socket: SocketDescriptor, backlog: number): TcpListener | TcpError {
    const { boundPort: port, options, fastOpenQueue, fastOpenKey } = socket;
    if (fastOpenKey === undefined) this.#applyKey();
    else this.setFastOpenKey(fastOpenKey);
    const bits = this.defaults.fastOpenBits;
    const isServed = (bits & FAST_OPEN_SERVER) !== 0;
    const usual = isServed && (bits & FAST_OPEN_ALL_LISTENERS) !== 0 ? backlog : 0;
    const listener = this.#layer.listen({
      port,
      backlog,
      takesSynDataWithoutCookie: (bits & FAST_OPEN_SERVER_NO_COOKIE) !== 0,
      fastOpenQueue: isServed && fastOpenQueue >= 0 ? fastOpenQueue : usual,
      configure: (connection) => {
        this.#keep(connection);
        this.#configure(connection, options);
      },
    });
    return listener ?? TcpError.AddressInUse;
  }

  accept(listener: TcpListener): TcpConnection | undefined {
    return listener.accept();
  }

  closeListener(listener: TcpListener): void {
    this.#layer.closeListener(listener);
    this.#settle();
  }

  send(connection: TcpConnection, bytes: Bytes, hasMore: boolean, endsRecord: boolean): Bytes {
    if (!connection.config.sendsChunks) {
      const taken = writeZeros(connection, bytes, hasMore, endsRecord);
      this.#settle();
      return taken;
    }
    const flags = (hasMore ? WriteFlag.More : 0) | (endsRecord ? WriteFlag.EndOfRecord : 0);
    const taken = writeZerosWithin(connection, bytes, acceptedBytes(connection, bytes), flags);
    this.#settle();
    return taken;
  }

  isWritable(connection: TcpConnection): boolean {
    return isWritable(connection);
  }

  receiveBytes(connection: TcpConnection, bytes: Bytes): Bytes {
    const taken = discard(connection, bytes);
    this.#settle();
    return taken;
  }

  shutdownSend(connection: TcpConnection): void {
    shutdownWrite(connection);
    this.#settle();
  }

  shutdownReceive(_connection: TcpConnection): void {
    // Linux goes on receiving, and what comes can be read: the socket remembers, the connection need not.
  }

  close(connection: TcpConnection): void {
    close(connection);
    this.#settle();
  }

  abort(connection: TcpConnection): void {
    abort(connection);
    this.#settle();
  }

  applyOption(connection: TcpConnection, name: string, options: SocketOptions): void {
    if (name === 'TCP_CONGESTION') {
      replaceController(connection, this.#controller(options.congestionControl));
    }
    OPTION_EFFECTS[name]?.(connection, options);
    this.#settle();
  }

  canFastOpen(remote: RemoteEnd, options: SocketOptions): boolean {
    if (this.#needsNoCookie(options)) return true;
    return this.#layer.context.fastOpen.placeOf(this.#intern(remote.address)) >= 0;
  }

  #needsNoCookie(options: SocketOptions): boolean {
    return (
      options.fastOpenNoCookie || (this.defaults.fastOpenBits & FAST_OPEN_CLIENT_NO_COOKIE) !== 0
    );
  }

  hasCongestionControl(name: string): boolean {
    return CONTROLLERS.entries.some((entry) => entry.name === name);
  }

  setFastOpenKey(key: Uint8Array): void {
    const view = new DataView(key.buffer, key.byteOffset);
    for (let word = 0; word < 4; word++) {
      this.#layer.context.fastOpen.key[word] = view.getInt32(word * 4, true);
    }
  }
}
