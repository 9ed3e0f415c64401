/**
 * Cuts a captured TCP super-segment into the packets that went over the wire. Hosts that leave segmentation
 * to their network card (TSO, GSO) or join what arrives (LRO, GRO) capture segments larger than the MTU;
 * a path of packets must see them in pieces, each with the headers of the whole, as the card makes them:
 * identification and sequence number advance, lengths and checksums are fresh, SYN and CWR stay on the first
 * piece, FIN, RST and PSH on the last, the urgent pointer counts from each piece's own start.
 *
 * Of a packet cut by its snap length, a piece keeps the payload that is stored; its own length counts it all,
 * and where payload is missing the TCP checksum stays as it was stored. UDP is not split: the length of its
 * pieces shows nowhere. Options are copied to each piece. Hot: no allocation per packet or piece.
 */
import { assert } from '../base/assert.ts';
import { checksumFinish, pseudoHeaderIpv4Sum, pseudoHeaderIpv6Sum } from './checksum.ts';
import { IpProtocol, Ipv4Field, ipv4HeaderLength } from './ipv4.ts';
import { IPV6_HEADER_BYTES, Ipv6Field } from './ipv6.ts';
import { pppoeLengthAt } from './link-shim.ts';
import { DissectStatus, FragmentKind, type PacketColumns } from './packet-columns.ts';
import type { PacketMemory } from './packet-memory.ts';
import { TcpField, TcpFlag } from './tcp.ts';

/** A packet that does not fit and cannot be split: no TCP, a fragment, headers not stored, or no believable length. */
export const CANNOT_SPLIT = 0;

/** Hosts make no larger ones (Linux stops at 512 KiB); a longer one is a length that somebody made up. */
const SUPER_SEGMENT_BYTES_MAX = 1 << 20;

/** A hop-by-hop header with nothing but the jumbo payload option: RFC 2675 §2. */
const JUMBO_HEADER_BYTES = 8;
const JUMBO_OPTION = 0xc2_04;

const FIRST_ONLY = TcpFlag.Syn | TcpFlag.Cwr;
const LAST_ONLY = TcpFlag.Fin | TcpFlag.Rst | TcpFlag.Psh;

/** One packet at a time: `begin`, then `emit` each piece. */
export class SegmentSplitter {
  readonly #memory: PacketMemory;
  readonly #mtuBytes: number;
  /** Offsets in the memory: packet, its network and TCP headers, its payload, and where storage ends. */
  #packet = 0;
  #network = 0;
  #transport = 0;
  #payload = 0;
  #storedEnd = 0;
  /** Bytes of a jumbo header in front of TCP that no piece carries. */
  #jumboBytes = 0;
  #payloadBytes = 0;
  #segmentBytes = 0;
  #pieces = 1;
  #flags = 0;
  #isIpv6 = false;

  /**
   * Packets are read from `memory`, and pieces written to it.
   * @param mtuBytes largest network-layer packet, at most 65,535
   */
  constructor(memory: PacketMemory, mtuBytes: number) {
    assert(mtuBytes > 0 && mtuBytes <= 0xffff, 'an MTU is 1 to 65535 bytes');
    this.#memory = memory;
    this.#mtuBytes = mtuBytes;
  }

  /**
   * Takes the packet at `packet` with its row of dissected columns, and gives the number of pieces: 1 when it
   * fits as it is (then there is nothing to emit), or CANNOT_SPLIT. `payloadBytesMax` limits a piece's
   * payload besides the MTU, as a connection's maximum segment size does; 0 for no limit.
   */
  begin(
    packet: number,
    capturedLength: number,
    originalLength: number,
    columns: PacketColumns,
    row: number,
    payloadBytesMax: number,
  ): number {
    const transportOffset = columns.transportOffset[row];
    const networkOffset = columns.networkOffset[row];
    const isTcp = columns.protocol[row] === IpProtocol.Tcp && transportOffset >= 0;
    if (!isTcp || columns.isFragment[row] !== FragmentKind.Whole) {
      return originalLength - networkOffset <= this.#mtuBytes ? 1 : CANNOT_SPLIT;
    }
    const transport = packet + transportOffset;
    const view = this.#memory.view;
    const tcpBytes = (view.getUint8(transport + TcpField.OffsetFlags) >> 4) << 2;
    const payloadBytes = columns.payloadLength[row];
    this.#packet = packet;
    this.#network = packet + networkOffset;
    this.#transport = transport;
    this.#payload = transport + tcpBytes;
    this.#storedEnd = packet + capturedLength;
    this.#payloadBytes = payloadBytes;
    this.#flags = columns.tcpFlags[row];
    this.#isIpv6 = columns.ipVersion[row] === 6;
    this.#jumboBytes = this.#isIpv6 ? jumboHeaderBytes(view, this.#network, transport) : 0;
    const headerBytes = transportOffset - networkOffset - this.#jumboBytes + tcpBytes;
    const room = this.#mtuBytes - headerBytes;
    const segmentBytes = payloadBytesMax > 0 ? Math.min(room, payloadBytesMax) : room;
    if (payloadBytes <= segmentBytes) return 1;
    const isBelievable =
      payloadBytes <= SUPER_SEGMENT_BYTES_MAX && columns.status[row] !== DissectStatus.Malformed;
    if (segmentBytes <= 0 || !isBelievable) return CANNOT_SPLIT;
    this.#segmentBytes = segmentBytes;
    this.#pieces = Math.ceil(payloadBytes / segmentBytes);
    return this.#pieces;
  }

