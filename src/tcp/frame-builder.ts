/**
 * Frames of the segments we send: RFC 9293 §3.1 in the words of a frame's record, with the timestamps of
 * RFC 7323, the SACK blocks of RFC 2018 and 2883, the ECN bits of RFC 3168. Bytes are made from them later, by
 * wire/encode, if anybody looks. A frame pool that is empty gives NO_FRAME, which is counted.
 * Hot: no allocation per segment.
 */
import { type SeqNumber, seqAdd, seqFromWire } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';
import {
  BuiltExtra,
  FastOpenForm,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  MetaBit,
  MetaShift,
  NO_FRAME,
  NO_PAYLOAD,
  swapPorts,
} from '../frame/frame-record.ts';
import { IpProtocol } from '../wire/ipv4.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { accurateEcn, aceFlags } from './accurate-ecn.ts';
import { addAccEcnOption } from './accurate-ecn-option.ts';
import { onAckSent } from './ack-policy.ts';
import { type ArrivedSegment, EcnCodepoint } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import type { TcpContext } from './context.ts';
import { TcpCounter } from './counters.ts';
import type { Reassembly } from './reassembly.ts';
import { takeWindowField } from './receive-window.ts';
import { TIMESTAMPS_BYTES, timestampNow } from './timestamps.ts';

export const ETHERNET_BYTES = 14;
const SACK_HEADER_BYTES = 4;
const SACK_BLOCK_BYTES = 8;
const OPTION_BYTES_MAX = 40;
/** RFC 9768 §3.2.3.3: so many come before the AccECN option. */
const SACK_BLOCKS_FIRST = 2;

/** IP and TCP headers without options. */
export function headerBytes(isIpv6: boolean): Bytes {
  return isIpv6 ? 60 : 40;
}

/** A frame of ours, counted; NO_FRAME when there is none. */
function allocateFrame(context: TcpContext): FrameId {
  const frame = context.pool.allocate();
  context.count(frame === NO_FRAME ? TcpCounter.FramePoolEmpty : TcpCounter.OutSegs);
  return frame;
}

/** All that frames of TCP have in this word. */
function metaOf(isIpv6: boolean, ttl: number): number {
  const meta = (IpProtocol.Tcp << MetaShift.Protocol) | (ttl << MetaShift.Ttl);
  return isIpv6 ? meta | MetaBit.Ipv6 : meta;
}

/**
 * A segment of a connection with its acknowledgment, window and options. `length` payload bytes lie at
 * `payload` in the arena (the frame takes a reference of its own) or are zeros.
 */
export function buildSegment(
  connection: TcpConnection,
  seq: SeqNumber,
  flags: number,
  length: Bytes,
  payload: number,
): FrameId {
  const { context, isIpv6 } = connection;
  const { pool } = context;
  const frame = allocateFrame(context);
  if (frame === NO_FRAME) return NO_FRAME;
  const { words } = pool;
  const at = frame << FRAME_SHIFT;
  words[at + FrameWord.Src] = connection.localAddress;
  words[at + FrameWord.Dst] = connection.remoteAddress;
  words[at + FrameWord.Ports] = connection.ports;
  words[at + FrameWord.Seq] = seq;
  words[at + FrameWord.Ack] = (flags & TcpFlag.Ack) !== 0 ? connection.rcvNxt : 0;
  words[at + FrameWord.FlagsWindow] = (flags << 16) | takeWindowField(connection, flags);
  words[at + FrameWord.Identification] = isIpv6 ? 0 : context.nextIdentification();
  words[at + FrameWord.PayloadLength] = length;
  const { trafficClass, ttl } = connection.settings;
  let meta = metaOf(isIpv6, ttl) | (trafficClass << MetaShift.TrafficClass);
  let wireLength = ETHERNET_BYTES + headerBytes(isIpv6) + length;
  if (connection.hasTimestamps) {
    // RFC 7323 §3.2.
    words[at + FrameWord.TsVal] = timestampNow(connection);
    words[at + FrameWord.TsEcr] = connection.tsRecent;
    meta |= MetaBit.HasTimestamps;
    wireLength += TIMESTAMPS_BYTES;
  } else {
    words[at + FrameWord.TsVal] = 0;
    words[at + FrameWord.TsEcr] = 0;
  }
  words[at + FrameWord.Meta] = meta;
  words[at + FrameWord.WireLength] = wireLength;
  if (payload !== NO_PAYLOAD) {
    pool.payloads.retain(payload);
    words[at + FrameWord.Payload] = payload;
  }
  if (connection.hasAccEcn || connection.reassembly !== undefined) {
    addAckOptions(connection, frame, flags, length);
  }
  connection.segmentsOut++;
  if ((flags & TcpFlag.Ack) !== 0) onAckSent(connection);
  return frame;
}

