/**
 * The host that a script runs on: a TCP layer with a clock that the runner moves, what it has sent, its connections
 * and its settings; the verbs of the socket layer on it (TcpPort).
 */
import type { AddressWords } from '../base/ip-address.ts';
import { type Bytes, type Instant, NEVER } from '../base/units.ts';
import { VirtualClock } from '../engine/clock.ts';
import { RandomSource } from '../engine/random.ts';
import { NO_FRAME } from '../frame/frame-record.ts';
import { PayloadWriter } from '../frame/payload-writer.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import {
  abort,
  close,
  discard,
  shutdownRead,
  shutdownWrite,
  writeZeros,
  writeZerosWithin,
} from '../tcp/commands.ts';
import type { TcpConfig } from '../tcp/config.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TcpError } from '../tcp/errors.ts';
import { TransportEvent } from '../tcp/events.ts';
import type { TcpListener } from '../tcp/listener.ts';
import { type ConnectionSettings, defaultSettings } from '../tcp/settings.ts';
import { synDataRoom } from '../tcp/syn-data.ts';
import { TcpLayer } from '../tcp/tcp-layer.ts';
import { WriteFlag } from '../tcp/write-queue.ts';
import type { ScriptAddresses } from './addresses.ts';
import { configureConnection, OPTION_EFFECTS, replaceController } from './apply-options.ts';
import { fastOpenKeyWords } from './fast-open-key.ts';
import { acceptedBytes, isWritable } from './send-memory.ts';
import type { ShellEffect } from './shell.ts';
import type { SocketDescriptor, SocketOptions } from './socket-descriptor.ts';
import { StackFrames } from './stack-frames.ts';
import type { SentPacket } from './stack-under-test.ts';
import { withLiveFields } from './sysctl.ts';
import type { SocketDefaults, StackSettings } from './sysctl-reader.ts';
import type { RemoteEnd, TcpPort } from './tcp-port.ts';

/** Written once for all runs: nothing here depends on it but numbers that scripts see as relative. */
const SEED = 0x5eed;
/** Frames that one instant may send: a stack that sends more has run wild. */
const FRAMES_PER_INSTANT_MAX = 100_000;
const CONTROLLERS = ControllerRegistry.withBuiltIns();
const FAST_OPEN_SERVER = 0x2;
const FAST_OPEN_CLIENT_NO_COOKIE = 0x4;
const FAST_OPEN_SERVER_NO_COOKIE = 0x200;
const FAST_OPEN_ALL_LISTENERS = 0x400;

export class ScriptHost implements TcpPort {
  readonly clock = new VirtualClock();
  readonly frames = new StackFrames();
  readonly layer: TcpLayer;
  /** By their two ports, kept after their end. */
  readonly connections = new Map<number, TcpConnection>();
  /** When the call that blocks is to be tried again. */
  wakeNs: Instant = NEVER;
  readonly #ends: ScriptAddresses;
  readonly #local: number;
  #settings: StackSettings;
  #sent: SentPacket[] = [];

  constructor(ends: ScriptAddresses, settings: StackSettings) {
    this.#ends = ends;
    this.#local = this.frames.intern(ends.local);
    this.#settings = settings;
    const { pool, addresses } = this.frames;
    this.layer = new TcpLayer(
      {
        pool,
        addresses,
        clock: this.clock,
        random: RandomSource.fromSeed(SEED),
        payloadWriter: new PayloadWriter(pool.payloads),
      },
      settings.tcp,
      (context) => this.#controller(this.defaults.congestionControl)(context),
    );
    this.#applyKey();
  }

