/**
 * TCP options: RFC 9293 §3.2 (EOL, NOP, MSS), RFC 7323 (window scale, timestamps), RFC 2018 (SACK),
 * RFC 7413 (Fast Open), RFC 9768 (accurate ECN) and RFC 8684 (MPTCP); the last is recognised
 * and carried, and any other as its bytes. An option is a kind, a length that counts both, and its
 * data; EOL and NOP are a kind alone.
 */
import { assert } from '../base/assert.ts';
import { BuiltExtra } from '../frame/frame-record.ts';
import { optionLength, padToWord, viewOf } from './_bytes.ts';
import { Malformed } from './malformed.ts';

/** IANA option kinds. */
export const enum TcpOptionKind {
  EndOfList = 0,
  NoOperation = 1,
  MaximumSegmentSize = 2,
  WindowScale = 3,
  SackPermitted = 4,
  Sack = 5,
  Timestamps = 8,
  Mptcp = 30,
  FastOpen = 34,
  AccEcn0 = 172,
  AccEcn1 = 174,
  Experiment1 = 253,
  /** RFC 6994; Fast Open before its own number: followed by 0xf989. */
  Experiment2 = 254,
}

/**
 * Option lengths in bytes, kind and length included; SackBlock is one block of an option of 2 + 8n
 * bytes.
 */
export const enum TcpOptionLength {
  MaximumSegmentSize = 4,
  WindowScale = 3,
  SackPermitted = 2,
  SackBlock = 8,
  Timestamps = 10,
}

/** One counter of an AccECN option. */
export const ACC_ECN_FIELD_BYTES = 3;

/**
 * Padding NOP NOP before timestamps, kind and length: how nearly every data segment's options
 * start.
 */
export const TIMESTAMPS_ALIGNED = 0x0101080a;
/** Options fill at most this (RFC 9293 §3.1: a data offset of 15 words). */
export const TCP_OPTIONS_BYTES_MAX = 40;
/** Experiment identifier of Fast Open behind kind 254 (RFC 7413 §9). */
export const FAST_OPEN_MAGIC = 0xf989;

/** Edges are unsigned sequence numbers; the right one is the first not received (RFC 2018 §3). */
export interface SackBlock {
  readonly left: number;
  readonly right: number;
}

export type TcpOption =
  | { readonly kind: 'nop' }
  | { readonly kind: 'mss'; readonly mss: number }
  | { readonly kind: 'windowScale'; readonly shift: number }
  | { readonly kind: 'sackPermitted' }
  /** 1 to 4 blocks. */
  | { readonly kind: 'sack'; readonly blocks: readonly SackBlock[] }
  /** Unsigned. */
  | { readonly kind: 'timestamps'; readonly tsVal: number; readonly tsEcr: number }
  /** A cookie of 4 to 16 bytes and even length, or none: a request for one. */
  | { readonly kind: 'fastOpen'; readonly cookie: Uint8Array; readonly isExperimental: boolean }
  /** The subtype is the upper half of the first byte (RFC 8684 §3). */
  | { readonly kind: 'mptcp'; readonly data: Uint8Array }
  /** Order of the counters, which are 24 bits wide each (RFC 9768 §3.2.3). */
  | { readonly kind: 'accEcn'; readonly order: 0 | 1; readonly data: Uint8Array }
  | { readonly kind: 'unknown'; readonly optionKind: number; readonly data: Uint8Array };

/**
 * Length in bytes of the option at `at`, which must lie before `end`, the end of the header: 0 at
 * the end of the list, 1 for a NOP, or Malformed.OptionLength, also where a kind of fixed length
 * states another.
 */
export function tcpOptionLength(view: DataView, at: number, end: number): number {
  const length = optionLength(view, at, end);
  return length < 2 || isLengthOfKind(view.getUint8(at), length) ? length : Malformed.OptionLength;
}

function isLengthOfKind(kind: number, length: number): boolean {
  switch (kind) {
    case TcpOptionKind.MaximumSegmentSize:
      return length === TcpOptionLength.MaximumSegmentSize;
    case TcpOptionKind.WindowScale:
      return length === TcpOptionLength.WindowScale;
    case TcpOptionKind.SackPermitted:
      return length === TcpOptionLength.SackPermitted;
    case TcpOptionKind.Sack:
      return length > 2 && (length - 2) % TcpOptionLength.SackBlock === 0;
    case TcpOptionKind.Timestamps:
      return length === TcpOptionLength.Timestamps;
    default:
      return true;
  }
}

/** Reads the list in [start, end), which is what the data offset says. Data are copies. */
export function parseTcpOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
): TcpOption[] | Malformed {
  const view = viewOf(bytes);
  const options: TcpOption[] = [];
  let at = start;
  while (at < end) {
    const length = tcpOptionLength(view, at, end);
    if (length < 0) return length;
    if (length === 0) break;
    options.push(parseTcpOption(view, bytes.slice(at + 2, at + length), at));
    at += length;
  }
  return options;
}