  /** Bytes that emit writes for a piece. */
  capturedLength(piece: number): number {
    const headersEnd = Math.min(this.#payload, this.#storedEnd);
    return headersEnd - this.#packet - this.#jumboBytes + this.#storedBytes(piece);
  }

  /** Length of a piece, link header included, were it stored in full. */
  originalLength(piece: number): number {
    return this.#payload - this.#packet - this.#jumboBytes + this.#pieceBytes(piece);
  }

  /** Writes a piece to the memory at `target`; it must not reach into the packet's own bytes. */
  emit(piece: number, target: number): void {
    this.#copy(piece, target);
    const network = target + this.#network - this.#packet;
    const transport = target + this.#transport - this.#packet - this.#jumboBytes;
    const length = this.#payload - this.#transport + this.#pieceBytes(piece);
    this.#writeTcp(piece, transport);
    if (this.#isIpv6) this.#writeIpv6(network, transport + length);
    else this.#writeIpv4(piece, network, transport + length);
    const pppoeLength = pppoeLengthAt(this.#memory.view, target, network);
    // The PPP protocol counts too (RFC 2516 §4).
    if (pppoeLength >= 0)
      this.#memory.view.setUint16(pppoeLength, transport + length - network + 2);
    const isComplete = this.#storedBytes(piece) === this.#pieceBytes(piece);
    if (isComplete) this.#writeTcpChecksum(network, transport, length);
  }

  #pieceBytes(piece: number): number {
    return Math.min(this.#segmentBytes, this.#payloadBytes - piece * this.#segmentBytes);
  }

  #storedBytes(piece: number): number {
    const stored = this.#storedEnd - this.#payload - piece * this.#segmentBytes;
    return Math.max(0, Math.min(stored, this.#pieceBytes(piece)));
  }

  #copy(piece: number, target: number): void {
    const bytes = this.#memory.bytes;
    const packet = this.#packet;
    const headersEnd = Math.min(this.#payload, this.#storedEnd);
    const jumboBytes = this.#jumboBytes;
    if (jumboBytes === 0) {
      bytes.copyWithin(target, packet, headersEnd);
    } else {
      const jumbo = this.#network + IPV6_HEADER_BYTES;
      bytes.copyWithin(target, packet, jumbo);
      bytes.copyWithin(target + jumbo - packet, jumbo + jumboBytes, headersEnd);
      bytes[target + this.#network - packet + Ipv6Field.NextHeader] = bytes[jumbo];
    }
    const from = this.#payload + piece * this.#segmentBytes;
    const to = target + headersEnd - packet - jumboBytes;
    bytes.copyWithin(to, from, from + this.#storedBytes(piece));
  }

  #writeTcp(piece: number, transport: number): void {
    const view = this.#memory.view;
    const start = piece * this.#segmentBytes;
    // A SYN takes the number before its data (RFC 9293 §3.4).
    const synCount = piece > 0 && (this.#flags & TcpFlag.Syn) !== 0 ? 1 : 0;
    const sequence = view.getInt32(this.#transport + TcpField.Sequence) + start + synCount;
    view.setInt32(transport + TcpField.Sequence, sequence);
    let cleared = 0;
    if (piece > 0) cleared |= FIRST_ONLY;
    if (piece < this.#pieces - 1) cleared |= LAST_ONLY;
    if (piece > 0 && (this.#flags & TcpFlag.Urg) !== 0) {
      // The pointer is an offset from the segment's own sequence number (RFC 9293 §3.1).
      const urgent = view.getUint16(transport + TcpField.UrgentPointer) - start;
      view.setUint16(transport + TcpField.UrgentPointer, Math.max(urgent, 0));
      if (urgent <= 0) cleared |= TcpFlag.Urg;
    }
    const offsetFlags = view.getUint16(transport + TcpField.OffsetFlags);
    view.setUint16(transport + TcpField.OffsetFlags, offsetFlags & ~cleared);
  }

  #writeIpv4(piece: number, network: number, end: number): void {
    const { view } = this.#memory;
    const identification = view.getUint16(network + Ipv4Field.Identification) + piece;
    view.setUint16(network + Ipv4Field.Identification, identification & 0xffff);
    view.setUint16(network + Ipv4Field.TotalLength, end - network);
    view.setUint16(network + Ipv4Field.Checksum, 0);
    const sum = this.#memory.checksum(network, ipv4HeaderLength(view, network), 0);
    view.setUint16(network + Ipv4Field.Checksum, checksumFinish(sum));
  }

  #writeIpv6(network: number, end: number): void {
    const payloadLength = end - network - IPV6_HEADER_BYTES;
    this.#memory.view.setUint16(network + Ipv6Field.PayloadLength, payloadLength);
  }

  #writeTcpChecksum(network: number, transport: number, length: number): void {
    const { bytes, view } = this.#memory;
    const pseudo = this.#isIpv6
      ? pseudoHeaderIpv6Sum(bytes, network, IpProtocol.Tcp, length)
      : pseudoHeaderIpv4Sum(bytes, network, IpProtocol.Tcp, length);
    view.setUint16(transport + TcpField.Checksum, 0);
    const sum = this.#memory.checksum(transport, length, pseudo);
    view.setUint16(transport + TcpField.Checksum, checksumFinish(sum));
  }
}

/** Length of the header that a host puts before TCP when the payload length does not count so far; else 0. */
function jumboHeaderBytes(view: DataView, network: number, transport: number): number {
  const header = network + IPV6_HEADER_BYTES;
  const isJumbo =
    view.getUint8(network + Ipv6Field.NextHeader) === IpProtocol.HopByHop &&
    transport - header >= JUMBO_HEADER_BYTES &&
    view.getUint8(header + 1) === 0 &&
    view.getUint16(header + 2) === JUMBO_OPTION;
  return isJumbo ? JUMBO_HEADER_BYTES : 0;
}
