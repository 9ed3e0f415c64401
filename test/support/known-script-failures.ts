/**
 * Our own scripts that our TCP does not pass yet, each with what is missing. A script that passes has to
 * leave the list: the test says so.
 */
export const KNOWN_SCRIPT_FAILURES: ReadonlyMap<string, string> = new Map([
  ['ack/every-second-segment.pkt', 'TCP_QUICKACK 0 does not delay the first ACK of a connection'],
  ['ack/overlapping-out-of-order.pkt', 'D-SACK of a whole segment whose front alone is old'],
  ['close/data-after-close-resets.pkt', 'the reset of data after close has an ACK'],
  ['close/simultaneous-close.pkt', 'the ACK that ends CLOSING is answered'],
  ['congestion/ack-division.pkt', 'parts of segments count as segments'],
  ['congestion/recovery-leaves-at-ssthresh.pkt', 'cwnd grows with the ACK that ends recovery'],
  ['congestion/reno-avoidance.pkt', 'cwnd grows with the ACK that ends recovery'],
  ['recovery/dsack-undo.pkt', 'a D-SACK after the end of recovery does not undo it'],
  ['recovery/lost-retransmission.pkt', 'PSH on a single segment that more data follows'],
  ['recovery/sack-reneging.pkt', 'a SACKed segment that the ACK passes by is not sent again'],
  ['recovery/tail-loss-probe-repairs.pkt', 'a probe that repairs a loss does not reduce cwnd'],
  ['rto/earliest-segment-only.pkt', 'no PSH at the end of a burst of retransmissions'],
  ['rto/frto-spurious.pkt', 'an ACK of everything right after a timeout is not called spurious'],
  ['socket/type-of-service.pkt', 'the traffic class of a connection is not sent'],
  ['window/receive-window-closes.pkt', 'the window on offer grows by a part of a segment'],
]);
