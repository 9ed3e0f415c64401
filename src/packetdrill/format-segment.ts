/** Segments in the notation of scripts, with relative numbers: what was expected and what came, for people. */
import { seqDiff, seqFromWire } from '../base/seq.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { parseTcpOptions, type TcpOption } from '../wire/tcp-options.ts';
import type { Flow } from './flow.ts';
import type { ScriptTcpOption, TcpPacket } from './script.ts';
import type { Segment } from './segment.ts';

const LETTERS: readonly (readonly [number, string])[] = [
  [TcpFlag.Syn, 'S'],
  [TcpFlag.Fin, 'F'],
  [TcpFlag.Rst, 'R'],
  [TcpFlag.Psh, 'P'],
  [TcpFlag.Ack, '.'],
  [TcpFlag.Urg, 'U'],
  [TcpFlag.Ece, 'E'],
  [TcpFlag.Cwr, 'W'],
  [TcpFlag.Ae, 'A'],
];

function formatFlags(flags: number): string {
  const letters = LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter);
  return letters.join('') || '-';
}

/** `P. 1:1001(1000) ack 1 win 257 <nop,nop,TS val 100 ecr 1>`. */
export function formatExpected(packet: TcpPacket): string {
  const { start, end } = packet.sequence;
  const words = [`${formatFlags(packet.flags)} ${start}:${end}(${end - start})`];
  if (packet.ack !== undefined) words.push(`ack ${packet.ack}`);
  if (packet.window !== undefined) words.push(`win ${packet.window}`);
  if (packet.urgent !== undefined) words.push(`urg ${packet.urgent}`);
  if (packet.options === 'any') words.push('<...>');
  else if (packet.options.length > 0) {
    words.push(`<${packet.options.map(formatScriptOption).join(',')}>`);
  }
  return words.join(' ');
}

function formatScriptOption(option: ScriptTcpOption): string {
  switch (option.kind) {
    case 'nop':
    case 'eol':
      return option.kind;
    case 'sackPermitted':
      return 'sackOK';
    case 'mss':
      return `mss ${option.value}`;
    case 'windowScale':
      return `wscale ${option.value}`;
    case 'timestamps':
      return `TS val ${option.tsVal} ecr ${option.tsEcr}`;
    case 'sack':
      return `sack ${option.blocks.map(({ start, end }) => `${start}:${end}`).join(' ')}`;
    case 'fastOpen':
      return `${option.isExperimental ? 'FOEXP' : 'FO'} ${formatHex(option.cookie)}`.trimEnd();
    case 'accEcn':
      return formatAccEcn(option.order, option.counters);
    case 'md5':
      return `md5 ${formatHex(option.digest)}`.trimEnd();
    case 'other':
      return `kind ${option.optionKind} ${formatHex(option.data)}`.trimEnd();
  }
}

function formatAccEcn(order: 0 | 1, counters: readonly number[]): string {
  const names = order === 0 ? ['e0b', 'ceb', 'e1b'] : ['e1b', 'ceb', 'e0b'];
  return ['ECN', ...counters.map((counter, field) => `${names[field]} ${counter}`)].join(' ');
}

/** The whole fields. */
function countersOf(data: Uint8Array): number[] {
  const counters: number[] = [];
  for (let at = 0; at + 3 <= data.length && counters.length < 3; at += 3) {
    counters.push(
      ((data[at] as number) << 16) | ((data[at + 1] as number) << 8) | (data[at + 2] as number),
    );
  }
  return counters;
}

/** The same of a segment on the wire. */
export function formatSegment(segment: Segment, flow: Flow): string {
  const hasSyn = (segment.flags & TcpFlag.Syn) !== 0;
  const start = signed(flow.localToScript(segment.sequence));
  const end = start + segment.payloadBytes;
  const words = [`${formatFlags(segment.flags)} ${start}:${end}(${segment.payloadBytes})`];
  if ((segment.flags & TcpFlag.Ack) !== 0) {
    words.push(`ack ${flow.remoteToScript(segment.acknowledgment, hasSyn)}`);
  }
  words.push(`win ${segment.window}`);
  if ((segment.flags & TcpFlag.Urg) !== 0) words.push(`urg ${segment.urgent}`);
  const options = parseTcpOptions(segment.options, 0, segment.options.length);
  if (typeof options === 'number') words.push('<malformed>');
  else if (options.length > 0) {
    words.push(`<${options.map((option) => formatWireOption(option, flow)).join(',')}>`);
  }
  return words.join(' ');
}

/** A number just below the origin reads as negative, not as 2^32 less it. */
const signed = (scripted: number): number =>
  scripted > 0xffff_0000 ? seqDiff(seqFromWire(scripted), seqFromWire(0)) : scripted;

function formatWireOption(option: TcpOption, flow: Flow): string {
  switch (option.kind) {
    case 'nop':
      return 'nop';
    case 'mss':
      return `mss ${option.mss}`;
    case 'windowScale':
      return `wscale ${option.shift}`;
    case 'sackPermitted':
      return 'sackOK';
    case 'sack': {
      const blocks = option.blocks.map(
        ({ left, right }) =>
          `${flow.remoteToScript(left, false)}:${flow.remoteToScript(right, false)}`,
      );
      return `sack ${blocks.join(' ')}`;
    }
    case 'timestamps':
      return `TS val ${option.tsVal} ecr ${option.tsEcr}`;
    case 'fastOpen':
      return `${option.isExperimental ? 'FOEXP' : 'FO'} ${formatHex(option.cookie)}`.trimEnd();
    case 'accEcn':
      return formatAccEcn(option.order, countersOf(option.data));
    case 'unknown':
      return `kind ${option.optionKind} ${formatHex(option.data)}`.trimEnd();
    default:
      return option.kind;
  }
}

function formatHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
