/**
 * One real TCP host against a scripted peer, in virtual time: `peer.sends(…)` puts a segment in front of it,
 * `peer.expects(…)` takes the next one it has sent. Sequence numbers are relative to both initial ones.
 * Flags as in tcpdump: S F R P . E W.
 */
import { expect } from 'vitest';
import { FramePool } from '../../src/frame/frame-pool.ts';
import {
  BuiltExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
  SACK_COUNT_MASK,
} from '../../src/frame/frame-record.ts';
import { PayloadArena } from '../../src/frame/payload-arena.ts';
import { Network } from '../../src/net/network.ts';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import { writeZeros } from '../../src/tcp/commands.ts';
import { RFC_PROFILE, type TcpConfig } from '../../src/tcp/config.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import type { TcpError } from '../../src/tcp/errors.ts';
import { TransportEvent } from '../../src/tcp/events.ts';
import { TcpHost } from './tcp-hosts.ts';

export const MS = 1e6;
const PEER_ISS = 1_000_000;
const LETTERS = 'FSRP.UEWA';

export interface PeerSegment {
  readonly seq?: number;
  readonly ack?: number;
  readonly length?: number;
  readonly window?: number;
  readonly mss?: number;
  readonly windowScale?: number;
  readonly isSackPermitted?: boolean;
  readonly timestamps?: readonly [number, number];
  readonly sack?: readonly (readonly [number, number])[];
  readonly ecn?: number;
  /** Bytes of the cookie; an empty list is a request. */
  readonly cookie?: readonly number[];
}

export interface SentSegment extends PeerSegment {
  readonly flags: string;
  readonly atMs: number;
}

export interface PeerOptions {
  readonly config?: Partial<TcpConfig>;
  readonly base?: TcpConfig;
  readonly controller?: string;
  /** Data of the peer: window of its SYN and of later segments. */
  readonly window?: number;
  readonly mss?: number;
  readonly usesSack?: boolean;
  readonly windowScale?: number;
}

export class ScriptedPeer {
  readonly network: Network;
  readonly host: TcpHost;
  readonly sent: SentSegment[] = [];
  readonly options: PeerOptions;
  connection: TcpConnection = undefined as never;
  #ourIss: number | undefined;
  #peerAddress: number;
  #ports = (80 << 16) | 40_000;
  window: number;