  /** HyStart's two detectors are one parameter of Linux's module. Public scripts know it as it was before Linux 6.14. */
  #controller(name: string) {
    if (name !== 'cubic') return CONTROLLERS.factory(name);
    const { usesHystart, hystartDetect } = this.defaults;
    const isPlain = !usesHystart || hystartDetect === 0;
    const usual = this.settings.tcp.granularity === 'segments' ? 'hystart-6.13' : 'auto';
    return CONTROLLERS.factory(name, { slowStart: isPlain ? 'classic' : usual });
  }

  get settings(): StackSettings {
    return this.#settings;
  }

  /** Holds for connections opened from now on, and some of it for open ones, as in Linux. */
  use(settings: StackSettings): void {
    this.#settings = settings;
    const context = this.layer.context as { config: TcpConfig; settings: ConnectionSettings };
    context.config = settings.tcp;
    context.settings = defaultSettings(settings.tcp);
    for (const connection of this.connections.values()) {
      const open = connection as { config: TcpConfig };
      open.config = withLiveFields(connection.config, settings.tcp);
    }
    this.#applyKey();
  }

  #applyKey(): void {
    const words = fastOpenKeyWords(this.defaults.fastOpenKey);
    if (words !== undefined) this.layer.context.fastOpen.key.set(words);
  }

  /** Of the link, from the next connection on. */
  useMtu(mtuBytes: Bytes): void {
    const { tcp } = this.#settings;
    this.use({ ...this.#settings, tcp: { ...tcp, mtuBytes: this.#possibleMtu(mtuBytes) } });
  }

  /** A route may be narrower than IPv6 asks of a link (RFC 8200 §5); headers and a little must fit: RFC 791 §3.2. */
  #possibleMtu(asked: Bytes): Bytes {
    return Math.max(this.#ends.isIpv6 ? 88 : 68, Math.min(asked, 0xffff));
  }

  useRoute({ mtuBytes: asked, initialWindowSegments }: ShellEffect & { kind: 'route' }): void {
    const { tcp } = this.#settings;
    const mtuBytes = asked === undefined ? undefined : this.#possibleMtu(asked);
    this.use({
      ...this.#settings,
      tcp: {
        ...tcp,
        mtuBytes: mtuBytes ?? tcp.mtuBytes,
        initialWindowSegments: initialWindowSegments ?? tcp.initialWindowSegments,
      },
    });
    if (mtuBytes === undefined) return;
    // Open connections hear of it when they next look at their segment size.
    for (const connection of this.connections.values()) connection.pathMtuBytes = mtuBytes;
  }

  /** Sends what is due, and hears what happened. */
  settle(): void {
    for (let frames = 0; ; frames++) {
      const frame = this.layer.pollTransmit();
      if (frame === NO_FRAME) break;
      if (frames > FRAMES_PER_INSTANT_MAX) throw new Error('the stack does not stop sending');
      this.#sent.push(this.frames.encode(frame, this.nowNs));
      this.frames.pool.release(frame);
    }
    while (this.layer.pollEvent() !== TransportEvent.None) {
      const connection = this.layer.eventConnection;
      if (connection !== undefined) this.#keep(connection);
    }
  }

  /** Packets sent since the last call. */
  takeSent(): readonly SentPacket[] {
    this.settle();
    const sent = this.#sent;
    if (sent.length > 0) this.#sent = [];
    return sent;
  }

  #keep(connection: TcpConnection): void {
    this.connections.set(connection.localPort * 65_536 + connection.remotePort, connection);
  }

  // TcpPort.

  get nowNs(): Instant {
    return this.clock.cell[0] as number;
  }

  get defaults(): SocketDefaults {
    return this.#settings.sockets;
  }

  get usualRemote(): AddressWords {
    return this.#ends.remote;
  }

  get config(): TcpConfig {
    return this.#settings.tcp;
  }

  get usualMss(): Bytes {
    return 536;
  }

  wakeAt(instant: Instant): void {
    this.wakeNs = instant;
  }

  connect(
    localPort: number,
    remote: RemoteEnd,
    options: SocketOptions,
    fastOpenBytes: Bytes,
  ): TcpConnection | TcpError {
    const connection = this.layer.connect({
      localAddress: this.#local,
      remoteAddress: this.frames.intern(remote.address),
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
    this.settle();
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
    const listener = this.layer.listen({
      port,
      backlog,
      takesSynDataWithoutCookie: (bits & FAST_OPEN_SERVER_NO_COOKIE) !== 0,
      fastOpenQueue: isServed && fastOpenQueue > 0 ? fastOpenQueue : usual,
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
    this.layer.closeListener(listener);
    this.settle();
  }

  send(connection: TcpConnection, bytes: Bytes, hasMore: boolean, endsRecord: boolean): Bytes {
    if (!connection.config.sendsChunks) {
      const taken = writeZeros(connection, bytes, hasMore, endsRecord);
      this.settle();
      return taken;
    }
    const flags = (hasMore ? WriteFlag.More : 0) | (endsRecord ? WriteFlag.EndOfRecord : 0);
    const taken = writeZerosWithin(connection, bytes, acceptedBytes(connection, bytes), flags);
    this.settle();
    return taken;
  }

  isWritable(connection: TcpConnection): boolean {
    return isWritable(connection);
  }

  receiveBytes(connection: TcpConnection, bytes: Bytes): Bytes {
    const taken = discard(connection, bytes);
    this.settle();
    return taken;
  }

  shutdownSend(connection: TcpConnection): void {
    shutdownWrite(connection);
    this.settle();
  }

  shutdownReceive(connection: TcpConnection): void {
    shutdownRead(connection);
  }

  close(connection: TcpConnection): void {
    close(connection);
    this.settle();
  }

  abort(connection: TcpConnection): void {
    abort(connection);
    this.settle();
  }

  applyOption(connection: TcpConnection, name: string, options: SocketOptions): void {
    if (name === 'TCP_CONGESTION') {
      replaceController(connection, this.#controller(options.congestionControl));
    }
    OPTION_EFFECTS[name]?.(connection, options);
    this.settle();
  }

  canFastOpen(remote: RemoteEnd, options: SocketOptions): boolean {
    if (this.#needsNoCookie(options)) return true;
    return this.layer.context.fastOpen.placeOf(this.frames.intern(remote.address)) >= 0;
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
      this.layer.context.fastOpen.key[word] = view.getInt32(word * 4, true);
    }
  }
}
