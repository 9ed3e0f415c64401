/**
 * The booleans of a connection that are bits of two words, in their order: tcp/packed-fields defines the accessors.
 * What each means stands in tcp/connection.
 */
export const FLAGS: readonly string[] = [
  'isIpv6',
  'isInAcceptQueue',
  'leftForTimeWait',
  'isRcvBufferFixed',
  'isSndBufferFixed',
  'hasTimestamps',
  'hasSack',
  'hasWindowScaling',
  'hasEcn',
  'hasAccEcn',
  'sendsEct',
  'marksControl',
  'hasPreciseEcn',
  'sendsEct1',
  'hasTsRecent',
  'isWriteBlocked',
  'isWriteShut',
  'isFinSent',
  'isOrphan',
  'hasPeerFin',
  'isPeerDone',
  'isPingPong',
  'isEceDue',
  'isCwrDue',
  'isNoDelay',
  'isCorked',
  'isCorkOver',
  'hasMore',
  'usesKeepAlive',
  'isSynDue',
  'isFastOpen',
  'maySendSynData',
  'isSynDataTaken',
  'requestsEcn',
  'hasRackDsackRound',
  'isReorderingSeen',
  'isRackAdvanced',
  'isTlpOut',
  'isTlpRetransmission',
  'hasUndo',
  'hasRetransmitTsVal',
  'isCwndLimited',
  'hasShort',
  'isPushing',
  'isChunkPushed',
  'isChunkMarked',
  'isResendPushed',
  'isHeldByWindow',
  'hasSeenEct',
  'isControllerDue',
  'tellsSoftErrors',
  'hasQueuedError',
  'isReadShut',
  'isResendHeld',
  'ignoresPathMtu',
];

/**
 * Bits of what is noted about acknowledging, `connection.ackNotes`: hot code reads and clears them together. Their
 * accessors are named below, in the order of the bits.
 */
export const enum AckNote {
  Due = 1 << 0,
  Delayed = 1 << 1,
  Scheduled = 1 << 2,
  Compressed = 1 << 3,
  TextPushed = 1 << 4,
  TextPushedTwice = 1 << 5,
}

export const ACK_NOTES: readonly string[] = [
  'isAckDue',
  'isAckDelayed',
  'isAckScheduled',
  'isAckCompressed',
  'isTextPushed',
  'isTextPushedTwice',
];
