/**
 * The times of a connection, in cells of a column that its context owns: a double in a field of its own takes 24
 * bytes, in a cell 8. The accessors are defined by tcp/packed-fields.
 */
import { NO_TIME } from '../base/units.ts';
import { RTT_CELLS } from '../recovery/rtt.ts';
import type { TcpConnection } from './connection.ts';

/**
 * Cells of the times that hot code reads and writes: `context.cells[connection.cellsAt + TimeCell.LastSent] = …`. There, a
 * double through an accessor that is not inlined would go through the heap.
 */
export const enum TimeCell {
  TsRecent = 0,
  LastDataReceived = 1,
  RackSent = 2,
  LastSent = 3,
  LastReceived = 4,
  AckDelay = 5,
  RcvRtt = 6,
  RoundStart = 7,
  RackRtt = 8,
  StalledSince = 9,
  RateInterval = 10,
  /** Bytes: no time, but a double as well. */
  RateDelivered = 11,
}

/** Times that change during a connection, and what they are at first. The first ones are in order of TimeCell. */
export const TIMES: readonly (readonly [keyof TcpConnection, number])[] = [
  ['tsRecentNs', 0],
  ['lastDataReceivedNs', NO_TIME],
  ['rackSentNs', NO_TIME],
  ['lastSentNs', NO_TIME],
  ['lastReceivedNs', 0],
  ['ackDelayNs', 0],
  ['rcvRttNs', 0],
  ['roundStartNs', 0],
  ['rackRttNs', 0],
  ['stalledSinceNs', NO_TIME],
  ['rateIntervalNs', 0],
  ['rateDelivered', 0],
  ['lastChallengeNs', NO_TIME],
  ['rcvRttStartNs', NO_TIME],
  ['busySinceNs', 0],
  ['busyNs', 0],
  ['receiverLimitedNs', 0],
  ['bufferLimitedNs', 0],
];
export const FIRST_TIMES = Float64Array.from(TIMES, ([, first]) => first);
/** Cells of the context that a connection takes. */
export const CONNECTION_CELLS = TIMES.length + RTT_CELLS;
/** Where those of its RTT begin. */
export const FIRST_RTT_CELL = TIMES.length;
