import { describe, expect, it } from 'vitest';
import { isLegalTransition, TCP_STATE_NAMES } from '../../../src/tcp/state.ts';

describe('the states of a connection', () => {
  it('follow each other as the diagram says — RFC 9293 §3.3.2, figure 5', () => {
    const table = TCP_STATE_NAMES.map((name, from) => {
      const next = TCP_STATE_NAMES.filter((_to, to) => to !== 0 && isLegalTransition(from, to));
      return `${name}: ${next.join(' ')}`.trim();
    });
    expect(table).toEqual([
      'CLOSED: LISTEN SYN-SENT SYN-RECEIVED',
      'LISTEN: SYN-SENT SYN-RECEIVED',
      'SYN-SENT: SYN-RECEIVED ESTABLISHED',
      'SYN-RECEIVED: ESTABLISHED FIN-WAIT-1 CLOSE-WAIT',
      'ESTABLISHED: FIN-WAIT-1 CLOSE-WAIT',
      'FIN-WAIT-1: FIN-WAIT-2 CLOSING TIME-WAIT',
      'FIN-WAIT-2: TIME-WAIT',
      'CLOSE-WAIT: LAST-ACK',
      'CLOSING: TIME-WAIT',
      'LAST-ACK:',
      'TIME-WAIT:',
    ]);
    expect(TCP_STATE_NAMES.every((_name, from) => isLegalTransition(from, 0))).toBe(true);
  });
});
