/**
 * TCP of one host, without I/O: frames and time in, frames and the next time out. It finds the connection of a
 * frame in O(1), opens and listens, chooses ports and initial sequence numbers, keeps TIME-WAIT, and answers
 * segments of nobody (RFC 9293 §3.10.7.1).
 *
 * After handleFrame, handleTimeout, handleIcmp or a command: pollTransmit until NO_FRAME, pollTimeoutNs, and
 * pollEvent until None. Hot: no allocation per segment; a connection is two dozen small objects.
 */
import { changeFields } from '../base/changing-fields.ts';
import { seqFromWire } from '../base/seq.ts';
import type { Bytes, Instant } from '../base/units.ts';
import {
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  NO_FRAME,
  swapPorts,
} from '../frame/frame-record.ts';
import type { CongestionControllerFactory } from '../recovery/congestion.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConfig } from './config.ts';
import { TcpConnection } from './connection.ts';
import { AckNote } from './connection-flags.ts';
import { ConnectionTable, NOT_FOUND } from './connection-table.ts';
import { type ConnectionOwner, TcpContext, type TcpEnvironment } from './context.ts';
import { TcpCounter } from './counters.ts';
import { dropReceived, failConnection, resetConnection } from './ending.ts';
import { TcpError } from './errors.ts';
import { TransportEvent } from './events.ts';
import { startFastOpen } from './fast-open.ts';
import { sendResetFor } from './frame-builder.ts';
import { openActively } from './handshake.ts';
import { handleIcmpError, type IcmpError } from './icmp-errors.ts';
import { SequenceSource } from './initial-sequence.ts';
import { type ListenOptions, TcpListener } from './listener.ts';
import { arrivesInListen, type ConnectionMaker } from './passive-open.ts';
import { updateSmss } from './path-mtu.ts';
import { holdBack } from './retransmit-timer.ts';
import { segmentArrives } from './segment-arrives.ts';
import { isReceiver, transmit, transmitDueAck } from './sender.ts';
import { TcpState } from './state.ts';
import { TimeWaitTable, TimeWaitVerdict } from './time-wait.ts';
import { fireTimers } from './timers.ts';

export interface ConnectOptions {
  /** Indices of the address table; both of one family. */
  readonly localAddress: number;
  readonly remoteAddress: number;
  readonly remotePort: number;
  /** Absent: chosen. */
  readonly localPort?: number;
  readonly isIpv6?: boolean;
  /** RFC 7413: bytes already written go with the SYN, when there is a cookie. */
  readonly fastOpen?: boolean;
  /** RFC 7413 §4.2.1, by agreement of both ends: data goes with the SYN though there is no cookie. */
  readonly fastOpenWithoutCookie?: boolean;
  /** Another controller than the layer's. */
  readonly controllers?: CongestionControllerFactory;
  /** Sets options before the SYN. */
  readonly configure?: (connection: TcpConnection) => void;
}

export class TcpLayer implements ConnectionOwner, ConnectionMaker {
  readonly context: TcpContext;
  /** As boundTimeout() found it. */
  readonly timeout = new Float64Array(1);
  /** The connection that the last pollEvent was about. */
  eventConnection: TcpConnection | undefined;
  /** The device refuses all packets, as one with a full queue: nothing is given, and senders try again now and then. */
  isDeviceFull = false;
  readonly #table = new ConnectionTable();
  readonly #connections: (TcpConnection | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  /** By port. */
  readonly #listeners = new Map<number, TcpListener[]>();
  readonly #sequences: SequenceSource;
  readonly #timeWait: TimeWaitTable;
  #count = 0;
  /** Where the last connection was put. */
  #newestSlot = 0;

  constructor(
    environment: TcpEnvironment,
    config: TcpConfig,
    controllers: CongestionControllerFactory,
  ) {
    this.context = new TcpContext(environment, config, controllers);
    this.context.owner = this;
    this.#sequences = new SequenceSource(environment.clock, environment.random.fork('sequence'));
    this.#timeWait = new TimeWaitTable(this.context);
    this.eventConnection = undefined;
  }

  /** Connections that are not CLOSED; those in TIME-WAIT not counted. */
  get connectionCount(): number {
    return this.#count;
  }

  get timeWaitCount(): number {
    return this.#timeWait.count;
  }

