/** Why a frame ended before its destination. Every drop has a reason, and every reason is counted. */
export const enum DropReason {
  /** The limit of a queue. */
  QueueFull = 0,
  /** A loss process of the link. */
  RandomLoss = 1,
  /** The link was down. */
  LinkDown = 2,
  /** Longer than the link's MTU and not to be split. */
  MtuExceeded = 3,
  /** The frame pool was empty. */
  FramePoolEmpty = 4,
  /** The payload arena had no free chunk. */
  PayloadArenaFull = 5,
  /** Bytes that no header could be read from. */
  Malformed = 6,
  /** No link leads to its destination. */
  NoRoute = 7,
  /** A checksum is wrong, or it is for somebody else: the host that got it does not take it. */
  Refused = 8,
  /** A router took the last hop from its TTL or hop limit. */
  TtlExpired = 9,
  /** Active queue management, before the queue was full (RFC 7567). */
  Aqm = 10,
  /** More than a policer lets through. */
  Policed = 11,
  /** Of a lossless priority, beyond the headroom of its ingress (IEEE 802.1Qbb). */
  HeadroomFull = 12,
}

/** Names as results print them, by DropReason. */
export const DROP_REASON_NAMES = [
  'queueFull',
  'randomLoss',
  'linkDown',
  'mtuExceeded',
  'framePoolEmpty',
  'payloadArenaFull',
  'malformed',
  'noRoute',
  'refused',
  'ttlExpired',
  'aqm',
  'policed',
  'headroomFull',
] as const;

export const DROP_REASON_COUNT = DROP_REASON_NAMES.length;
