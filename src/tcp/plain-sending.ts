/**
 * What makes sending plain: nothing but new text waits, and it has nothing to say besides. tcp/sender and tcp/send-new then
 * go straight through, and come to what they would come to by asking one thing after the other. Hot.
 */
import type { Bytes } from '../base/units.ts';
import { NO_PIECE } from './byte-queue.ts';
import { CongestionState, ProbeKind, type TcpConnection } from './connection.ts';
import { FLAGS } from './connection-flags.ts';
import { flagMask } from './packed-fields.ts';
import { NO_ROW } from './segment-table.ts';
import { PushMode } from './send-buffers.ts';
import { TcpState } from './state.ts';

/** What a segment may have to say besides its text, or where a FIN may be behind it. */
const SPECIAL = flagMask(FLAGS, [
  'hasAccEcn',
  'isEceDue',
  'isCwrDue',
  'sendsEct',
  'isCorkOver',
  'isWriteShut',
]);

/** A chunk of new data is going out, and nothing else comes first: what was asked when it began needs no answer again. */
export function isWithinChunk(connection: TcpConnection): boolean {
  return (
    connection.chunkBytes > 0 &&
    connection.state === TcpState.Established &&
    connection.probeDue === ProbeKind.None &&
    connection.scoreboard.lost.head === NO_ROW &&
    connection.frtoStep !== 2
  );
}

/** Text that lies in buffers, in a connection where nothing is missing: transmitData would come to startChunk. */
export function hasOnlyNewData(connection: TcpConnection): boolean {
  const { bufferedBytes } = connection;
  return (
    bufferedBytes > 0 &&
    connection.state === TcpState.Established &&
    connection.congestionState === CongestionState.Open &&
    connection.probeDue === ProbeKind.None &&
    connection.scoreboard.lost.head === NO_ROW &&
    connection.frtoStep === 0 &&
    connection.fillBytes === 0 &&
    connection.pushMode === PushMode.Usual &&
    connection.pacer === undefined &&
    connection.mtuSearch === undefined &&
    !connection.isWriteShut &&
    bufferedBytes === connection.unsentBytes
  );
}

/** The next `length` bytes are text in one piece that goes without FIN, marks, echoes, SACK blocks or options of AccECN. */
export function isTextAlone(connection: TcpConnection, length: Bytes): boolean {
  const { context, sendPiece, sendSkip } = connection;
  return (
    (connection.flagsLow & SPECIAL) === 0 &&
    (connection.reassembly === undefined || !connection.reassembly.hasBlocks) &&
    sendPiece !== NO_PIECE &&
    connection.scoreboard !== context.idleScoreboard &&
    sendSkip + length <= context.pieces.length(sendPiece)
  );
}