/** What says more of what has arrived: SACK blocks, AccECN. */
function addAckOptions(
  connection: TcpConnection,
  frame: FrameId,
  flags: number,
  length: Bytes,
): void {
  const { reassembly } = connection;
  const wantsSack = connection.hasSack && (flags & TcpFlag.Syn) === 0;
  const blocks = wantsSack && reassembly?.hasBlocks ? reassembly : undefined;
  let optionBytes = 0;
  if (connection.hasAccEcn && (flags & TcpFlag.Syn) === 0) {
    optionBytes = addAccurateEcn(connection, blocks, frame, flags, length);
  }
  if (blocks !== undefined) {
    addSackBlocks(connection, blocks, frame << FRAME_SHIFT, length, optionBytes);
  }
}

/** A segment without text, of this sequence number. */
export function buildAck(connection: TcpConnection, seq: SeqNumber): FrameId {
  return buildSegment(connection, seq, TcpFlag.Ack | ecnEcho(connection), 0, NO_PAYLOAD);
}

/** RFC 3168 §6.1.3. */
export function ecnEcho(connection: TcpConnection): number {
  return connection.isEceDue ? TcpFlag.Ece : 0;
}

/** In AccECN mode: the ACE field, the option, ECT. Gives the bytes of the option. */
function addAccurateEcn(
  connection: TcpConnection,
  reassembly: Reassembly | undefined,
  frame: FrameId,
  flags: number,
  length: Bytes,
): Bytes {
  const { words } = connection.context.pool;
  const at = frame << FRAME_SHIFT;
  const isBareAck = length === 0 && reassembly === undefined && (flags & ~TcpFlag.Ack) === 0;
  words[at + FrameWord.FlagsWindow] |= aceFlags(accurateEcn(connection), isBareAck) << 16;
  if ((flags & TcpFlag.Rst) !== 0) return 0;
  if (connection.marksControl && connection.sendsEct) markEcnCapable(connection, frame);
  const timestampBytes = connection.hasTimestamps ? TIMESTAMPS_BYTES : 0;
  let room = OPTION_BYTES_MAX - timestampBytes;
  if (length > 0) room = Math.min(room, connection.smss - length);
  if (reassembly !== undefined) {
    const blocks = Math.min(SACK_BLOCKS_FIRST, reassembly.blockCount);
    room -= SACK_HEADER_BYTES + SACK_BLOCK_BYTES * blocks;
  }
  return addAccEcnOption(connection, frame, length, room);
}

/** What the SACK option of a segment takes now; a segment with text has so much less of it: RFC 6691 §2. */
export function sackBytes({ reassembly, hasSack, hasTimestamps }: TcpConnection): Bytes {
  if (!hasSack || reassembly === undefined || !reassembly.hasBlocks) return 0;
  const room = OPTION_BYTES_MAX - (hasTimestamps ? TIMESTAMPS_BYTES : 0);
  const most = Math.floor((room - SACK_HEADER_BYTES) / SACK_BLOCK_BYTES);
  return SACK_HEADER_BYTES + SACK_BLOCK_BYTES * Math.min(reassembly.blockCount, most);
}

/** As many blocks as fit: a duplicate first (RFC 2883 §4), then the newest (RFC 2018 §4). */
function addSackBlocks(
  connection: TcpConnection,
  reassembly: Reassembly,
  at: number,
  length: Bytes,
  accEcnOptionBytes: Bytes,
): void {
  const { pool } = connection.context;
  const extra = pool.extraWords;
  const optionBytes = accEcnOptionBytes + (connection.hasTimestamps ? TIMESTAMPS_BYTES : 0);
  const room = Math.min(
    OPTION_BYTES_MAX - optionBytes,
    connection.smss - length - accEcnOptionBytes,
  );
  const most = length === 0 ? OPTION_BYTES_MAX - optionBytes : room;
  const max = Math.floor((most - SACK_HEADER_BYTES) / SACK_BLOCK_BYTES);
  if (max < 1) return;
  const count = reassembly.writeSackBlocks(extra, at + BuiltExtra.SackLeft, max);
  if (accEcnOptionBytes > 0) extra[at + BuiltExtra.SackCount] |= count;
  else extra[at + BuiltExtra.SackCount] = count;
  pool.words[at + FrameWord.Meta] |= MetaBit.HasSack;
  pool.words[at + FrameWord.WireLength] += SACK_HEADER_BYTES + SACK_BLOCK_BYTES * count;
}

/** ECN field of a frame just built. */
export function markEcnCapable(connection: TcpConnection, frame: FrameId): void {
  const codepoint = connection.sendsEct1 ? EcnCodepoint.Ect1 : EcnCodepoint.Ect0;
  connection.context.pool.words[(frame << FRAME_SHIFT) + FrameWord.Meta] |=
    codepoint << MetaShift.TrafficClass;
}