  constructor(options: PeerOptions = {}) {
    this.options = options;
    this.window = options.window ?? 65_535;
    const pool = new FramePool(4096, new PayloadArena(1 << 14, 256));
    this.network = new Network({ seed: 3, pool });
    const factory = ControllerRegistry.withBuiltIns().factory(options.controller ?? 'reno');
    const config = { ...(options.base ?? RFC_PROFILE), ...options.config };
    this.host = new TcpHost(this.network, 'host', '192.0.2.1', config, factory);
    this.#peerAddress = this.network.addresses.intern(Int32Array.from([0, 0, 0xffff, 7]), 0);
    this.host.connect({ deliver: (frame) => this.#take(frame) });
    this.host.application = (event, connection) => {
      if (event !== TransportEvent.Established) return;
      connection.listener?.accept();
      this.connection = connection;
    };
  }

  get nowMs(): number {
    return this.network.clock.nowNs / MS;
  }

  /** Virtual time passes. */
  wait(ms: number): void {
    this.network.scheduler.runUntil(Math.round(this.network.clock.nowNs + ms * MS));
  }

  /** Active open by the host: SYN, SYN-ACK, ACK; `rttMs` passes in between. */
  connects(rttMs = 0, segment: PeerSegment = {}): void {
    this.opens();
    this.expects('S');
    this.wait(rttMs);
    this.sends('S.', { seq: 0, ack: 1, ...this.#synOptions(), ...segment });
    this.expects('.', { seq: 1, ack: 1, length: 0 });
  }

  /** Active open up to the SYN, with bytes already written. */
  opens(fastOpen = false, bytes = 0): TcpConnection | TcpError {
    const result = this.host.layer.connect({
      localAddress: this.host.address,
      remoteAddress: this.#peerAddress,
      remotePort: 80,
      localPort: 40_000,
      fastOpen,
    });
    if (typeof result !== 'number') this.connection = result;
    if (bytes > 0) writeZeros(this.connection, bytes);
    this.host.pump();
    return result;
  }

  /** Passive open by the host; the peer's handshake takes `rttMs`. */
  isAccepted(rttMs = 0, segment: PeerSegment = {}): void {
    this.host.layer.listen({ port: 40_000 });
    this.sends('S', { seq: 0, ...this.#synOptions(), ...segment });
    this.expects('S.', { ack: 1 });
    this.wait(rttMs);
    this.sends('.', { seq: 1, ack: 1 });
  }

  #synOptions(): PeerSegment {
    const { mss = 1000, usesSack = true, windowScale } = this.options;
    return {
      mss,
      isSackPermitted: usesSack,
      ...(windowScale !== undefined && { windowScale }),
    };
  }

  /** A segment of the peer arrives at the host. */
  sends(flags: string, segment: PeerSegment = {}): void {
    const { pool } = this.network;
    const frame = pool.allocate();
    const { words, extraWords: extra } = pool;
    const at = frame << FRAME_SHIFT;
    words[at + FrameWord.Src] = this.#peerAddress;
    words[at + FrameWord.Dst] = this.host.address;
    words[at + FrameWord.Ports] = this.#ports;
    words[at + FrameWord.Seq] = PEER_ISS + (segment.seq ?? 1);
    words[at + FrameWord.Ack] = segment.ack === undefined ? 0 : segment.ack + (this.#ourIss ?? 0);
    let bits = 0;
    for (const letter of flags) bits |= 1 << LETTERS.indexOf(letter);
    words[at + FrameWord.FlagsWindow] = (bits << 16) | (segment.window ?? this.window);
    words[at + FrameWord.PayloadLength] = segment.length ?? 0;
    words[at + FrameWord.WireLength] = 54 + (segment.length ?? 0);
    let meta = 6 | ((segment.ecn ?? 0) << MetaShift.TrafficClass);
    if (segment.timestamps !== undefined) {
      meta |= MetaBit.HasTimestamps;
      words[at + FrameWord.TsVal] = segment.timestamps[0];
      words[at + FrameWord.TsEcr] = segment.timestamps[1];
    }
    if (segment.sack !== undefined) {
      meta |= MetaBit.HasSack;
      extra[at + BuiltExtra.SackCount] = segment.sack.length;
      segment.sack.forEach(([left, right], index) => {
        extra[at + BuiltExtra.SackLeft + 2 * index] = left + (this.#ourIss ?? 0);
        extra[at + BuiltExtra.SackRight + 2 * index] = right + (this.#ourIss ?? 0);
      });
    }
    if (flags.includes('S')) {
      extra[at + BuiltExtra.Mss] = segment.mss ?? -1;
      extra[at + BuiltExtra.WindowScale] = segment.windowScale ?? -1;
      extra[at + BuiltExtra.IsSackPermitted] = segment.isSackPermitted === true ? 1 : 0;
      this.#writeCookie(at, segment.cookie);
    }
    words[at + FrameWord.Meta] = meta;
    this.host.deliver(frame);
  }

  #writeCookie(at: number, cookie: readonly number[] | undefined): void {
    const extra = this.network.pool.extraWords;
    extra[at + BuiltExtra.FastOpen] = cookie === undefined ? 0 : 1;
    extra[at + BuiltExtra.FastOpenLength] = cookie?.length ?? 0;
    extra.fill(0, at + BuiltExtra.FastOpenCookie, at + BuiltExtra.FastOpenCookie + 4);
    cookie?.forEach((byte, index) => {
      const word = at + BuiltExtra.FastOpenCookie + (index >> 2);
      extra[word] = (extra[word] as number) | (byte << (24 - ((index & 3) << 3)));
    });
  }

  #take(frame: FrameId): void {
    const { pool, clock } = this.network;
    const { words, extraWords: extra } = pool;
    const at = frame << FRAME_SHIFT;
    const word = (index: number) => words[at + index] as number;
    const extraWord = (index: number) => extra[at + index] as number;
    const bits = word(FrameWord.FlagsWindow) >>> 16;
    const flags = [...LETTERS].filter((_letter, index) => (bits & (1 << index)) !== 0).join('');
    const isSyn = flags.includes('S');
    if (isSyn) this.#ourIss = word(FrameWord.Seq);
    const meta = word(FrameWord.Meta);
    const relative = (seq: number) => (seq - (this.#ourIss ?? 0)) | 0;
    const sack: [number, number][] = [];
    if ((meta & MetaBit.HasSack) !== 0) {
      for (let block = 0; block < (extraWord(BuiltExtra.SackCount) & SACK_COUNT_MASK); block++) {
        const left = extraWord(BuiltExtra.SackLeft + 2 * block) - PEER_ISS;
        sack.push([left, extraWord(BuiltExtra.SackRight + 2 * block) - PEER_ISS]);
      }
    }
    const cookieLength =
      isSyn && extraWord(BuiltExtra.FastOpen) !== 0 ? extraWord(BuiltExtra.FastOpenLength) : -1;
    const cookie = Array.from({ length: Math.max(0, cookieLength) }, (_, index) => {
      const value = extraWord(BuiltExtra.FastOpenCookie + (index >> 2));
      return (value >>> (24 - ((index & 3) << 3))) & 0xff;
    });
    this.sent.push({
      flags: flags.includes('.') ? `${flags.replace('.', '')}.` : flags,
      seq: relative(word(FrameWord.Seq)),
      ack: flags.includes('.') ? (word(FrameWord.Ack) - PEER_ISS) | 0 : 0,
      length: word(FrameWord.PayloadLength),
      window: word(FrameWord.FlagsWindow) & 0xffff,
      atMs: clock.nowNs / MS,
      ecn: (meta >>> MetaShift.TrafficClass) & 3,
      ...(isSyn && { mss: extraWord(BuiltExtra.Mss) }),
      ...(isSyn && { windowScale: extraWord(BuiltExtra.WindowScale) }),
      ...(isSyn && { isSackPermitted: extraWord(BuiltExtra.IsSackPermitted) === 1 }),
      ...((meta & MetaBit.HasTimestamps) !== 0 && {
        timestamps: [word(FrameWord.TsVal), word(FrameWord.TsEcr)] as const,
      }),
      ...(sack.length > 0 && { sack }),
      ...(cookieLength >= 0 && { cookie }),
    });
    pool.release(frame);
  }

  /** The next segment that the host has sent has these flags and fields. */
  expects(flags: string, fields: Partial<SentSegment> = {}): SentSegment {
    const next = this.sent.shift();
    expect(next, `a segment ${flags} ${JSON.stringify(fields)}`).toBeDefined();
    expect(next).toMatchObject({ ...fields, flags });
    return next as SentSegment;
  }

  /** The host has sent nothing more. */
  expectsNothing(): void {
    expect(this.sent).toEqual([]);
  }

  /** Drops what the host has sent. */
  forget(): void {
    this.sent.length = 0;
  }

  /** Runs a command of the application. */
  does<T>(command: (connection: TcpConnection) => T): T {
    const result = command(this.connection);
    this.host.pump();
    return result;
  }
}
