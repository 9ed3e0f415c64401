/**
 * ICMP: `icmp unreachable frag_needed mtu 1400 [seq:end(len)]`. Words of both IP versions; which of them
 * the script's own version knows is judged where the message is built.
 */
import type { Lexer } from './lexer.ts';
import { parseSequence } from './parse-sequence.ts';
import type { IcmpPacket } from './script.ts';

/** Behind the word `icmp`. Numbers are `type_3` and `code_4`. */
export function parseIcmp(lexer: Lexer): IcmpPacket {
  const type = lexer.needWord('an ICMP type');
  let code: string | undefined;
  if (!lexer.sees('mtu') && !lexer.sees('[') && !lexer.sees('id '))
    code = lexer.take(/[A-Za-z_]\w*/y);
  const mtu = lexer.takesWord('mtu') ? lexer.needNumber('an MTU') : undefined;
  if (lexer.takesWord('id')) lexer.refuse('an identifier of ICMP');
  if (!lexer.takes('[')) return { protocol: 'icmp', type, code, mtu, quoted: undefined };
  for (const name of ['udp', 'raw'])
    if (lexer.takesWord(name)) lexer.refuse(`quoted ${name} packets`);
  const quoted = parseSequence(lexer);
  lexer.expect(']');
  return { protocol: 'icmp', type, code, mtu, quoted };
}
