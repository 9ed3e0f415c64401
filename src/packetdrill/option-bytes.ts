/**
 * TCP options of a script as bytes of the header. The caller says how scripted sequence numbers and
 * timestamps become live ones.
 */
import { FAST_OPEN_MAGIC, TcpOptionKind, TcpOptionLength } from '../wire/tcp-options.ts';
import type { ScriptTcpOption } from './script.ts';

export interface LiveNumbers {
  sequence(scripted: number): number;
  tsVal(scripted: number): number;
  tsEcr(scripted: number): number;
}

/** Bytes of all options with end-of-list padding to a whole word. */
export function optionBytes(options: readonly ScriptTcpOption[], live: LiveNumbers): Uint8Array {
  const bytes = options.flatMap((option) => bytesOf(option, live));
  while (bytes.length % 4 !== 0) bytes.push(TcpOptionKind.EndOfList);
  return Uint8Array.from(bytes);
}

function bytesOf(option: ScriptTcpOption, live: LiveNumbers): number[] {
  switch (option.kind) {
    case 'nop':
      return [TcpOptionKind.NoOperation];
    case 'eol':
      return [TcpOptionKind.EndOfList];
    case 'sackPermitted':
      return withLength(TcpOptionKind.SackPermitted, []);
    case 'mss':
      return withLength(TcpOptionKind.MaximumSegmentSize, word16(option.value));
    case 'windowScale':
      return withLength(TcpOptionKind.WindowScale, [option.value]);
    case 'timestamps':
      return withLength(TcpOptionKind.Timestamps, [
        ...word32(live.tsVal(option.tsVal)),
        ...word32(live.tsEcr(option.tsEcr)),
      ]);
    case 'sack': {
      const edges = option.blocks.flatMap(({ start, end }) => [start, end]);
      const data = edges.flatMap((edge) => word32(live.sequence(edge)));
      return withLength(TcpOptionKind.Sack, data);
    }
    case 'fastOpen':
      return option.isExperimental
        ? withLength(TcpOptionKind.Experiment2, [...word16(FAST_OPEN_MAGIC), ...option.cookie])
        : withLength(TcpOptionKind.FastOpen, [...option.cookie]);
    case 'accEcn': {
      const kind = option.order === 0 ? TcpOptionKind.AccEcn0 : TcpOptionKind.AccEcn1;
      return withLength(kind, option.counters.flatMap(word24));
    }
    case 'md5':
      return withLength(MD5_KIND, [...option.digest]);
    case 'other':
      return withLength(option.optionKind, [...option.data]);
  }
}

/** RFC 2385 §3. */
const MD5_KIND = 19;

const withLength = (kind: number, data: number[]): number[] => [kind, data.length + 2, ...data];

const word16 = (value: number): number[] => [value >>> 8, value & 0xff];

const word24 = (value: number): number[] => [value >>> 16, ...word16(value & 0xffff)];

const word32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 0xff,
  (value >>> 8) & 0xff,
  value & 0xff,
];

/** TS val of the options, undefined when they have none or are malformed before it. */
export function findTsVal(options: Uint8Array): number | undefined {
  let at = 0;
  while (at < options.length) {
    const kind = options[at];
    if (kind === TcpOptionKind.EndOfList) return undefined;
    if (kind === TcpOptionKind.NoOperation) {
      at++;
      continue;
    }
    const length = options[at + 1] ?? 0;
    if (length < 2) return undefined;
    if (kind === TcpOptionKind.Timestamps && length === TcpOptionLength.Timestamps) {
      return new DataView(options.buffer, options.byteOffset + at).getUint32(2);
    }
    at += length;
  }
  return undefined;
}
