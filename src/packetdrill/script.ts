/**
 * What a script says, as data: options, then events in order, each a time and an action. Times are integer
 * nanoseconds; sequence numbers are as written, relative to the script's own origin; nothing here knows a
 * stack. The words of the language are those of packetdrill's public grammar.
 */
import type { Duration } from '../base/units.ts';
import type { PythonStatement } from './python.ts';

export interface Script {
  /** As the caller named it; for messages. */
  readonly path: string;
  readonly options: ScriptOptions;
  /** Shell text before the first event and after the last. */
  readonly setUp: readonly ShellAction[];
  readonly events: readonly ScriptEvent[];
  readonly cleanUp: readonly ShellAction[];
}

export type IpVersion = 'ipv4' | 'ipv4-mapped-ipv6' | 'ipv6';

export interface ScriptOptions {
  readonly toleranceNs: Duration;
  /** Of the distance to the previous event. */
  readonly tolerancePercent: number;
  readonly ipVersion: IpVersion;
  /** Undefined: the usual address of the IP version. */
  readonly localIp: string | undefined;
  readonly remoteIp: string | undefined;
  /** Of the network layer; undefined: 1500. */
  readonly mtuBytes: number | undefined;
  /** Injected data arrive in segments of this size; undefined: as one packet. */
  readonly mssBytes: number | undefined;
  readonly strictSegments: boolean;
  /** Nanoseconds of one unit of our TS val; 0: values are not checked. */
  readonly timestampTickNs: Duration;
  /** An injected TS ecr is scripted in ticks of the wire, not of the script. */
  readonly timestampEcrScaled: boolean;
}

export interface ScriptEvent {
  readonly line: number;
  readonly time: EventTime;
  readonly action: Action;
}

export type EventTime =
  | { readonly kind: 'any' }
  | {
      /** 'relative' to the previous event, 'absolute' from the start of the script. */
      readonly kind: 'absolute' | 'relative';
      readonly atNs: Duration;
      /** Upper end of a range `a~b`, or when a blocking call `a...b` must return. */
      readonly untilNs: Duration | undefined;
      readonly form: 'instant' | 'range' | 'blocking';
    };

export type Action = PacketAction | SyscallAction | ShellAction | CodeAction;

export interface PacketAction {
  readonly kind: 'packet';
  readonly direction: 'inject' | 'expect';
  readonly ip: IpInfo;
  readonly packet: TcpPacket | IcmpPacket;
}

/** 'ect01': either of the two. */
export type EcnMark = 'noecn' | 'ect0' | 'ect1' | 'ect01' | 'ce';

/** Undefined fields are unchecked in an expected packet, and 0 (TTL 255) in an injected one. */
export interface IpInfo {
  readonly ecn: EcnMark | undefined;
  /** All 8 bits of the traffic class. */
  readonly trafficClass: number | undefined;
  readonly ttl: number | undefined;
}

export interface SequenceRange {
  readonly start: number;
  readonly end: number;
}

export interface TcpPacket {
  readonly protocol: 'tcp';
  readonly ports: { readonly source: number; readonly destination: number } | undefined;
  /** Bits of the TCP header: wire/tcp. */
  readonly flags: number;
  readonly sequence: SequenceRange;
  /** `0:0(0)!`: numbers of the wire, not of the script. */
  readonly isAbsolute: boolean;
  readonly ack: number | undefined;
  readonly window: number | undefined;
  readonly urgent: number | undefined;
  /** 'any': unchecked. */
  readonly options: readonly ScriptTcpOption[] | 'any';
}

export type ScriptTcpOption =
  | { readonly kind: 'nop' | 'eol' | 'sackPermitted' }
  | { readonly kind: 'mss' | 'windowScale'; readonly value: number }
  | { readonly kind: 'timestamps'; readonly tsVal: number; readonly tsEcr: number }
  | { readonly kind: 'sack'; readonly blocks: readonly SequenceRange[] }
  | {
      readonly kind: 'fastOpen';
      readonly isExperimental: boolean;
      readonly cookie: Uint8Array;
    }
  /** AccECN: order of its counters, and the first ones in that order. */
  | { readonly kind: 'accEcn'; readonly order: 0 | 1; readonly counters: readonly number[] }
  /** RFC 2385; an empty digest is unchecked. */
  | { readonly kind: 'md5'; readonly digest: Uint8Array }
  | { readonly kind: 'other'; readonly optionKind: number; readonly data: Uint8Array };

export interface IcmpPacket {
  readonly protocol: 'icmp';
  /** Words as written: `unreachable`, `frag_needed`; code is undefined for the first code of the type. */
  readonly type: string;
  readonly code: string | undefined;
  readonly mtu: number | undefined;
  /** Sequence range that the quoted packet shows; undefined: 0:0(0), our SYN. */
  readonly quoted: SequenceRange | undefined;
}

export interface SyscallAction {
  readonly kind: 'syscall';
  readonly name: string;
  readonly args: readonly Value[];
  readonly result: Value;
  /** `EAGAIN`; undefined when the call succeeds or the script does not care. */
  readonly errno: string | undefined;
}

export type Value =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'string'; readonly bytes: Uint8Array }
  /** What the tool supplies. */
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'or'; readonly operands: readonly Value[] }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Value[] };

export interface Field {
  /** Undefined in `{..., 1000}`. */
  readonly name: string | undefined;
  /** `msg_iov(2)=…`. */
  readonly count: Value | undefined;
  readonly value: Value;
}

export interface ShellAction {
  readonly kind: 'shell';
  readonly line: number;
  readonly text: string;
}

export interface CodeAction {
  readonly kind: 'code';
  readonly statements: readonly PythonStatement[];
  /** Set when the block uses more than the evaluator knows. */
  readonly unsupported: string | undefined;
}
