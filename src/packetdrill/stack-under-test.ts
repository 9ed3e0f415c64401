/**
 * What the runner needs of a stack: a clock that it owns, packets as bytes in both directions, system calls,
 * and the configuration that shell lines ask for. The runner knows nothing else of it, so that a script is
 * judged by what is on the wire and what calls return.
 */
import type { Bytes, Instant } from '../base/units.ts';
import type { TcpInfo } from '../tcp/info.ts';
import type { SyscallAction } from './script.ts';
import type { ShellEffect } from './shell.ts';

/** A packet as the stack sent it. */
export interface SentPacket {
  readonly sentNs: Instant;
  /** From the Ethernet header to the end of the transport header. */
  readonly header: Uint8Array;
  /** Behind the header. */
  readonly payloadBytes: Bytes;
  /** The payload as the script assumes it. */
  readonly isPayloadZero: boolean;
}

/** A packet for the stack: its header from Ethernet to transport, and a payload of zeros. */
export interface ArrivingPacket {
  readonly header: Uint8Array;
  readonly payloadBytes: Bytes;
  /** Of a packet that receive offload has merged: the payload of each segment but the last. */
  readonly segmentBytes?: Bytes;
}

export interface CallOutcome {
  /** -1 with an errno. */
  readonly result: number;
  readonly errno: number;
  /** Output parameters that differ from the script's. */
  readonly difference: { readonly expected: string; readonly actual: string } | undefined;
}

export interface ListeningSocket {
  readonly port: number;
  /** Sockets that have listened before it. */
  readonly serial: number;
}

/** The script needs something that the stack or the runner does not have. */
export class Unsupported extends Error {}

/** What code blocks may ask of a socket: its tcp_info, and of its memory what is known. */
export interface SocketFacts extends TcpInfo {
  readonly SK_MEMINFO_RCVBUF: Bytes;
  readonly SK_MEMINFO_SNDBUF: Bytes;
}

export interface StackUnderTest {
  readonly nowNs: Instant;
  /** NEVER when no timer runs. */
  nextTimerNs(): Instant;
  /** Moves the clock to `untilNs`, firing each timer at its own time. */
  runUntil(untilNs: Instant): void;
  /** Hands in packets that arrive together, as from one interrupt: the stack answers behind the last. */
  receive(packets: readonly ArrivingPacket[]): void;
  /** Packets sent since the last call, in order. */
  takeSent(): readonly SentPacket[];
  /** Starts a system call; undefined when it blocks. Throws Unsupported. */
  call(action: SyscallAction): CallOutcome | undefined;
  /** The call that blocks, tried again; undefined while it still does. */
  retryCall(): CallOutcome | undefined;
  /** Applies what a shell line asks for. Returns why it cannot, undefined when it could. */
  configure(effect: ShellEffect): string | undefined;
  /** State of the connection between the two ports, also after its end; undefined when there was none. */
  socketFacts(localPort: number, remotePort: number): SocketFacts | undefined;
  /** The socket that listens: a SYN to it opens a new connection. Undefined when none does. */
  listening(): ListeningSocket | undefined;
  /** Resets all connections and closes all sockets. Returns what is left over, undefined when nothing is. */
  shutDown(): string | undefined;
}
