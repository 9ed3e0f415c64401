/**
 * What all connections of one host share: frames, clock, chance, configuration, pools of rows, timers,
 * counters, and the lists of connections that have something to send or to tell. Connections keep no typed
 * arrays of their own, so that one is near a kilobyte.
 */

import { changeFields } from '../base/changing-fields.ts';
import { NEVER } from '../base/units.ts';
import type { Clock } from '../engine/clock.ts';
import type { RandomSource } from '../engine/random.ts';
import { TimerTable } from '../engine/timer-table.ts';
import type { AddressTable } from '../frame/address-table.ts';
import { FrameFifo } from '../frame/frame-fifo.ts';
import type { FramePool } from '../frame/frame-pool.ts';
import type { FrameId } from '../frame/frame-record.ts';
import type { PayloadWriter } from '../frame/payload-writer.ts';
import type { CongestionControllerFactory } from '../recovery/congestion.ts';
import { DeliveryRateEstimator } from '../recovery/delivery-rate.ts';
import { Pacer } from '../recovery/pacer.ts';
import { ProportionalRateReduction, ReductionBound } from '../recovery/prr.ts';
import type { AccurateEcn } from './accurate-ecn.ts';
import { AckOutcome } from './ack-outcome.ts';
import { ArrivedSegment } from './arrived-segment.ts';
import { ByteQueue, PiecePool } from './byte-queue.ts';
import type { TcpConfig } from './config.ts';
import type { TcpConnection } from './connection.ts';
import { CONNECTION_CELLS } from './connection-times.ts';
import { TCP_COUNTER_COUNT, type TcpCounter } from './counters.ts';
import { FastOpenCookies } from './fast-open.ts';
import type { FlowMeter } from './flow-meter.ts';
import { PathMtuCache } from './path-mtu-cache.ts';
import { RangePool, Reassembly } from './reassembly.ts';
import { Scoreboard } from './scoreboard.ts';
import { SegmentTable } from './segment-table.ts';
import { BufferPool } from './send-buffers.ts';
import { type ConnectionSettings, defaultSettings } from './settings.ts';
import { TcpState } from './state.ts';

/** What a host gives its TCP. */
export interface TcpEnvironment {
  readonly pool: FramePool;
  readonly addresses: AddressTable;
  readonly clock: Clock;
  /** Forked for this host alone. */
  readonly random: RandomSource;
  /** Room for payload bytes that applications write. */
  readonly payloadWriter: PayloadWriter;
  /** For connections that have a row in it. */
  readonly meter?: FlowMeter;
  /** Expected at a time; there may be more. Room set aside takes no memory before it is used. */
  readonly connections?: number;
}

/** What a connection asks of the layer above it; tcp/tcp-layer implements it. */
export interface ConnectionOwner {
  /** The connection is CLOSED: its slot, timers and rows are to be freed. */
  onClosed(connection: TcpConnection): void;
  /** The connection is in TIME-WAIT: its row takes over. */
  onTimeWait(connection: TcpConnection): void;
  /** A passive connection has finished its handshake. */
  onAccepted(connection: TcpConnection): void;
}

/** Timers of a connection, as cells. */
export const enum TimerKind {
  /** RTO, loss probe, reordering or window probe: RetransmitMode says which. */
  Retransmit = 0,
  DelayedAck = 1,
  /** Keep-alive; FIN-WAIT-2. */
  KeepAlive = 2,
  Pacing = 3,
  Cork = 4,
}
export const TIMER_KINDS = 5;
const SACK_CACHE_SHIFT = 3;
const CONNECTIONS_AT_FIRST = 16;
/** Rows for what each has in flight: an initial window and some. */
const SEGMENTS_EACH = 16;
const SEGMENTS_AT_FIRST_MAX = 1 << 18;