/** Writes the options of a SYN. Timestamps are there already. */
export function setSynOptions(
  context: TcpContext,
  frame: FrameId,
  mss: number,
  windowScale: number,
  isSackPermitted: boolean,
): void {
  const { pool } = context;
  const at = frame << FRAME_SHIFT;
  const extra = pool.extraWords;
  extra[at + BuiltExtra.Mss] = mss;
  extra[at + BuiltExtra.WindowScale] = windowScale;
  extra[at + BuiltExtra.IsSackPermitted] = isSackPermitted ? 1 : 0;
  extra[at + BuiltExtra.FastOpen] = FastOpenForm.Absent;
  const hasTimestamps = (pool.words[at + FrameWord.Meta] & MetaBit.HasTimestamps) !== 0;
  let optionBytes = 4;
  if (windowScale >= 0) optionBytes += 4;
  if (isSackPermitted && !hasTimestamps) optionBytes += 4;
  pool.words[at + FrameWord.WireLength] += optionBytes;
}

/** Adds the Fast Open option with the `length` bytes of cookie that start at words[from]. */
export function setFastOpenOption(
  context: TcpContext,
  frame: FrameId,
  form: FastOpenForm,
  cookie: Int32Array,
  from: number,
  length: Bytes,
): void {
  const { pool } = context;
  const at = frame << FRAME_SHIFT;
  const extra = pool.extraWords;
  extra[at + BuiltExtra.FastOpen] = form;
  extra[at + BuiltExtra.FastOpenLength] = length;
  for (let word = 0; word < 4; word++) {
    extra[at + BuiltExtra.FastOpenCookie + word] = word * 4 < length ? cookie[from + word] : 0;
  }
  const bytes = (form === FastOpenForm.Experiment ? 4 : 2) + length;
  pool.words[at + FrameWord.WireLength] += (bytes + 3) & ~3;
}

/** An answer to the segment being processed, from nobody: its ends are exchanged. `window` is the field of the header. */
export function buildAnswer(
  context: TcpContext,
  arrived: ArrivedSegment,
  seq: SeqNumber,
  ack: SeqNumber,
  flags: number,
  window = 0,
): FrameId {
  const words = context.pool.words;
  const from = arrived.record;
  const isIpv6 = (words[from + FrameWord.Meta] & MetaBit.Ipv6) !== 0;
  const frame = allocateFrame(context);
  if (frame === NO_FRAME) return NO_FRAME;
  const at = frame << FRAME_SHIFT;
  const ports = words[from + FrameWord.Ports];
  words[at + FrameWord.Src] = words[from + FrameWord.Dst];
  words[at + FrameWord.Dst] = words[from + FrameWord.Src];
  words[at + FrameWord.Ports] = swapPorts(ports);
  words[at + FrameWord.Seq] = seq;
  words[at + FrameWord.Ack] = ack;
  words[at + FrameWord.FlagsWindow] = (flags << 16) | window;
  words[at + FrameWord.TsVal] = 0;
  words[at + FrameWord.TsEcr] = 0;
  words[at + FrameWord.Identification] = isIpv6 ? 0 : context.nextIdentification();
  words[at + FrameWord.PayloadLength] = 0;
  words[at + FrameWord.WireLength] = ETHERNET_BYTES + headerBytes(isIpv6);
  words[at + FrameWord.Meta] = metaOf(isIpv6, context.config.ttl);
  return frame;
}

/** Adds timestamps to an answer. */
export function setTimestamps(
  context: TcpContext,
  frame: FrameId,
  tsVal: number,
  tsEcr: number,
): void {
  const words = context.pool.words;
  const at = frame << FRAME_SHIFT;
  words[at + FrameWord.TsVal] = tsVal;
  words[at + FrameWord.TsEcr] = tsEcr;
  words[at + FrameWord.Meta] |= MetaBit.HasTimestamps;
  words[at + FrameWord.WireLength] += TIMESTAMPS_BYTES;
}

/** The reset that a segment without a connection deserves: RFC 9293 §3.10.7.1. Queues it. */
export function sendResetFor(context: TcpContext, arrived: ArrivedSegment): void {
  if (arrived.has(TcpFlag.Rst)) return;
  const none = seqFromWire(0);
  const frame = arrived.has(TcpFlag.Ack)
    ? buildAnswer(context, arrived, arrived.ack, none, TcpFlag.Rst)
    : buildAnswer(
        context,
        arrived,
        none,
        seqAdd(arrived.seq, arrived.sequenceLength),
        TcpFlag.Rst | TcpFlag.Ack,
      );
  if (frame === NO_FRAME) return;
  context.count(TcpCounter.OutRsts);
  context.pushControl(frame);
}