/** `data` are the bytes behind kind and length, copied. */
function parseTcpOption(view: DataView, data: Uint8Array, at: number): TcpOption {
  const kind = view.getUint8(at);
  switch (kind) {
    case TcpOptionKind.NoOperation:
      return { kind: 'nop' };
    case TcpOptionKind.MaximumSegmentSize:
      return { kind: 'mss', mss: view.getUint16(at + 2) };
    case TcpOptionKind.WindowScale:
      return { kind: 'windowScale', shift: view.getUint8(at + 2) };
    case TcpOptionKind.SackPermitted:
      return { kind: 'sackPermitted' };
    case TcpOptionKind.Sack:
      return { kind: 'sack', blocks: parseSackBlocks(data) };
    case TcpOptionKind.Timestamps:
      return { kind: 'timestamps', tsVal: view.getUint32(at + 2), tsEcr: view.getUint32(at + 6) };
    case TcpOptionKind.Mptcp:
      return { kind: 'mptcp', data };
    case TcpOptionKind.AccEcn0:
      return { kind: 'accEcn', order: 0, data };
    case TcpOptionKind.AccEcn1:
      return { kind: 'accEcn', order: 1, data };
    case TcpOptionKind.FastOpen:
      if (!isCookieLength(data.length)) break;
      return { kind: 'fastOpen', cookie: data, isExperimental: false };
    case TcpOptionKind.Experiment2:
      if (data.length < 2 || view.getUint16(at + 2) !== FAST_OPEN_MAGIC) break;
      if (!isCookieLength(data.length - 2)) break;
      return { kind: 'fastOpen', cookie: data.slice(2), isExperimental: true };
  }
  return { kind: 'unknown', optionKind: kind, data };
}

export function isAccEcn(kind: number): boolean {
  return kind === TcpOptionKind.AccEcn0 || kind === TcpOptionKind.AccEcn1;
}

/** The word of a frame's second record that holds counter 0, 1 or 2 of its AccECN option. */
export function accEcnWord(field: number): number {
  if (field === 0) return BuiltExtra.AccEcnFirst;
  return field === 1 ? BuiltExtra.AccEcnSecond : BuiltExtra.AccEcnThird;
}

/** Of a Fast Open option; any other length is to be ignored (RFC 7413 §4.1.1). */
export function isCookieLength(length: number): boolean {
  return length === 0 || (length >= 4 && length <= 16 && length % 2 === 0);
}

function parseSackBlocks(data: Uint8Array): SackBlock[] {
  const view = viewOf(data);
  const blocks: SackBlock[] = [];
  for (let at = 0; at < data.length; at += TcpOptionLength.SackBlock) {
    blocks.push({ left: view.getUint32(at), right: view.getUint32(at + 4) });
  }
  return blocks;
}

/**
 * Writes the options at `at`, where there must be room, and end-of-list padding to a word.
 * Returns their length in bytes with the padding.
 */
export function emitTcpOptions(
  options: readonly TcpOption[],
  bytes: Uint8Array,
  at: number,
): number {
  let next = at;
  for (const option of options) {
    if (option.kind === 'nop') {
      bytes[next++] = TcpOptionKind.NoOperation;
      continue;
    }
    const length = 2 + emitTcpOptionData(option, bytes, next + 2);
    bytes[next] = tcpOptionKind(option);
    bytes[next + 1] = length;
    next += length;
  }
  const length = padToWord(next - at);
  assert(length <= TCP_OPTIONS_BYTES_MAX, 'TCP options are at most 40 bytes');
  bytes.fill(TcpOptionKind.EndOfList, next, at + length);
  return length;
}

function tcpOptionKind(option: TcpOption): number {
  switch (option.kind) {
    case 'nop':
      return TcpOptionKind.NoOperation;
    case 'mss':
      return TcpOptionKind.MaximumSegmentSize;
    case 'windowScale':
      return TcpOptionKind.WindowScale;
    case 'sackPermitted':
      return TcpOptionKind.SackPermitted;
    case 'sack':
      return TcpOptionKind.Sack;
    case 'timestamps':
      return TcpOptionKind.Timestamps;
    case 'fastOpen':
      return option.isExperimental ? TcpOptionKind.Experiment2 : TcpOptionKind.FastOpen;
    case 'mptcp':
      return TcpOptionKind.Mptcp;
    case 'accEcn':
      return option.order === 0 ? TcpOptionKind.AccEcn0 : TcpOptionKind.AccEcn1;
    case 'unknown':
      return option.optionKind;
  }
}

/** Writes what follows kind and length. Returns its length in bytes. */
function emitTcpOptionData(option: TcpOption, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  switch (option.kind) {
    case 'nop':
    case 'sackPermitted':
      return 0;
    case 'mss':
      view.setUint16(at, option.mss);
      return 2;
    case 'windowScale':
      view.setUint8(at, option.shift);
      return 1;
    case 'sack':
      option.blocks.forEach(({ left, right }, index) => {
        view.setUint32(at + index * TcpOptionLength.SackBlock, left);
        view.setUint32(at + index * TcpOptionLength.SackBlock + 4, right);
      });
      return option.blocks.length * TcpOptionLength.SackBlock;
    case 'timestamps':
      view.setUint32(at, option.tsVal);
      view.setUint32(at + 4, option.tsEcr);
      return 8;
    case 'fastOpen': {
      const magicBytes = option.isExperimental ? 2 : 0;
      if (option.isExperimental) view.setUint16(at, FAST_OPEN_MAGIC);
      bytes.set(option.cookie, at + magicBytes);
      return magicBytes + option.cookie.length;
    }
    default:
      bytes.set(option.data, at);
      return option.data.length;
  }
}
