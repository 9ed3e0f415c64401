/**
 * The AccECN option of segments we send: RFC 9768 §3.2.3. When it goes along (§3.2.3.3): on the SYN-ACK, on the ACK of
 * it and with the first data (§3.2.3.2.1), then with every ACK after a byte counter has changed, and once more. What
 * it holds, by configuration: `Efficient` the shortest option that holds every counter that ever changed, in whichever
 * order is shorter. Those of Linux hold three counters in order 1, and go only while the peer's options arrive:
 * `Sparing` at least three times a round trip, `Full` with every segment. It gives way to two SACK blocks, and is left
 * out rather than cut below what has changed.
 * Hot, for connections in AccECN mode.
 */
import type { Bytes } from '../base/units.ts';
import {
  AccEcnShift,
  BuiltExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
} from '../frame/frame-record.ts';
import { ACC_ECN_FIELD_BYTES } from '../wire/tcp-options.ts';
import {
  type AccurateEcn,
  accurateEcn,
  ByteCounter,
  PeerOption,
  REPEATS_MAX,
} from './accurate-ecn.ts';
import { AccEcnOption } from './config.ts';
import type { TcpConnection } from './connection.ts';
import type { TcpContext } from './context.ts';

const FIELDS_MAX = 3;
/** Of the `Sparing` option: without news, still this often. */
const BEACONS_PER_ROUND = 3;
const COUNTER_MASK = 0xffffff;

/** Its length on the wire, padded to a word. */
export function accEcnBytes(fields: number): Bytes {
  return (2 + fields * ACC_ECN_FIELD_BYTES + 3) & ~3;
}

/** What the next data segment has to leave free for it. */
export function reservedForAccEcn(connection: TcpConnection): Bytes {
  const state = accurateEcn(connection);
  if (!state.isFirstDataDue && !isOptionDue(connection, state)) return 0;
  if (isOptionUnwanted(connection, state)) return 0;
  return accEcnBytes(wantedFields(connection, state));
}

/**
 * Adds the option to a segment without SYN, where it is due and `room` allows: what the header has left when two SACK
 * blocks have theirs. Gives the bytes taken.
 */
export function addAccEcnOption(
  connection: TcpConnection,
  frame: FrameId,
  length: Bytes,
  room: Bytes,
): Bytes {
  const state = accurateEcn(connection);
  state.marksSinceAck = 0;
  const isFirst = state.isFirstDataDue && length > 0;
  if (isFirst) state.isFirstDataDue = false;
  if (!isFirst && !isOptionDue(connection, state)) return 0;
  if (isOptionUnwanted(connection, state)) return 0;
  let fields = wantedFields(connection, state);
  const needed = neededFields(state, isOrder1(connection, state));
  while (fields > needed && accEcnBytes(fields) > room) fields--;
  if (accEcnBytes(fields) > room) return 0;
  if (state.optionsDue > 0) state.optionsDue--;
  state.changedLately = 0;
  state.isInChunk = connection.chunkBytes > length;
  state.optionSentNs = connection.context.clock.nowNs;
  return writeOption(connection.context, frame, state, isOrder1(connection, state), fields);
}

/** The option of a SYN-ACK, as long as `room` allows. */
export function addSynAccEcnOption(
  context: TcpContext,
  frame: FrameId,
  state: AccurateEcn,
  room: Bytes,
): Bytes {
  let fields = FIELDS_MAX;
  while (fields > 0 && accEcnBytes(fields) > room) fields--;
  return accEcnBytes(fields) > room ? 0 : writeOption(context, frame, state, true, fields);
}

/** The next bare ACK carries the option whatever the counters: §3.2.3.2.1. */
export function demandAccEcnOption(state: AccurateEcn): void {
  if (state.optionsDue === 0) state.optionsDue = 1;
}

/** The last segment of a chunk has gone. */
export function endOptionChunk(connection: TcpConnection): void {
  accurateEcn(connection).isInChunk = false;
}

function isOptionUnwanted(connection: TcpConnection, state: AccurateEcn): boolean {
  const { accEcnOption } = connection.config;
  if (accEcnOption === AccEcnOption.Off || state.repeats >= REPEATS_MAX) return true;
  return accEcnOption >= AccEcnOption.Sparing && state.peerOption === PeerOption.Absent;
}

function isOptionDue(connection: TcpConnection, state: AccurateEcn): boolean {
  const { accEcnOption } = connection.config;
  if (accEcnOption === AccEcnOption.Full || state.optionsDue > 0 || state.isInChunk) return true;
  if (accEcnOption !== AccEcnOption.Sparing) return false;
  const sinceNs = connection.context.clock.nowNs - state.optionSentNs;
  return BEACONS_PER_ROUND * sinceNs >= connection.rtt.smoothedNs;
}

/** ECT(1) first: for senders of ECT(1), and where nothing says otherwise. */
function isOrder1(connection: TcpConnection, state: AccurateEcn): boolean {
  if (connection.config.accEcnOption >= AccEcnOption.Sparing) return true;
  const { changedEver } = state;
  return (changedEver & ByteCounter.Ect1) !== 0 || (changedEver & ByteCounter.Ect0) === 0;
}

function wantedFields(connection: TcpConnection, state: AccurateEcn): number {
  const { changedEver } = state;
  // At first all of them show that none is cleared on the way.
  const isLinux = connection.config.accEcnOption >= AccEcnOption.Sparing;
  if (isLinux || changedEver === 0) return FIELDS_MAX;
  return fieldsFor(changedEver, isOrder1(connection, state));
}

/** Fewer would hide what has changed since the last option. */
function neededFields(state: AccurateEcn, order1: boolean): number {
  return fieldsFor(state.changedLately, order1);
}

function fieldsFor(counters: number, order1: boolean): number {
  const last = order1 ? ByteCounter.Ect0 : ByteCounter.Ect1;
  if ((counters & last) !== 0) return 3;
  if ((counters & ByteCounter.Ce) !== 0) return 2;
  return counters === 0 ? 0 : 1;
}

function writeOption(
  context: TcpContext,
  frame: FrameId,
  state: AccurateEcn,
  order1: boolean,
  fields: number,
): Bytes {
  const { pool } = context;
  const at = frame << FRAME_SHIFT;
  const extra = pool.extraWords;
  const { ect0Bytes, ect1Bytes } = state;
  extra[at + BuiltExtra.AccEcnFirst] = (order1 ? ect1Bytes : ect0Bytes) & COUNTER_MASK;
  extra[at + BuiltExtra.AccEcnSecond] = state.ceBytes & COUNTER_MASK;
  if (fields === FIELDS_MAX) {
    extra[at + BuiltExtra.AccEcnThird] = (order1 ? ect0Bytes : ect1Bytes) & COUNTER_MASK;
  }
  extra[at + BuiltExtra.SackCount] =
    (1 << AccEcnShift.Present) |
    ((order1 ? 1 : 0) << AccEcnShift.Order) |
    (fields << AccEcnShift.Fields);
  pool.words[at + FrameWord.Meta] |= MetaBit.HasSack;
  const bytes = accEcnBytes(fields);
  pool.words[at + FrameWord.WireLength] += bytes;
  return bytes;
}
