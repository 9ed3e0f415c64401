/** A range of sequence numbers with its length, `1:1001(1000)`. */
import type { Lexer } from './lexer.ts';
import type { SequenceRange } from './script.ts';

/** `start:end(length)`, which must agree. */
export function parseSequence(lexer: Lexer): SequenceRange {
  const start = lexer.needNumber('a sequence number');
  lexer.expect(':');
  const end = lexer.needNumber('the sequence number behind the data');
  lexer.expect('(');
  const length = lexer.needNumber('the length of the data');
  lexer.expect(')');
  if (end - start !== length) lexer.fail(`a length of ${end - start} for ${start}:${end}`);
  return { start, end };
}
