/**
 * Our own scripts that our TCP does not pass yet, each with what is missing. A script that passes has to
 * leave the list: the test says so.
 */
export const KNOWN_SCRIPT_FAILURES: ReadonlyMap<string, string> = new Map([
  ['congestion/ack-division.pkt', 'parts of segments count as segments'],
  ['congestion/recovery-leaves-at-ssthresh.pkt', 'cwnd grows with the ACK that ends recovery'],
  ['congestion/reno-avoidance.pkt', 'cwnd grows with the ACK that ends recovery'],
  ['recovery/dsack-undo.pkt', 'a D-SACK after the end of recovery does not undo it'],
  ['recovery/lost-retransmission.pkt', 'PSH on a single segment that more data follows'],
  ['recovery/sack-reneging.pkt', 'a SACKed segment that the ACK passes by is not sent again'],
  ['recovery/tail-loss-probe-repairs.pkt', 'a probe that repairs a loss does not reduce cwnd'],
  ['rto/earliest-segment-only.pkt', 'no PSH at the end of a burst of retransmissions'],
  ['rto/frto-spurious.pkt', 'an ACK of everything right after a timeout is not called spurious'],
]);
