/**
 * The transport part of wire/dissect: TCP with timestamps, and on a SYN maximum segment size and window
 * scale (RFC 9293 §3.1, RFC 7323), UDP (RFC 768), the identifier of ICMP and ICMPv6 echo (RFC 792,
 * RFC 4443 §4). Other TCP options are left to wire/tcp-options. Hot: no allocation per packet.
 */
import { IpProtocol } from './ipv4.ts';
import { Cell, DissectStatus, FragmentKind, Octet, type PacketColumns } from './packet-columns.ts';
import { TCP_FLAGS_MASK, TCP_HEADER_BYTES, TcpField, TcpFlag } from './tcp.ts';
import { TcpOptionKind, TcpOptionLength, TIMESTAMPS_ALIGNED } from './tcp-options.ts';

/** UDP headers, and what all ICMP messages begin with. */
const SHORT_HEADER_BYTES = 8;
/** NOP, NOP, timestamps. */
const TIMESTAMPS_ALIGNED_BYTES = 12;

/**
 * Reads the transport header at `at` of the protocol in its column. Bytes are stored up to `end`; by the IP
 * lengths the packet goes on to `packetEnd`, which is not less. Writes all transport columns of the row.
 */
export function dissectTransport(
  view: DataView,
  offset: number,
  at: number,
  end: number,
  packetEnd: number,
  columns: PacketColumns,
  row: number,
): DissectStatus {
  switch (columns.octets[Octet.Protocol + row]) {
    case IpProtocol.Tcp:
      return dissectTcp(view, offset, at, end, packetEnd, columns, row);
    case IpProtocol.Udp:
    case IpProtocol.Icmp:
    case IpProtocol.Icmpv6:
      return dissectShort(view, offset, at, end, packetEnd, columns, row);
    default:
      return clearTransport(columns, row, packetEnd - at, DissectStatus.Ok);
  }
}

/** Why bytes up to `needed` are not stored: the snap length cut them off, or the packet ends before. */
export function missing(needed: number, packetEnd: number): DissectStatus {
  return needed > packetEnd ? DissectStatus.Malformed : DissectStatus.Truncated;
}

/** As `missing`; the header of a first fragment may go on in the next one (RFC 1858 §3). */
function cut(needed: number, packetEnd: number, columns: PacketColumns, row: number) {
  const isFragment = columns.octets[Octet.IsFragment + row] !== FragmentKind.Whole;
  return isFragment && needed > packetEnd ? DissectStatus.Ok : missing(needed, packetEnd);
}

/** Writes the transport columns of a packet without a transport header we can read. Returns `status`. */
export function clearTransport(
  columns: PacketColumns,
  row: number,
  payloadLength: number,
  status: DissectStatus,
): DissectStatus {
  const cells = columns.cells;
  cells[Cell.TransportOffset + row] = -1;
  cells[Cell.SourcePort + row] = -1;
  cells[Cell.DestinationPort + row] = -1;
  cells[Cell.PayloadLength + row] = payloadLength;
  clearTcp(columns, row);
  return status;
}

function clearTcp(columns: PacketColumns, row: number): void {
  const cells = columns.cells;
  cells[Cell.Sequence + row] = 0;
  cells[Cell.Acknowledgment + row] = 0;
  cells[Cell.TcpFlags + row] = 0;
  cells[Cell.Window + row] = 0;
  cells[Cell.TsVal + row] = 0;
  cells[Cell.TsEcr + row] = 0;
  cells[Cell.Mss + row] = -1;
  cells[Cell.WindowScale + row] = -1;
  columns.octets[Octet.HasTimestamps + row] = 0;
}

function dissectTcp(
  view: DataView,
  offset: number,
  at: number,
  end: number,
  packetEnd: number,
  columns: PacketColumns,
  row: number,
): DissectStatus {
  const options = at + TCP_HEADER_BYTES;
  if (options > end) {
    return clearTransport(columns, row, packetEnd - at, cut(options, packetEnd, columns, row));
  }
  writeTcp(view, at, columns, row);
  const cells = columns.cells;
  const headerEnd = at + ((view.getUint8(at + TcpField.OffsetFlags) >> 4) << 2);
  cells[Cell.TransportOffset + row] = at - offset;
  cells[Cell.PayloadLength + row] = Math.max(packetEnd - headerEnd, 0);
  if (
    headerEnd === options + TIMESTAMPS_ALIGNED_BYTES &&
    headerEnd <= end &&
    view.getInt32(options) === TIMESTAMPS_ALIGNED
  ) {
    cells[Cell.TsVal + row] = view.getInt32(options + 4);
    cells[Cell.TsEcr + row] = view.getInt32(options + 8);
    columns.octets[Octet.HasTimestamps + row] = 1;
    return DissectStatus.Ok;
  }
  cells[Cell.TsVal + row] = 0;
  cells[Cell.TsEcr + row] = 0;
  columns.octets[Octet.HasTimestamps + row] = 0;
  if (headerEnd < options || headerEnd > packetEnd) {
    // Its ports may be true; where its data begins, and so what it says of the stream, is not known.
    cells[Cell.TransportOffset + row] = -1;
    cells[Cell.PayloadLength + row] = 0;
    return DissectStatus.Malformed;
  }
  dissectOptions(view, options, Math.min(headerEnd, end), columns, row);
  return headerEnd > end ? DissectStatus.Truncated : DissectStatus.Ok;
}

