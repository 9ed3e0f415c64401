/** A system call: `name(arguments) = result [ERRNO] [(text)]`; the text is for people. */
import type { Lexer } from './lexer.ts';
import { parseList, parseValue } from './parse-value.ts';
import type { SyscallAction, Value } from './script.ts';

export function parseSyscall(lexer: Lexer): SyscallAction {
  const name = lexer.needWord('a packet, a system call, a `command` or %{ code }%');
  lexer.expect('(');
  const args = parseList(lexer, ')');
  lexer.expect('=');
  const result: Value = lexer.takes('?') ? { kind: 'ellipsis' } : parseValue(lexer);
  const isFailure = result.kind === 'number' && result.value === -1;
  const errno = isFailure ? lexer.take(/E[A-Z0-9]+\b/y) : undefined;
  lexer.take(/\([^)\n]*\)/y);
  return { kind: 'syscall', name, args, result, errno };
}
