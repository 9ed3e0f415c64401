/**
 * Our TCP as the stack under test: a host of its own for every script, the socket layer on top, and the one system
 * call that may block. Nothing is shared between scripts.
 */
import { type Instant, NEVER } from '../base/units.ts';
import { holdAckForWriter } from '../tcp/ack-policy.ts';
import { abort } from '../tcp/commands.ts';
import { RFC_PROFILE } from '../tcp/config.ts';
import type { TcpConnection } from '../tcp/connection.ts';
import { TCP_COUNTER_COUNT } from '../tcp/counters.ts';
import { tcpInfo } from '../tcp/info.ts';
import { isIcmp, readIcmpError } from '../tcp/read-icmp.ts';
import { TcpState } from '../tcp/state.ts';
import { type ScriptAddresses, scriptMtuBytes } from './addresses.ts';
import type { Attempt } from './connect-calls.ts';
import { findCounters, unknownCounter } from './counter-query.ts';
import type { ScriptOptions, SyscallAction } from './script.ts';
import { ScriptHost } from './script-host.ts';
import type { ShellEffect } from './shell.ts';
import { Sockets } from './sockets.ts';
import type {
  ArrivingPacket,
  CallOutcome,
  ListeningSocket,
  SentPacket,
  SocketFacts,
  StackUnderTest,
} from './stack-under-test.ts';
import { applySysctl, SUITE_SETTINGS } from './sysctl.ts';
import { ScriptFailure } from './verdict.ts';

export class TcpStack implements StackUnderTest {
  readonly #host: ScriptHost;
  readonly #sockets: Sockets;
  readonly #ends: ScriptAddresses;
  #attempt: Attempt | undefined;
  /** How a call ended before it was asked again. */
  #early: CallOutcome | undefined;
  /** A writer waits for the handshake of this connection. */
  #opening: TcpConnection | undefined;
  /** At the last look. */
  #countersSeen = new Float64Array(TCP_COUNTER_COUNT);

  constructor(options: ScriptOptions, ends: ScriptAddresses, profile: 'linux' | 'rfc') {
    this.#ends = ends;
    const base = profile === 'linux' ? SUITE_SETTINGS.tcp : RFC_PROFILE;
    const tcp = { ...base, mtuBytes: scriptMtuBytes(options) };
    this.#host = new ScriptHost(ends, { ...SUITE_SETTINGS, tcp });
    this.#sockets = new Sockets(this.#host);
  }

  get nowNs(): Instant {
    return this.#host.nowNs;
  }

