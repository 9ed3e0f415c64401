/**
 * The states of a connection and the legal moves between them: RFC 9293 §3.3.2, figure 5, with the notes
 * below it (a reset leads to CLOSED from everywhere) and Fast Open (RFC 7413 §4.2). TIME-WAIT is a state of
 * the standard only: here a connection leaves for a row of tcp/time-wait when it gets there.
 */
import { assert } from '../base/assert.ts';

/** RFC 9293 §3.3.2. */
export const enum TcpState {
  Closed = 0,
  Listen = 1,
  SynSent = 2,
  SynReceived = 3,
  Established = 4,
  FinWait1 = 5,
  FinWait2 = 6,
  CloseWait = 7,
  Closing = 8,
  LastAck = 9,
  TimeWait = 10,
}

/** Names of RFC 9293, by TcpState. */
export const TCP_STATE_NAMES = [
  'CLOSED',
  'LISTEN',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
] as const;

const bits = (...states: TcpState[]): number =>
  states.reduce((set, state) => set | (1 << state), 0);

/** Legal successors of each state as a set of bits. CLOSED is one of every state's. */
const SUCCESSORS: readonly number[] = [
  bits(TcpState.Listen, TcpState.SynSent, TcpState.SynReceived),
  bits(TcpState.SynReceived, TcpState.SynSent),
  bits(TcpState.SynReceived, TcpState.Established),
  bits(TcpState.Established, TcpState.FinWait1, TcpState.CloseWait),
  bits(TcpState.FinWait1, TcpState.CloseWait),
  bits(TcpState.FinWait2, TcpState.Closing, TcpState.TimeWait),
  bits(TcpState.TimeWait),
  bits(TcpState.LastAck),
  bits(TcpState.TimeWait),
  bits(),
  bits(),
];

/** Whether figure 5 has an arrow from one state to the other. */
export function isLegalTransition(from: TcpState, to: TcpState): boolean {
  return to === TcpState.Closed || (SUCCESSORS[from] & (1 << to)) !== 0;
}

export function assertTransition(from: TcpState, to: TcpState): void {
  assert(isLegalTransition(from, to), 'an illegal transition between TCP states');
}

/** States in which SND.NXT may still carry data of ours: the send half is open. */
export function canSend(state: TcpState): boolean {
  return state === TcpState.Established || state === TcpState.CloseWait;
}

/** States in which segment text is taken: RFC 9293 §3.10.7.4, seventh step. */
export function canReceive(state: TcpState): boolean {
  return state >= TcpState.Established && state <= TcpState.FinWait2;
}

/** Both sides know each other's sequence numbers. */
export function isSynchronized(state: TcpState): boolean {
  return state >= TcpState.Established;
}