export class TcpContext {
  readonly pool: FramePool;
  readonly addresses: AddressTable;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly payloadWriter: PayloadWriter;
  readonly meter: FlowMeter | undefined;
  readonly config: TcpConfig;
  readonly controllers: CongestionControllerFactory;
  readonly pieces: PiecePool;
  readonly ranges: RangePool;
  readonly segments: SegmentTable;
  readonly buffers = new BufferPool();
  readonly outcome = new AckOutcome();
  readonly segment = new ArrivedSegment();
  readonly timers: TimerTable;
  /** Cells of TimerKind by slot; the least of a slot's is its deadline in `timers`. */
  timerCells = new Float64Array(0);
  /** Times of connections: tcp/packed-fields. */
  cells = new Float64Array(0);
  /** The SACK blocks of the last ACK by scoreboard: four pairs of edges, equal ones for none. */
  sackCache: Int32Array;
  /** Of connections that ask for AccECN or have it, by slot. */
  readonly accurateEcn: (AccurateEcn | undefined)[] = [];
  readonly counters = new Float64Array(TCP_COUNTER_COUNT);
  readonly fastOpen: FastOpenCookies;
  /** What connections start with. */
  readonly settings: ConnectionSettings;
  /** Of every connection that has nothing in flight. */
  readonly idleScoreboard: Scoreboard;
  readonly #spareScoreboards: Scoreboard[] = [];
  /** Of every connection that has never sent data. */
  readonly idleRate: DeliveryRateEstimator;
  /** Of every connection without data to send or to read. */
  readonly idleQueue: ByteQueue;
  readonly #spareQueues: ByteQueue[] = [];
  #scoreboardCount = 0;
  readonly pathMtus = new PathMtuCache();
  owner!: ConnectionOwner;
  /** Frames made at once: resets and answers without a connection. */
  readonly control: FrameFifo;
  /** IPv4 identification of the next packet. */
  #identification: number;
  /** The connection that is asked to send next. Read only, as the next one. */
  firstReady: TcpConnection | undefined;
  #readyTail: TcpConnection | undefined;
  /** The connection that has something to tell. */
  firstWithEvent: TcpConnection | undefined;
  #eventTail: TcpConnection | undefined;

  constructor(
    environment: TcpEnvironment,
    config: TcpConfig,
    controllers: CongestionControllerFactory,
  ) {
    this.pool = environment.pool;
    this.addresses = environment.addresses;
    this.clock = environment.clock;
    this.random = environment.random;
    this.payloadWriter = environment.payloadWriter;
    this.meter = environment.meter;
    this.config = config;
    this.settings = defaultSettings(config);
    const { connections = CONNECTIONS_AT_FIRST } = environment;
    this.segments = new SegmentTable(Math.min(connections * SEGMENTS_EACH, SEGMENTS_AT_FIRST_MAX));
    this.sackCache = new Int32Array(connections << SACK_CACHE_SHIFT);
    this.idleScoreboard = new Scoreboard(this.segments, -1);
    this.idleRate = new DeliveryRateEstimator(environment.clock);
    this.controllers = controllers;
    this.pieces = new PiecePool(environment.pool.payloads);
    this.idleQueue = new ByteQueue(this.pieces);
    this.ranges = new RangePool(this.pieces);
    this.timers = new TimerTable(environment.clock, connections);
    this.reserveSlot(connections - 1);
    const { outcome, segment, idleScoreboard, idleQueue, idleRate } = this;
    for (const shared of [outcome, outcome.sample, outcome.loss, segment]) changeFields(shared);
    const reduction = new ProportionalRateReduction(ReductionBound.SafeAck);
    for (const late of [reduction, new Reassembly(this.ranges), new Pacer(environment.clock)])
      changeFields(late);
    for (const idle of [idleScoreboard, idleScoreboard.flight, idleQueue, idleRate])
      changeFields(idle);
    this.fastOpen = new FastOpenCookies(environment.random.fork('fast open'));
    this.control = new FrameFifo(environment.pool.words);
    this.#identification = environment.random.fork('identification').below(65_536);
    this.firstReady = undefined;
    this.#readyTail = undefined;
    this.firstWithEvent = undefined;
    this.#eventTail = undefined;
  }

  count(counter: TcpCounter): void {
    this.counters[counter]++;
  }

  nextIdentification(): number {
    this.#identification = (this.#identification + 1) & 0xffff;
    return this.#identification;
  }

  /** A scoreboard for a connection that begins to send. */
  takeScoreboard(): Scoreboard {
    const scoreboard = this.#spareScoreboards.pop() ?? this.#createScoreboard();
    this.clearSackCache(scoreboard.index);
    return scoreboard;
  }

  /** The connection begins to send data, or to count as application-limited. */
  ownRate(connection: TcpConnection): DeliveryRateEstimator {
    if (connection.rate === this.idleRate) connection.rate = new DeliveryRateEstimator(this.clock);
    return connection.rate;
  }

