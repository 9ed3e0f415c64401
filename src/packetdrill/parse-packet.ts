/**
 * Packets: `dir [ip-info] [ports] flags seq:end(len) [ack n] [win n] [urg n] [<options>]`, where `<`
 * injects and `>` expects. ICMP is in parse-icmp. Missing options mean no options.
 */
import { TcpFlag } from '../wire/tcp.ts';
import type { Lexer } from './lexer.ts';
import { parseIcmp } from './parse-icmp.ts';
import { parseSequence } from './parse-sequence.ts';
import { parseTcpOptions } from './parse-tcp-options.ts';
import type { EcnMark, IpInfo, PacketAction, SequenceRange, TcpPacket } from './script.ts';

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  F: TcpFlag.Fin,
  S: TcpFlag.Syn,
  R: TcpFlag.Rst,
  P: TcpFlag.Psh,
  '.': TcpFlag.Ack,
  U: TcpFlag.Urg,
  E: TcpFlag.Ece,
  W: TcpFlag.Cwr,
  A: TcpFlag.Ae,
};

/** Protocols and encapsulations of the language and its dialects. */
const OTHER_PROTOCOLS = [
  'udp',
  'udplite',
  'gre',
  'mpls',
  'raw',
  'psp',
  'encap',
  'sctp',
  'ipv4',
  'ipv6',
];

/** The cursor is at `<` or `>`. */
export function parsePacket(lexer: Lexer): PacketAction {
  const direction = lexer.takes('<') ? 'inject' : 'expect';
  if (direction === 'expect') lexer.expect('>');
  const ip = parseIpInfo(lexer, direction);
  const quoted = parseQuote(lexer);
  if (quoted !== undefined && !lexer.sees('icmp')) lexer.fail('icmp behind the range it quotes');
  if (lexer.takesWord('icmp')) {
    const packet = parseIcmp(lexer);
    return {
      kind: 'packet',
      direction,
      ip,
      packet: { ...packet, quoted: packet.quoted ?? quoted },
    };
  }
  for (const name of OTHER_PROTOCOLS) if (lexer.takesWord(name)) lexer.refuse(`${name} packets`);
  if (lexer.sees('addr[')) lexer.refuse('packets of several addresses');
  const packet = parseTcp(lexer, direction);
  if (direction === 'inject' && packet.options === 'any') {
    lexer.fail('the options of an injected packet');
  }
  if (direction === 'inject' && packet.window === undefined) {
    return { kind: 'packet', direction, ip, packet: { ...packet, window: 0 } };
  }
  return { kind: 'packet', direction, ip, packet };
}

const NO_IP_INFO: IpInfo = { ecn: undefined, trafficClass: undefined, ttl: undefined };

function parseIpInfo(lexer: Lexer, direction: PacketAction['direction']): IpInfo {
  let info = NO_IP_INFO;
  for (;;) {
    if (seesQuote(lexer)) return info;
    if (lexer.takes('[')) info = { ...info, ...parseBracketed(lexer, ']', direction) };
    else if (lexer.takes('(')) info = { ...info, ...parseBracketed(lexer, ')', direction) };
    else return info;
  }
}

const seesQuote = (lexer: Lexer): boolean => lexer.take(/(?=\[\s*\d+\s*:)/y) !== undefined;

/** `[1:1461(1460)] icmp …`: an older form has the range in front. */
function parseQuote(lexer: Lexer): SequenceRange | undefined {
  if (!seesQuote(lexer)) return undefined;
  lexer.expect('[');
  const quoted = parseSequence(lexer);
  lexer.expect(']');
  return quoted;
}

/** `[ect0]`, `[tos 0x2, ttl 64]`, `(hlim 64)`: one or more, separated by commas. */
function parseBracketed(
  lexer: Lexer,
  close: string,
  direction: PacketAction['direction'],
): Partial<IpInfo> {
  let info: Partial<IpInfo> = {};
  do {
    const word = lexer.needWord('ect0, ect1, ce, noecn, tos, class, ttl or hlim');
    if (isEcnMark(word)) info = { ...info, ecn: word };
    else if (word === 'tos' || word === 'class') {
      info = { ...info, trafficClass: needByte(lexer) };
    } else if (word === 'ttl' || word === 'hlim') info = { ...info, ttl: needByte(lexer) };
    else if (word === 'flowlabel' && direction === 'inject') needFlowLabel(lexer);
    else if (word === 'flowlabel' || word === 'id') lexer.refuse(`${word} of the IP header`);
    else lexer.fail(`ect0, ect1, ce, noecn, tos, class, ttl or hlim instead of ${word}`);
  } while (lexer.takes(','));
  lexer.expect(close);
  return info;
}

const isEcnMark = (word: string): word is EcnMark =>
  word === 'ect0' || word === 'ect1' || word === 'ect01' || word === 'ce' || word === 'noecn';

/** Of an injected packet: a receiver has no use for it. */
function needFlowLabel(lexer: Lexer): void {
  const value = Number(lexer.need(/0x[0-9a-fA-F]+/y, 'a flow label in hex'));
  if (value >= 2 ** 20) lexer.fail('a flow label below 2^20');
}

function needByte(lexer: Lexer): number {
  const value = Number(lexer.need(/0x[0-9a-fA-F]+|\d+/y, 'a byte'));
  return value < 256 ? value : lexer.fail('a value below 256');
}

function parseTcp(lexer: Lexer, direction: PacketAction['direction']): TcpPacket {
  const ports = parsePorts(lexer);
  const flags = parseFlags(lexer);
  const sequence = parseSequence(lexer);
  const isAbsolute = lexer.takes('!');
  const ack = lexer.takesWord('ack') ? lexer.needNumber('an acknowledgment number') : undefined;
  if (lexer.takesWord('ack')) lexer.fail('one ack');
  const window = lexer.takesWord('win') ? needWord16(lexer, 'a window field') : undefined;
  const urgent = lexer.takesWord('urg') ? needWord16(lexer, 'an urgent pointer') : undefined;
  const options = lexer.takes('<') ? parseTcpOptions(lexer, direction) : [];
  return { protocol: 'tcp', ports, flags, sequence, isAbsolute, ack, window, urgent, options };
}

/** `1234 > 8080`. */
function parsePorts(lexer: Lexer): TcpPacket['ports'] {
  if (lexer.take(/(?=\d+\s*>)/y) === undefined) return undefined;
  const source = needWord16(lexer, 'a port');
  lexer.expect('>');
  return { source, destination: needWord16(lexer, 'a port') };
}

function parseFlags(lexer: Lexer): number {
  const word = lexer.need(
    /-|[FSRP.UEWA0-7]+/y,
    'TCP flags (letters of FSRP.UEWA, ACE as a digit, or -)',
  );
  let flags = 0;
  if (word === '-') return flags;
  for (const letter of word) flags |= FLAG_LETTERS[letter] ?? Number(letter) * TcpFlag.Ece;
  return flags;
}

function needWord16(lexer: Lexer, what: string): number {
  const value = lexer.needNumber(what);
  return value < 65_536 ? value : lexer.fail(`${what} below 65536`);
}
