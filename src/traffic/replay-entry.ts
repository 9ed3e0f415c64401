/**
 * Where a captured packet becomes a frame of the run: it is told apart from its copies, assigned to a flow
 * and a side, split when it is a super-segment longer than the MTU, and handed to the path. Bytes stay
 * where the file was read to. Hot: no allocation per packet.
 */

import { FLOW_WORDS, FlowWord, SIDE_WORDS, SideWord } from '../analysis/flow-record.ts';
import type { FlowTable } from '../analysis/flow-table.ts';
import type { Bytes } from '../base/units.ts';
import { DropReason } from '../engine/drop-reason.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  NO_FRAME,
} from '../frame/frame-record.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import type { Network } from '../net/network.ts';
import { fillCapturedFields } from '../wire/captured-frame.ts';
import { LinkLayer } from '../wire/link-layer.ts';
import { DissectStatus } from '../wire/packet-columns.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { CapturePlaces, mayHaveCopies } from './capture-places.ts';
import { CopyDetector } from './copy-detector.ts';
import { MacSides } from './mac-sides.ts';
import { Ground, type PathSides } from './path-sides.ts';
import type { ReplayInput } from './replay-input.ts';
import { PathDirection, type ReplayLedger } from './replay-ledger.ts';
import type { ReplayPieces } from './replay-pieces.ts';
import type { PacketEntry } from './replay-source.ts';

/** What was met on the way in. */
export interface EntryCounts {
  /** Frames handed to the path or refused for lack of room. */
  enteredFrames: number;
  copies: number;
  notCrossing: number;
  superSegments: number;
  pieces: number;
  /** Longer than the MTU, but no TCP segments: they enter whole. */
  oversized: number;
  truncatedPackets: number;
  malformed: number;
  unsupportedLinkType: number;
}

/** Ends of the path by PathDirection, and the longest network-layer packet each takes. */
export interface PathEntrances {
  readonly sinks: readonly [FrameSink, FrameSink];
  readonly mtuBytes: readonly [Bytes, Bytes];
}

export class ReplayEntry implements PacketEntry {
  readonly captureNs: Float64Array;
  readonly counts: EntryCounts = {
    enteredFrames: 0,
    copies: 0,
    notCrossing: 0,
    superSegments: 0,
    pieces: 0,
    oversized: 0,
    truncatedPackets: 0,
    malformed: 0,
    unsupportedLinkType: 0,
  };
  readonly #network: Network;
  readonly #flows: FlowTable;
  readonly #sides: PathSides;
  readonly #ledger: ReplayLedger;
  readonly #path: PathEntrances;
  readonly #pieces: ReplayPieces;
  readonly #copies = new CopyDetector();
  readonly #places = new CapturePlaces();
  readonly #macs = new MacSides();

  constructor(
    network: Network,
    parts: { flows: FlowTable; sides: PathSides; ledger: ReplayLedger; pieces: ReplayPieces },
    path: PathEntrances,
  ) {
    this.#network = network;
    this.#flows = parts.flows;
    this.captureNs = parts.flows.timeNs;
    this.#sides = parts.sides;
    this.#ledger = parts.ledger;
    this.#pieces = parts.pieces;
    this.#path = path;
  }

  enter(input: ReplayInput, row: number): void {
    const counts = this.counts;
    if (input.linkLayerOf(row) === LinkLayer.Unsupported) {
      counts.unsupportedLinkType++;
      return;
    }
    if (this.#isCopy(input, row)) {
      counts.copies++;
      return;
    }
    const line = this.#lineOf(input, row);
    if (line < 0) {
      counts.notCrossing++;
      return;
    }
    const rows = input.rows;
    if (rows.capturedLength[row] < rows.originalLength[row]) counts.truncatedPackets++;
    const status = input.columns.status[row];
    if (status === DissectStatus.Malformed) counts.malformed++;
    const mtu = this.#path.mtuBytes[line & 1];
    if (rows.originalLength[row] - input.columns.networkOffset[row] <= mtu) {
      this.#enterWhole(input, row, line);
    } else {
      this.#enterLong(input, row, line, mtu);
    }
  }