  nextTimerNs(): Instant {
    return Math.min(this.#host.layer.pollTimeoutNs(), this.#host.wakeNs);
  }

  runUntil(untilNs: Instant): void {
    this.#host.clock.cell[0] = untilNs;
    if (this.#host.wakeNs <= untilNs) this.#host.wakeNs = NEVER;
    if (this.#host.layer.pollTimeoutNs() <= untilNs) this.#host.layer.handleTimeout();
    this.#host.settle();
  }

  receive(packets: readonly ArrivingPacket[]): void {
    for (const packet of packets) {
      const icmp = readIcmpError(packet.header, this.#ends.isIpv6, (words) =>
        this.#host.frames.intern(words),
      );
      if (icmp !== undefined) this.#host.layer.handleIcmp(icmp);
      // TCP has no use for other messages.
      else if (!isIcmp(packet.header, this.#ends.isIpv6)) {
        const frame = this.#host.frames.decode(packet);
        if (packet.segmentBytes === undefined) this.#host.layer.handleFrame(frame);
        else this.#host.layer.handleMergedFrame(frame, packet.segmentBytes);
      }
    }
    this.#letWriterGo();
    this.#host.settle();
  }

  /** Data that waited for the handshake goes with its last ACK, as in Linux. */
  #letWriterGo(): void {
    if (this.#opening === undefined || this.#opening.state === TcpState.SynSent) return;
    holdAckForWriter(this.#opening);
    this.#opening = undefined;
    this.#early = this.#attempt?.();
    if (this.#early !== undefined) this.#attempt = undefined;
  }

  takeSent(): readonly SentPacket[] {
    return this.#host.takeSent();
  }

  call(action: SyscallAction): CallOutcome | undefined {
    const attempt = this.#sockets.prepare(action);
    const outcome = attempt();
    this.#attempt = outcome === undefined ? attempt : undefined;
    this.#opening = outcome === undefined ? this.#sockets.writtenConnection(action) : undefined;
    this.#host.settle();
    return outcome ?? this.retryCall();
  }

  retryCall(): CallOutcome | undefined {
    const outcome = this.#early ?? this.#attempt?.();
    this.#early = undefined;
    if (outcome !== undefined) {
      this.#attempt = undefined;
      this.#host.wakeNs = NEVER;
    }
    this.#host.settle();
    return outcome;
  }

  configure(effect: ShellEffect): string | undefined {
    switch (effect.kind) {
      case 'sysctl': {
        const settings = applySysctl(this.#host.settings, effect.name, effect.value);
        if (typeof settings === 'string') return settings;
        this.#host.use(settings);
        return undefined;
      }
      case 'queue':
        this.#host.layer.isDeviceFull = effect.discipline === 'closed';
        this.#host.use({
          ...this.#host.settings,
          tcp: { ...this.#host.settings.tcp, usesPacing: effect.discipline === 'fq' },
        });
        return undefined;
      case 'link':
        this.#host.useMtu(effect.mtuBytes);
        return undefined;
      case 'route':
        this.#host.useRoute(effect);
        return undefined;
      case 'counters':
        return this.#lookAtCounters(effect.patterns);
      case 'forgetFastOpen':
        this.#host.layer.context.fastOpen.forget(this.#host.frames.intern(this.#ends.remote));
        this.#host.layer.context.pathMtus.forget(this.#host.frames.intern(this.#ends.remote));
        return undefined;
      default:
        return `command ${effect.text}`;
    }
  }

  #lookAtCounters(patterns: readonly string[]): string | undefined {
    const unknown = unknownCounter(patterns);
    if (unknown !== undefined) return `counter ${unknown}`;
    const { counters } = this.#host.layer.context;
    const found = findCounters(counters, this.#countersSeen, patterns);
    this.#countersSeen = counters.slice();
    if (patterns.length === 0 || found.length > 0) return undefined;
    throw new ScriptFailure('counters differ', patterns.join(' and '), 'no such line');
  }

  socketFacts(localPort: number, remotePort: number): SocketFacts | undefined {
    const connection = this.#host.connections.get(localPort * 65_536 + remotePort);
    if (connection === undefined) return undefined;
    return {
      ...tcpInfo(connection),
      SK_MEMINFO_RCVBUF: connection.rcvBufferBytes,
      SK_MEMINFO_SNDBUF: connection.sndBufferBytes,
    };
  }

  listening(): ListeningSocket | undefined {
    return this.#sockets.listening();
  }

  shutDown(): string | undefined {
    this.#sockets.closeAll();
    for (const connection of this.#host.connections.values()) abort(connection);
    this.#host.settle();
    const { connectionCount } = this.#host.layer;
    if (connectionCount > 0) return `${connectionCount} connections`;
    if (this.#host.frames.pool.inUse > 0) return `${this.#host.frames.pool.inUse} frames`;
    const { pieces, segments, ranges, buffers } = this.#host.layer.context;
    if (pieces.inUse > 0) return `${pieces.inUse} pieces of queues`;
    if (segments.inUse > 0) return `${segments.inUse} rows of scoreboards`;
    if (buffers.inUse > 0) return `${buffers.inUse} buffers of write queues`;
    return ranges.inUse > 0 ? `${ranges.inUse} ranges of reassembly` : undefined;
  }
}
