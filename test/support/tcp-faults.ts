/**
 * Deliberate faults in our TCP, one line each: what a slip of the pen could do. The packetdrill scripts have to
 * catch every one; a fault whose text is gone has to be written anew.
 */

export interface TcpFault {
  readonly name: string;
  /** Below src/. */
  readonly file: string;
  /** Occurs once. */
  readonly find: string;
  readonly replace: string;
}

const fault = (name: string, file: string, find: string, replace: string): TcpFault => ({
  name,
  file: `${file}.ts`,
  find,
  replace,
});

export const TCP_FAULTS: readonly TcpFault[] = [
  // Segments that arrive.
  fault(
    'an inexact reset ends the connection',
    'tcp/segment-arrives',
    'if (!isExactReset(connection, segment)) {\n    sendChallengeAck(connection);\n    return false;\n  }',
    '',
  ),
  fault(
    'challenge ACKs have no limit',
    'tcp/acceptability',
    'if (!takesTurn(connection, connection.config.challengeAckIntervalNs)) return;',
    '',
  ),
  fault(
    'a reset without ACK ends SYN-SENT',
    'tcp/segment-arrives',
    'if (hasAck) failConnection(connection, TcpError.ConnectionRefused);',
    'failConnection(connection, TcpError.ConnectionRefused);',
  ),
  fault(
    'an unacceptable segment is not answered',
    'tcp/acceptability',
    '  if (mayAnswerAgain(connection, segment)) connection.isAckDue = true;\n',
    '',
  ),
  fault(
    'PAWS is off',
    'tcp/timestamps',
    'if (((segment.tsVal - connection.tsRecent) | 0) >= 0) return false;',
    'if (connection.isPeerDone || true) return false;',
  ),
  fault(
    'PAWS drops resets',
    'tcp/acceptability',
    'if (isOldTimestamp(connection, segment) && !segment.has(TcpFlag.Rst)) {',
    'if (isOldTimestamp(connection, segment)) {',
  ),
  fault(
    'TS.Recent follows segments ahead of a hole',
    'tcp/timestamps',
    'if (seqBefore(connection.lastAckSent, segment.seq)) return;',
    '',
  ),
  fault(
    'an ACK of unsent data is taken',
    'tcp/segment-arrives',
    'if (seqBefore(sndNxt, segment.ack) || seqBefore(segment.ack, oldest)) {',
    'if (seqBefore(segment.ack, oldest)) {',
  ),
  fault(
    'an ACK from the distant past is taken',
    'tcp/segment-arrives',
    'if (seqBefore(sndNxt, segment.ack) || seqBefore(segment.ack, oldest)) {',
    'if (seqBefore(sndNxt, segment.ack)) {',
  ),
  fault(
    'a wrong ACK in SYN-RECEIVED opens the connection',
    'tcp/half-open',
    'if (segment.has(TcpFlag.Ack) && !isReset && ack !== seqAdd(iss, 1)) {',
    'if (segment.has(TcpFlag.Ack) && !isReset && ack === iss) {',
  ),
  fault(
    'a segment without ACK is judged',
    'tcp/segment-arrives',
    'return !config.judgesAsLinux || (flags & (TcpFlag.Ack | TcpFlag.Syn | TcpFlag.Rst)) !== 0;',
    'return true;',
  ),
  fault(
    'a connection that both sides close ends without TIME-WAIT',
    'tcp/segment-arrives',
    'case TcpState.Closing:\n      enterTimeWait(connection, false);',
    'case TcpState.Closing:\n      endConnection(connection);',
  ),
  fault(
    'data after close is thrown away in silence',
    'tcp/segment-arrives',
    '    sendResetFor(connection.context, segment);\n    failConnection(connection, TcpError.ConnectionReset);\n    return false;\n  }\n  receiveText',
    'return true;\n  }\n  receiveText',
  ),
  fault(
    'an orphan waits in FIN-WAIT-2 for ever',
    'tcp/segment-arrives',
    '        return false;\n      }\n      startFinWait2(connection);',
    '        return false;\n      }\n',
  ),
  // Receiving.
  fault(
    'a FIN ahead of a hole ends reading',
    'tcp/receiver',
    'if (segment.has(TcpFlag.Fin)) takeFinBeyondHole(connection, segment);\n    return false;',
    '',
  ),
  fault(
    'a segment ahead of a hole is acknowledged late',
    'tcp/receiver',
    '  makeRoomBehindHole(connection);\n  scheduleAckOfHole(connection);',
    '  makeRoomBehindHole(connection);\n  scheduleAck(connection, false);',
  ),
  fault(
    'a segment that fills part of a hole is acknowledged late',
    'tcp/receiver',
    'else scheduleAckOfHole(connection);',
    'else scheduleAck(connection, false);',
  ),
  fault(
    'ACKs of a hole are not compressed',
    'tcp/ack-policy',
    'if (config.ackCompressionNs === 0 ||',
    'if (config.ackCompressionNs > 0 ||',
  ),
  fault(
    'text that was pushed is acknowledged late',
    'tcp/commands',
    '(isLinux && isPushReadOut(connection))',
    '(!isLinux && isPushReadOut(connection))',
  ),
  fault('duplicates are not told by D-SACK', 'tcp/reassembly', 'this.hasDsack = true;', ''),
  fault(
    'the echo of CE does not end with CWR',
    'tcp/receiver',
    'if (segment.has(TcpFlag.Cwr)) connection.isEceDue = false;',
    '',
  ),
  fault(
    'every segment is acknowledged late',
    'tcp/ack-policy',
    'if (isAtOnce || isSecondSegment(connection) || isQuick(connection)) {',
    'if (isAtOnce) {',
  ),
  fault(
    'a full buffer hurries ACKs',
    'tcp/ack-policy',
    'return waiting > rcvMss && (keepsWindow(connection) || connection.hasAccEcn);',
    'return waiting > rcvMss;',
  ),
  fault(
    'text beyond the window is taken behind unread text',
    'tcp/acceptability',
    'if (connection.unreadBytes === 0) return true;',
    'return true;',
  ),
  fault(
    'text beyond the window is never taken',
    'tcp/acceptability',
    'if (connection.unreadBytes === 0) return true;',
    '',
  ),
  fault(
    'merged segments are measured as one',
    'tcp/segment-size',
    'const size = segment.mergedBytes > 0 ? segment.mergedBytes : length;',
    'const size = length;',
  ),
  fault(
    'a delayed ACK never comes',
    'tcp/ack-policy',
    '  connection.isAckDue = true;\n  if (connection.isAckCompressed) return;',
    '  if (connection.isAckCompressed) return;',
  ),
  fault(
    'answers do not make a conversation',
    'tcp/ack-policy',
    'if (sinceNs < cells[at + TimeCell.AckDelay]) connection.isPingPong = true;',
    '',
  ),
  // Opening.
  fault(
    'the scale of the peer is not applied',
    'tcp/acknowledgment',
    'const window = segment.window << connection.sndWndShift;',
    'const window = segment.window;',
  ),
  fault('a scale above 14 is taken as it is', 'tcp/handshake', 'Math.min(scale, 14)', 'scale & 7'),
  fault(
    'the window of a SYN-ACK is scaled',
    'tcp/handshake',
    'connection.sndWnd = segment.window;',
    'connection.sndWnd = segment.window << connection.sndWndShift;',
  ),
  fault(
    'reflected ECN bits are agreement',
    'tcp/ecn-negotiation',
    'const isAgreed = (flags & CLASSIC_ASK) === TcpFlag.Ece;',
    'const isAgreed = (flags & CLASSIC_ASK) !== 0;',
  ),
  fault(
    'the initial window is 9 segments',
    'tcp/controller-start',
    'let initialWindow = config.initialWindowSegments * smss;',
    'let initialWindow = (config.initialWindowSegments - 1) * smss;',
  ),
  fault(
    'a lost SYN does not shrink the initial window',
    'tcp/controller-start',
    'if (connection.synRetransmits > (inSegments ? 1 : 0)) initialWindow = smss;',
    '',
  ),
  // Acknowledgments and sending.
  fault(
    'an old segment sets the window',
    'tcp/acknowledgment',
    'if (!isNewer) return false;\n',
    '',
  ),
  fault(
    'SACK blocks of unsent data are believed',
    'tcp/sack-blocks',
    'if (!seqBefore(left, right) || seqBefore(connection.sndNxt, right)) continue;',
    'if (!seqBefore(left, right)) continue;',
  ),
  fault(
    'a retransmitted segment gives an RTT sample',
    'tcp/acknowledgment',
    'if (outcome.firstSentNs >= 0 && !outcome.hasRetransmitted) {',
    'if (outcome.firstSentNs >= 0) {',
  ),
  fault(
    'an ACK does not restart the retransmission timer',
    'tcp/acknowledgment',
    'if (isProgress && !scheduleLossProbe(connection, true)) restartRto(connection);',
    'if (isProgress && connection.scoreboard.segments === 0) restartRto(connection);',
  ),
  fault(
    'Nagle is off',
    'tcp/send-chunk',
    'return connection.hasShort && seqBefore(connection.sndUna, connection.shortEnd);',
    'return false;',
  ),
  fault(
    'TCP_NODELAY has no effect',
    'tcp/send-chunk',
    'if (connection.isNoDelay || connection.scoreboard.segments === 0) return false;',
    'if (connection.scoreboard.segments === 0) return false;',
  ),
  fault(
    'a silly window is filled at once',
    'tcp/send-chunk',
    'if (Math.min(length, smss) > room) return false;',
    'if (room <= 0) return false;',
  ),
  fault(
    'retransmissions are ECT',
    'tcp/retransmit',
    'if (connection.hasPreciseEcn) markEcnCapable(connection, frame);',
    'if (connection.hasEcn) markEcnCapable(connection, frame);',
  ),
  fault(
    'data is not ECT',
    'tcp/send-new',
    'if (connection.sendsEct && length > 0) markEcnCapable(connection, frame);',
    '',
  ),
  fault(
    'CWR is never said',
    'tcp/send-new',
    'if (connection.isCwrDue && length > 0) flags |= TcpFlag.Cwr;',
    '',
  ),
  fault(
    'a window probe carries the next number',
    'tcp/send-probe',
    'return buildAck(connection, seqAdd(connection.sndUna, -1));',
    'return buildAck(connection, connection.sndNxt);',
  ),
  // Timers.
  fault(
    'the RTO does not double',
    'tcp/loss-timeouts',
    'connection.isTlpOut = false;\n  connection.backoffs++;',
    'connection.isTlpOut = false;',
  ),
  fault(
    'a lonely segment is probed without waiting for a delayed ACK',
    'tcp/retransmit-timer',
    'scoreboard.segments === 1 ? PROBE_DELAYED_ACK_NS : TIMER_SLACK_NS',
    'TIMER_SLACK_NS',
  ),
  fault(
    'keep-alive probes go on for ever',
    'tcp/timers',
    ': connection.keepAliveSent >= connection.keepAliveProbesMax;',
    ': false;',
  ),
  fault(
    'the user timeout has no effect',
    'tcp/timers',
    'return connection.context.clock.nowNs - stalledSinceNs >= userTimeoutNs;',
    'return false;',
  ),
  // Recovery.
  fault(
    'RACK has no reordering window',
    'tcp/rack',
    'return Math.max(0, Math.min(windowNs, rtt.smoothedNs));',
    'return 0 * windowNs * rtt.smoothedNs;',
  ),
  fault(
    'RACK always waits',
    'tcp/rack',
    'if (scoreboard.sackedSegments >= connection.config.dupThresh) return 0;',
    '',
  ),
  fault(
    'two duplicate ACKs retransmit',
    'tcp/recovery',
    'scoreboard.sackedSegments >= connection.reordering;',
    'scoreboard.sackedSegments >= 2;',
  ),
  fault(
    'a window update counts as duplicate ACK',
    'tcp/acknowledgment',
    '    !isWindowUpdate &&\n    outcome.dsacks === 0 &&\n',
    '    outcome.dsacks === 0 &&\n',
  ),
  fault(
    'a partial ACK does not retransmit',
    'tcp/recovery',
    'if (!isPartial && !isThird) return;',
    'if (!isThird) return;',
  ),
  fault(
    'ECE reduces in every ACK',
    'tcp/recovery',
    'if (connection.congestionState >= CongestionState.Cwr) return;\n  const { context, controller } = connection;\n  connection.highSeq',
    'const { context, controller } = connection;\n  connection.highSeq',
  ),
  fault(
    'a timestamp of the original does not undo',
    'tcp/recovery',
    '((segment.tsEcr - connection.retransmitTsVal) | 0) < 0',
    'false',
  ),
  fault(
    'an idle window is kept',
    'tcp/congestion-window',
    'if (idleNs > rtoNs) connection.controller.onIdleRestart(idleNs, rtoNs);',
    '',
  ),
  fault(
    'a window that is not used grows',
    'tcp/congestion-window',
    'return controller.cwnd < controller.ssthresh && controller.cwnd < 2 * connection.flightMaxBytes;',
    'return true;',
  ),
  fault(
    'ICMP about what is not in flight is believed',
    'tcp/icmp-errors',
    'if (!isInFlight) {',
    'if (connection === undefined) {',
  ),
  // Chunks and recovery as in Linux.
  fault(
    'a chunk does not end with PSH',
    'tcp/send-chunk',
    'connection.isChunkMarked || length > connection.smss;',
    'connection.isChunkMarked;',
  ),
  fault(
    'a chunk takes the whole window',
    'tcp/send-chunk',
    'const most = Math.min(left, Math.max(1, window >> 1));',
    'const most = left;',
  ),
  fault(
    'chunks go beyond the window of the peer',
    'tcp/send-chunk',
    'const needed = Math.min(length, room);',
    'const needed = length;',
  ),
  fault(
    'MSG_EOR does not end a record',
    'tcp/write-queue',
    'context.buffers.set(bufferTail, BufferFlag.EndOfRecord);',
    '',
  ),
  fault(
    'a long write is pushed only at its end',
    'tcp/write-queue',
    'return connection.unpushedBytes > connection.maxSndWnd >> 1;',
    'return connection.unpushedBytes > 1e9;',
  ),
  fault(
    'lost segments of a chunk are sent again one by one',
    'tcp/send-chunk',
    'connection.isResendPushed = count > 1;',
    'connection.isResendPushed = false;',
  ),
  fault(
    'a SACK of a part counts for the segment',
    'tcp/scoreboard',
    '!seqBefore(table.seq(row), blockLeft) && !seqBefore(blockRight, table.end(row));',
    '!seqBefore(blockRight, table.end(row));',
  ),
  fault(
    'SACKs of overtaken ACKs are thrown away',
    'tcp/acknowledgment',
    'if (!segment.hasSack || !connection.hasSack) return;',
    'return;',
  ),
  fault(
    'a D-SACK after recovery undoes nothing',
    'tcp/recovery',
    'if (congestionState <= CongestionState.Disorder) undoByDsack(connection);',
    '',
  ),
  fault(
    'a probe is a retransmission in flight',
    'tcp/scoreboard',
    'if ((flags & SegmentFlag.Lost) === 0) return;\n    words[at + SegmentWord.Flags] |= SegmentFlag.Retransmitted;',
    'words[at + SegmentWord.Flags] |= SegmentFlag.Retransmitted;',
  ),
  fault(
    'reneging is taken for loss at once',
    'tcp/recovery',
    'if (connection.context.outcome.advances && isReneging(connection)) {',
    'if (connection.isPeerDone && isReneging(connection)) {',
  ),
  fault(
    'CWR is said for ECN alone',
    'tcp/congestion-window',
    'if (connection.hasEcn && !connection.hasAccEcn) connection.isCwrDue = true;',
    '',
  ),
  fault(
    'F-RTO sends no new data first',
    'tcp/recovery',
    'connection.frtoStep = hasNew ? 2 : 0;',
    'connection.frtoStep = 0;',
  ),
  // Accurate ECN.
  fault(
    'ECT(0) and ECT(1) on a SYN are told the wrong way round',
    'tcp/accurate-ecn',
    'return 0b011 << ACE_SHIFT;',
    'return 0b100 << ACE_SHIFT;',
  ),
  fault(
    'the counter of CE packets begins at zero',
    'tcp/accurate-ecn',
    'const CE_PACKETS_FIRST = 5;',
    'const CE_PACKETS_FIRST = 0;',
  ),
  fault(
    'the ACE field counts one mark too little',
    'tcp/accurate-ecn',
    'return (state.cePackets & ACE_MASK) << ACE_SHIFT;',
    'return ((state.cePackets - (state.isLastMarked ? 1 : 0)) & ACE_MASK) << ACE_SHIFT;',
  ),
  fault(
    'a change of marking waits for the delayed ACK',
    'tcp/accurate-ecn',
    'const isChange = length > 0 && !state.isLastMarked;',
    'const isChange = false;',
  ),
  fault(
    'marks on ACKs are not counted',
    'tcp/accurate-ecn',
    'const isMarked = ecn === EcnCodepoint.Ce;',
    'const isMarked = ecn === EcnCodepoint.Ce && length > 0;',
  ),
  fault(
    'a SYN-ACK that reflects the SYN agrees to AccECN',
    'tcp/ecn-negotiation',
    'connection.hasEcn = flags !== 0 && flags !== ACE_FLAGS;',
    'connection.hasEcn = flags !== 0;',
  ),
  fault(
    'a SYN-ACK asks for AccECN for ever',
    'tcp/ecn-negotiation',
    'const ACCURATE_TRIES = 2;',
    'const ACCURATE_TRIES = 20;',
  ),
  fault(
    'two kinds of SYN in one handshake are not told apart',
    'tcp/ecn-negotiation',
    'if (flags === CLASSIC_ASK) return false;',
    '',
  ),
  fault(
    'ACE zero at the end of the handshake is taken for a counter',
    'tcp/accurate-ecn-feedback',
    'if (ace === 0) {',
    'if (ace > 7) {',
  ),
  fault(
    'mangling of the handshake goes unnoticed',
    'tcp/accurate-ecn',
    'return arrived !== sent;',
    'return false;',
  ),
  fault(
    'a wrap of the ACE field is never assumed',
    'tcp/accurate-ecn-feedback',
    'return state.ackedSegments64 > HABITUAL_SEGMENTS_64 ? least : safer;',
    'return least;',
  ),
  fault(
    'the option says nothing against a wrap',
    'tcp/accurate-ecn-feedback',
    'return ceBytes <= smss * least && 2 * ceBytes < smss * safer ? least : safer;',
    'return safer;',
  ),
  fault(
    'feedback of an ACK that was overtaken counts',
    'tcp/accurate-ecn-feedback',
    'return isLater || delivered > 0 || outcome.advances;',
    'return true;',
  ),
  fault(
    'the option takes the room of the second SACK block',
    'tcp/frame-builder',
    'const SACK_BLOCKS_FIRST = 2;',
    'const SACK_BLOCKS_FIRST = 1;',
  ),
  fault(
    'a cut option hides what has changed',
    'tcp/accurate-ecn-option',
    'return fieldsFor(state.changedLately, order1);',
    'return order1 ? 1 : 1;',
  ),
  fault(
    'counters of zero are believed',
    'tcp/accurate-ecn-feedback',
    'if (segment.accEcnCounter(pool, field) === 0) state.peerOption = PeerOption.Ignored;',
    '',
  ),
];