  #createScoreboard(): Scoreboard {
    const index = this.#scoreboardCount++;
    if ((index + 1) << SACK_CACHE_SHIFT > this.sackCache.length) {
      const cache = new Int32Array(this.sackCache.length * 2);
      cache.set(this.sackCache);
      this.sackCache = cache;
    }
    return new Scoreboard(this.segments, index);
  }

  takeQueue(): ByteQueue {
    return this.#spareQueues.pop() ?? new ByteQueue(this.pieces);
  }

  /** Takes an empty queue back. Gives the one to use from now on. */
  returnQueue(queue: ByteQueue): ByteQueue {
    if (queue !== this.idleQueue) this.#spareQueues.push(queue);
    return this.idleQueue;
  }

  /** The connection has nothing in flight. */
  returnScoreboard(connection: TcpConnection): void {
    const { scoreboard } = connection;
    if (scoreboard === this.idleScoreboard) return;
    scoreboard.clear();
    connection.scoreboard = this.idleScoreboard;
    this.#spareScoreboards.push(scoreboard);
  }

  /** Makes room for a connection in this slot. Cold. */
  reserveSlot(slot: number): void {
    this.timers.reserve(slot);
    // By quarters, not by doubling: at 10^5 connections the room to spare counts.
    const slots = Math.max(slot + 1, Math.ceil(slot * 1.25));
    if ((slot + 1) * TIMER_KINDS > this.timerCells.length) {
      const cells = new Float64Array(slots * TIMER_KINDS).fill(NEVER);
      cells.set(this.timerCells);
      this.timerCells = cells;
    }
    if ((slot + 1) * CONNECTION_CELLS > this.cells.length) {
      const cells = new Float64Array(slots * CONNECTION_CELLS);
      cells.set(this.cells);
      this.cells = cells;
    }
  }

  clearSackCache(index: number): void {
    if (index < 0) return;
    this.sackCache.fill(0, index << SACK_CACHE_SHIFT, (index + 1) << SACK_CACHE_SHIFT);
  }

  /** Sets one of a connection's timers; NEVER stops it. */
  setTimer(slot: number, kind: TimerKind, atNs: number): void {
    this.timerCells[slot * TIMER_KINDS + kind] = atNs;
  }

  timer(slot: number, kind: TimerKind): number {
    return this.timerCells[slot * TIMER_KINDS + kind];
  }

  /** The least of a connection's timers becomes its deadline. */
  settleTimers(slot: number): void {
    const cells = this.timerCells;
    const at = slot * TIMER_KINDS;
    // One by one, without a loop.
    let least = cells[at + TimerKind.Retransmit];
    if (cells[at + TimerKind.DelayedAck] < least) least = cells[at + TimerKind.DelayedAck];
    if (cells[at + TimerKind.KeepAlive] < least) least = cells[at + TimerKind.KeepAlive];
    if (cells[at + TimerKind.Pacing] < least) least = cells[at + TimerKind.Pacing];
    if (cells[at + TimerKind.Cork] < least) least = cells[at + TimerKind.Cork];
    const { timers } = this;
    if (timers.deadlineNs[slot] === least) return;
    timers.deadlineNs[slot] = least;
    if (least < NEVER) timers.arm(slot);
  }

  stopTimers(slot: number): void {
    this.timerCells.fill(NEVER, slot * TIMER_KINDS, (slot + 1) * TIMER_KINDS);
    this.timers.deadlineNs[slot] = NEVER;
  }

  /** Takes ownership of a frame to be sent. */
  pushControl(frame: FrameId): void {
    this.control.push(frame);
  }

  /** Gives ownership; NO_FRAME when there is none. */
  shiftControl(): FrameId {
    return this.control.shift();
  }

  /** The connection may have something to send: it is asked when its turn comes. */
  markReady(connection: TcpConnection): void {
    if (connection.isReady) return;
    connection.isReady = true;
    connection.nextReady = undefined;
    if (this.#readyTail === undefined) this.firstReady = connection;
    else this.#readyTail.nextReady = connection;
    this.#readyTail = connection;
  }

  /** Something has changed the connection: it is asked to send, and when it has, its timers are settled. */
  wake(connection: TcpConnection): void {
    if (connection.state !== TcpState.Closed) this.markReady(connection);
  }

  /** The first has nothing to send now. */
  shiftReady(): void {
    const connection = this.firstReady as TcpConnection;
    this.firstReady = connection.nextReady;
    if (this.firstReady === undefined) this.#readyTail = undefined;
    connection.nextReady = undefined;
    connection.isReady = false;
  }

  /** Adds to what the connection has to tell; a set bit is told once. */
  raise(connection: TcpConnection, event: number): void {
    const isListed = connection.pendingEvents !== 0;
    connection.pendingEvents |= 1 << event;
    if (isListed) return;
    connection.nextEvent = undefined;
    if (this.#eventTail === undefined) this.firstWithEvent = connection;
    else this.#eventTail.nextEvent = connection;
    this.#eventTail = connection;
  }

  /** Takes the first connection's next event, lowest first. */
  takeEvent(connection: TcpConnection): number {
    const lowest = connection.pendingEvents & -connection.pendingEvents;
    connection.pendingEvents &= ~lowest;
    if (connection.pendingEvents === 0) {
      this.firstWithEvent = connection.nextEvent;
      if (this.firstWithEvent === undefined) this.#eventTail = undefined;
      connection.nextEvent = undefined;
    }
    return 31 - Math.clz32(lowest);
  }
}
