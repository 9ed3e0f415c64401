/** Many more lists run in test/slow/tcp-operations.test.ts. */
import { describe, it } from 'vitest';
import { checkOperations } from '../support/tcp-operations.ts';

describe('lists of operations on both ends of a connection, over any path', () => {
  it('deliver every byte once and in order up to where somebody breaks off, and leave nothing behind — RFC 9293 §3.4, §3.6', {
    timeout: 120_000,
  }, () => {
    checkOperations(0x0b5, 40);
  });
});