  /** Flow << 1 | direction; -1 when the packet does not cross the path. */
  #lineOf(input: ReplayInput, row: number): number {
    const columns = input.columns;
    const located = this.#flows.add(columns, row);
    const flow = located >> 1;
    const isKnown = this.#sides.isKnown(flow);
    if (!isKnown || (columns.tcpFlags[row] & TcpFlag.Syn) !== 0) this.#sides.decide(flow);
    if (!isKnown) this.#ledger.ensureFlows(this.#flows.count);
    if (columns.ipVersion[row] === 0) {
      return (flow << 1) | this.#macs.directionOf(input, row);
    }
    if (this.#sides.groundOf(flow) === Ground.NotCrossing) return -1;
    const direction = this.#sides.directionOf(flow, located & 1);
    if (!isKnown) this.#macs.learn(input, row, direction);
    return (flow << 1) | direction;
  }

  #isCopy(input: ReplayInput, row: number): boolean {
    const columns = input.columns;
    if (columns.ipVersion[row] === 0 || !mayHaveCopies(input, row)) return false;
    const place = this.#places.placeOf(input, row);
    const start = input.rows.offset[row] + columns.networkOffset[row];
    const end = input.rows.offset[row] + input.rows.capturedLength[row];
    this.#copies.nowNs[0] = this.captureNs[0];
    return this.#copies.isCopy(input.view, start, end, columns.ipVersion[row], place);
  }

  #enterWhole(input: ReplayInput, row: number, line: number): void {
    const frame = input.isOverflow ? NO_FRAME : this.#network.pool.allocate();
    if (frame === NO_FRAME) {
      this.#refuse(line, input.columns.wireLength[row], input.isOverflow);
      return;
    }
    const { pool } = this.#network;
    const rows = input.rows;
    const flow = (line >> 1) * FLOW_WORDS;
    const sender = (line & 1) ^ this.#sides.clientSide(line >> 1);
    const source = this.#flows.words[flow + FlowWord.Address0 + sender];
    const destination = this.#flows.words[flow + FlowWord.Address0 + 1 - sender];
    fillCapturedFields(pool, frame, input.columns, row, source, destination);
    const at = frame << FRAME_SHIFT;
    const offset = rows.offset[row];
    pool.words[at + FrameWord.Payload] = offset;
    pool.payloads.retain(offset);
    pool.extraWords[at + CapturedExtra.CapturedLength] = rows.capturedLength[row];
    pool.extraWords[at + CapturedExtra.OriginalLength] = rows.originalLength[row];
    pool.extraWords[at + CapturedExtra.LinkLayer] = input.linkLayerOf(row);
    pool.extraWords[at + CapturedExtra.NetworkOffset] = input.columns.networkOffset[row];
    this.#hand(frame, line);
  }

  /** A packet longer than the MTU: TCP is split as the sender's interface would have done it. */
  #enterLong(input: ReplayInput, row: number, line: number, mtu: Bytes): void {
    const columns = input.columns;
    const pieces = input.isOverflow
      ? 1
      : this.#pieces.open(input, row, line & 1, this.#mssFor(line));
    if (pieces <= 1) {
      if (columns.ipVersion[row] !== 0) this.counts.oversized++;
      this.#enterWhole(input, row, line);
      return;
    }
    this.counts.superSegments++;
    for (let piece = 0; piece < pieces; piece++) {
      const frame = this.#pieces.take(piece);
      this.counts.pieces++;
      if (frame === NO_FRAME) this.#refuse(line, mtu, this.#pieces.isArenaFull);
      else this.#hand(frame, line);
    }
  }

  /** Longest segment the receiver of the line has allowed; -1 when its SYN was not seen. */
  #mssFor(line: number): number {
    const flow = line >> 1;
    const clientSide = this.#sides.clientSide(flow);
    const receiver = (line & 1) === PathDirection.ToServer ? 1 - clientSide : clientSide;
    const side = flow * FLOW_WORDS + FlowWord.Sides + receiver * SIDE_WORDS;
    return this.#flows.words[side + SideWord.Mss];
  }

  #hand(frame: FrameId, line: number): void {
    this.counts.enteredFrames++;
    this.#ledger.onEnter(frame, line);
    this.#path.sinks[line & 1].deliver(frame);
  }

  #refuse(line: number, wireLength: Bytes, isArenaFull: boolean): void {
    this.counts.enteredFrames++;
    const reason = isArenaFull ? DropReason.PayloadArenaFull : DropReason.FramePoolEmpty;
    this.#ledger.onRefuse(line, wireLength, reason);
  }
}