/** The fields of the fixed header; options a SYN alone may have start as absent. */
function writeTcp(view: DataView, at: number, columns: PacketColumns, row: number): void {
  const cells = columns.cells;
  const ports = view.getInt32(at);
  const flagsWindow = view.getInt32(at + TcpField.OffsetFlags);
  cells[Cell.SourcePort + row] = ports >>> 16;
  cells[Cell.DestinationPort + row] = ports & 0xffff;
  cells[Cell.Sequence + row] = view.getInt32(at + TcpField.Sequence);
  cells[Cell.Acknowledgment + row] = view.getInt32(at + TcpField.Acknowledgment);
  cells[Cell.TcpFlags + row] = (flagsWindow >>> 16) & TCP_FLAGS_MASK;
  cells[Cell.Window + row] = flagsWindow & 0xffff;
  cells[Cell.Mss + row] = -1;
  cells[Cell.WindowScale + row] = -1;
}

/** An option that is cut or of an impossible length ends the list, not the segment (RFC 9293 §3.1, MUST-7). */
function dissectOptions(
  view: DataView,
  start: number,
  end: number,
  columns: PacketColumns,
  row: number,
): void {
  const isSyn = (columns.cells[Cell.TcpFlags + row] & TcpFlag.Syn) !== 0;
  let at = start;
  while (at + 2 <= end) {
    const kind = view.getUint8(at);
    if (kind === TcpOptionKind.EndOfList) return;
    if (kind === TcpOptionKind.NoOperation) {
      at++;
      continue;
    }
    const length = view.getUint8(at + 1);
    if (length < 2 || at + length > end) return;
    if (kind === TcpOptionKind.Timestamps && length === TcpOptionLength.Timestamps) {
      columns.cells[Cell.TsVal + row] = view.getInt32(at + 2);
      columns.cells[Cell.TsEcr + row] = view.getInt32(at + 6);
      columns.octets[Octet.HasTimestamps + row] = 1;
    } else if (isSyn) {
      dissectSynOption(view, at, kind, length, columns, row);
    }
    at += length;
  }
}

function dissectSynOption(
  view: DataView,
  at: number,
  kind: number,
  length: number,
  columns: PacketColumns,
  row: number,
): void {
  const cells = columns.cells;
  if (kind === TcpOptionKind.MaximumSegmentSize && length === TcpOptionLength.MaximumSegmentSize) {
    cells[Cell.Mss + row] = view.getUint16(at + 2);
  } else if (kind === TcpOptionKind.WindowScale && length === TcpOptionLength.WindowScale) {
    cells[Cell.WindowScale + row] = view.getUint8(at + 2);
  }
}

/** UDP and ICMP. Of ICMP, echo messages have an identifier in the place of a source port. */
function dissectShort(
  view: DataView,
  offset: number,
  at: number,
  end: number,
  packetEnd: number,
  columns: PacketColumns,
  row: number,
): DissectStatus {
  const payload = at + SHORT_HEADER_BYTES;
  const length = packetEnd - payload;
  if (payload > end) {
    return clearTransport(columns, row, packetEnd - at, cut(payload, packetEnd, columns, row));
  }
  clearTransport(columns, row, length, DissectStatus.Ok);
  const cells = columns.cells;
  cells[Cell.TransportOffset + row] = at - offset;
  const protocol = columns.octets[Octet.Protocol + row];
  if (protocol === IpProtocol.Udp) {
    cells[Cell.SourcePort + row] = view.getUint16(at);
    cells[Cell.DestinationPort + row] = view.getUint16(at + 2);
  } else if (isEcho(protocol, view.getUint8(at))) {
    cells[Cell.SourcePort + row] = view.getUint16(at + 4);
    cells[Cell.DestinationPort + row] = 0;
  }
  return DissectStatus.Ok;
}

/** Echo request and reply: 8 and 0 in ICMP, 128 and 129 in ICMPv6. */
function isEcho(protocol: number, type: number): boolean {
  return protocol === IpProtocol.Icmp ? type === 8 || type === 0 : type === 128 || type === 129;
}