  /** Takes ownership of a built TCP frame for this host whose checksums are right. */
  handleFrame(frame: FrameId): void {
    const { context } = this;
    const { pool, segment } = context;
    context.count(TcpCounter.InSegs);
    segment.read(pool, frame);
    const { words } = pool;
    const at = frame << FRAME_SHIFT;
    const source = words[at + FrameWord.Src];
    const destination = words[at + FrameWord.Dst];
    const found = this.#table.find(source, destination, words[at + FrameWord.Ports]);
    if (found === NOT_FOUND) this.#arrivesUnknown();
    else if (found >= 0) this.#arrives(this.#connections[found] as TcpConnection);
    else this.#arrivesInTimeWait(-1 - found);
    pool.release(frame);
  }

  /** The same of one that receive offload has merged of segments with `segmentBytes` of text each. */
  handleMergedFrame(frame: FrameId, segmentBytes: Bytes): void {
    const { segment } = this.context;
    segment.mergedBytes = segmentBytes;
    this.handleFrame(frame);
    segment.mergedBytes = 0;
  }

  #arrives(connection: TcpConnection): void {
    const { context } = this;
    segmentArrives(connection, context.segment);
    const isSender = connection.scoreboard.segments > 0;
    const isAckDue = (connection.ackNotes & AckNote.Due) !== 0;
    if (isSender || isAckDue || !isReceiver(connection)) context.wake(connection);
    else context.settleTimers(connection.slot);
  }

  #arrivesUnknown(): void {
    const { context } = this;
    const listener = this.#listenerFor();
    if (listener === undefined) {
      sendResetFor(context, context.segment);
      return;
    }
    const before = this.#count;
    arrivesInListen(context, listener, this.#sequences, this);
    if (this.#count === before) return;
    // The ACK that brought a cookie is processed as the connection's own.
    const connection = this.#connections[this.#newestSlot] as TcpConnection;
    if (!connection.isSynDue) this.#arrives(connection);
    context.settleTimers(connection.slot);
  }

  #listenerFor(): TcpListener | undefined {
    const { pool, segment } = this.context;
    const port = pool.words[segment.record + FrameWord.Ports] & 0xffff;
    const address = pool.words[segment.record + FrameWord.Dst];
    const listeners = this.#listeners.get(port);
    if (listeners === undefined) return undefined;
    let any: TcpListener | undefined;
    for (let index = 0; index < listeners.length; index++) {
      const listener = listeners[index] as TcpListener;
      if (listener.address === address) return listener;
      if (listener.address === -1) any = listener;
    }
    return any;
  }

  #arrivesInTimeWait(row: number): void {
    const { segment } = this.context;
    const verdict = this.#timeWait.arrives(row, segment);
    if (verdict === TimeWaitVerdict.Done) return;
    const last = this.#timeWait.lastSequence(row);
    this.#endTimeWait(row);
    if (verdict === TimeWaitVerdict.End) return;
    this.context.count(TcpCounter.TimeWaitReused);
    // RFC 1122 §4.2.2.13: larger than any sequence number of the last incarnation.
    this.#sequences.startBeyond(last);
    this.#arrivesUnknown();
    this.#sequences.startAnywhere();
  }

  #endTimeWait(row: number): void {
    const table = this.#timeWait;
    this.#table.delete(table.source(row), table.destination(row), table.ports(row));
    table.remove(row);
  }

  /** An ICMP error that quotes a segment of ours: RFC 9293 §3.9.2.2, RFC 5927. */
  handleIcmp(error: IcmpError): void {
    const { context } = this;
    const ports = (error.remotePort << 16) | error.localPort;
    const found = this.#table.find(error.remoteAddress, error.localAddress, ports);
    if (found === NOT_FOUND || found < 0) return;
    const connection = this.#connections[found] as TcpConnection;
    if (handleIcmpError(connection, error)) context.wake(connection);
  }

  /** When pollTimeoutNs has come. */
  handleTimeout(): void {
    const { context } = this;
    for (let slot = context.timers.takeDue(); slot >= 0; slot = context.timers.takeDue()) {
      const connection = this.#connections[slot];
      if (connection === undefined) continue;
      fireTimers(connection);
      context.wake(connection);
    }
    for (let row = this.#timeWait.dueRow; row >= 0; row = this.#timeWait.dueRow) {
      this.#endTimeWait(row);
    }
  }

  /** False: pollTransmit would give NO_FRAME. */
  get mayTransmit(): boolean {
    const { context } = this;
    return context.firstReady !== undefined || context.control.count > 0;
  }

  /** The next frame to send; gives ownership. NO_FRAME when there is none now. */
  pollTransmit(): FrameId {
    const { context } = this;
    if (this.isDeviceFull) return this.#holdBack();
    let frame = context.shiftControl();
    while (frame === NO_FRAME) {
      const connection = context.firstReady;
      if (connection === undefined) return NO_FRAME;
      if (connection.scoreboard.segments === 0 && isReceiver(connection)) {
        frame = transmitDueAck(connection);
      } else {
        if (connection.state !== TcpState.Closed) frame = transmit(connection);
        if (frame !== NO_FRAME) return frame;
      }
      context.shiftReady();
      if (connection.state !== TcpState.Closed) context.settleTimers(connection.slot);
    }
    return frame;
  }

  #holdBack(): FrameId {
    const { context } = this;
    for (let frame = context.shiftControl(); frame !== NO_FRAME; frame = context.shiftControl()) {
      context.pool.release(frame);
    }
    for (let next = context.firstReady; next !== undefined; next = context.firstReady) {
      context.shiftReady();
      if (next.state === TcpState.Closed) continue;
      holdBack(next);
      context.settleTimers(next.slot);
    }
    return NO_FRAME;
  }

  /** When handleTimeout is to be called next; NEVER when nothing waits. */
  pollTimeoutNs(): Instant {
    this.context.timers.settle();
    this.#noteTimeout();
    return this.timeout[0];
  }

  /**
   * Writes to `timeout` a time at which handleTimeout is to be called, perhaps for nothing: that of pollTimeoutNs, or
   * an earlier one that was such a time before. A timer that moves later with every packet costs nothing so.
   */
  boundTimeout(): void {
    this.context.timers.bound();
    this.#noteTimeout();
  }

  /** False: boundTimeout would write what it wrote last. */
  get hasTimeoutMoved(): boolean {
    return this.context.timers.hasMoved || this.#timeWait.count > 0;
  }

  #noteTimeout(): void {
    const { next } = this.context.timers;
    this.timeout[0] = next[0];
    if (this.#timeWait.count > 0) this.timeout[0] = Math.min(next[0], this.#timeWait.nextNs);
  }

  /** What happened to eventConnection; None when there is nothing to tell. */
  pollEvent(): TransportEvent {
    const connection = this.context.firstWithEvent;
    this.eventConnection = connection;
    return connection === undefined ? TransportEvent.None : this.context.takeEvent(connection);
  }

  /** Passive OPEN: RFC 9293 §3.10.1. undefined when the port is taken. */
  listen(options: ListenOptions): TcpListener | undefined {
    const listener = new TcpListener(this.context.config, options);
    const others = this.#listeners.get(listener.port) ?? [];
    if (others.some((other) => other.address === listener.address)) return undefined;
    others.push(listener);
    this.#listeners.set(listener.port, others);
    return listener;
  }

  /** Connections that nobody accepted are reset. */
  closeListener(listener: TcpListener): void {
    listener.isOpen = false;
    const others = this.#listeners.get(listener.port) ?? [];
    const rest = others.filter((other) => other !== listener);
    if (rest.length === 0) this.#listeners.delete(listener.port);
    else this.#listeners.set(listener.port, rest);
    for (const connection of [...this.#connections]) {
      if (connection?.listener !== listener) continue;
      connection.isOrphan = true;
      // One that nobody could have accepted is forgotten: what its peer sends next is answered by a reset.
      if (connection.isInAcceptQueue) resetConnection(connection, TcpError.ConnectionAborted);
      else failConnection(connection, TcpError.ConnectionAborted);
    }
    for (const connection of listener.acceptQueue) dropReceived(connection);
  }

  /** Active OPEN: RFC 9293 §3.10.1. The connection is in SYN-SENT; or a TcpError when there is no port. */
  connect(options: ConnectOptions): TcpConnection | TcpError {
    const { localAddress, remoteAddress, remotePort } = options;
    const port = this.#choosePort(options);
    if (port < 0) return options.localPort ? TcpError.AddressInUse : TcpError.AddressNotAvailable;
    const ports = (port << 16) | remotePort;
    const connection = this.#add(localAddress, remoteAddress, ports, options.isIpv6 ?? false);
    if (options.controllers !== undefined) connection.controllers = options.controllers;
    options.configure?.(connection);
    const iss = this.#sequences.initialSequence(localAddress, remoteAddress, ports);
    connection.iss = seqFromWire(iss);
    updateSmss(connection);
    openActively(connection);
    if (options.fastOpen === true) {
      startFastOpen(connection, options.fastOpenWithoutCookie !== true);
    }
    this.context.count(TcpCounter.ActiveOpens);
    this.context.wake(connection);
    return connection;
  }

  /** A local port with which the four ends are not in use, or -1. */
  #choosePort(options: ConnectOptions): number {
    const { localAddress, remoteAddress, remotePort, localPort } = options;
    if (localPort !== undefined) {
      return this.#isFree(localAddress, remoteAddress, localPort, remotePort) ? localPort : -1;
    }
    const { ephemeralPortFirst, ephemeralPortCount } = this.context.config;
    const start = this.#sequences.firstPort(
      localAddress,
      remoteAddress,
      remotePort,
      ephemeralPortCount,
    );
    for (let step = 0; step < ephemeralPortCount; step++) {
      const port = ephemeralPortFirst + ((start + step) % ephemeralPortCount);
      const isListening = this.#listeners.has(port);
      if (!isListening && this.#isFree(localAddress, remoteAddress, port, remotePort)) return port;
    }
    return -1;
  }

  #isFree(local: number, remote: number, localPort: number, remotePort: number): boolean {
    return this.#table.find(remote, local, (remotePort << 16) | localPort) === NOT_FOUND;
  }

  /** @internal ConnectionMaker: the ends are those of the segment, exchanged. */
  create(segment: ArrivedSegment): TcpConnection {
    const { words } = this.context.pool;
    const at = segment.record;
    const ports = words[at + FrameWord.Ports];
    const isIpv6 = (words[at + FrameWord.Meta] & MetaBit.Ipv6) !== 0;
    this.context.count(TcpCounter.PassiveOpens);
    const connection = this.#add(
      words[at + FrameWord.Dst],
      words[at + FrameWord.Src],
      swapPorts(ports),
      isIpv6,
    );
    return connection;
  }

  #add(local: number, remote: number, ports: number, isIpv6: boolean): TcpConnection {
    const slot = this.#freeSlots.pop() ?? this.#connections.length;
    this.context.reserveSlot(slot);
    const connection = new TcpConnection(this.context, slot, local, remote, ports, isIpv6);
    if (slot === 0) {
      changeFields(connection);
      changeFields(connection.rtt);
    }
    this.#connections[slot] = connection;
    this.#newestSlot = slot;
    this.#table.set(remote, local, swapPorts(ports), slot);
    this.#count++;
    return connection;
  }

  /** @internal ConnectionOwner */
  onAccepted(connection: TcpConnection): void {
    const { listener } = connection;
    if (listener === undefined || connection.isInAcceptQueue) return;
    listener.halfOpen--;
    connection.isInAcceptQueue = true;
    listener.acceptQueue.push(connection);
  }

  /** @internal ConnectionOwner */
  onTimeWait(connection: TcpConnection): void {
    const row = this.#timeWait.add(connection);
    const { ports } = connection;
    const key = swapPorts(ports);
    this.#table.set(connection.remoteAddress, connection.localAddress, key, -1 - row);
    connection.leftForTimeWait = true;
  }

  /** @internal ConnectionOwner */
  onClosed(connection: TcpConnection): void {
    const { ports, listener, slot } = connection;
    const key = swapPorts(ports);
    if (!connection.leftForTimeWait) {
      this.#table.delete(connection.remoteAddress, connection.localAddress, key);
    }
    this.#connections[slot] = undefined;
    if (connection.hasAccEcn || connection.requestsEcn) this.context.accurateEcn[slot] = undefined;
    this.#freeSlots.push(slot);
    this.#count--;
    if (listener !== undefined && !connection.isInAcceptQueue) listener.halfOpen--;
  }
}
