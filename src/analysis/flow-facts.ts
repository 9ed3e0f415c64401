/**
 * The facts of one flow, read from its row in a FlowTable: names, client and server with the ground for it, and
 * what each direction carried. Cold: makes objects and text.
 *
 * The client is who opened the connection: the sender of the SYN, else the receiver of the SYN-ACK; else the
 * end with the higher port, since servers listen on low ones; else who was seen first.
 */
import { formatIpAddress } from '../base/ip-address.ts';
import type { Duration } from '../base/units.ts';
import { TcpFlag } from '../wire/tcp.ts';
import {
  FLOW_DOUBLES,
  FLOW_WORDS,
  FlowBit,
  FlowDouble,
  FlowKind,
  FlowWord,
  SIDE_DOUBLES,
  SIDE_WORDS,
  SideDouble,
  SideWord,
} from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';
import { protocolName } from './protocol-name.ts';

/** Why one end is taken for the client. */
export type ClientGround = 'syn' | 'syn-ack' | 'port' | 'first';

export interface FlowName {
  /** `client:port > server:port`; `client > server` without ports; the protocol when it is not IP. */
  readonly name: string;
  readonly transport: string;
  /** ns since the capture's first packet. */
  readonly firstNs: number;
  readonly lastNs: number;
}

/** What one end of a flow sent. */
export interface FlowDirectionFacts {
  readonly packets: number;
  /** As on an Ethernet wire, without FCS: link headers other than Ethernet count as 14 bytes. */
  readonly bytes: number;
  readonly payloadBytes: number;
  /** Segments that repeat what this end had sent before, as far as the capture shows. */
  readonly retransmits: number;
  readonly retransmittedBytes: number;
  /** Segments that were passed over and came within a round trip. */
  readonly outOfOrder: number;
  /** Segments that closed the window. */
  readonly zeroWindows: number;
  /** Options of its SYN; null when not seen. */
  readonly mss: number | null;
  readonly windowScale: number | null;
  /** Every TCP flag it ever set, `SYN ACK PSH`; empty when the flow is not TCP. */
  readonly flags: string;
}

export interface FlowFacts {
  readonly name: string;
  readonly transport: string;
  /** Null when the flow is not IP. */
  readonly clientAddress: string | null;
  readonly serverAddress: string | null;
  /** Null when the protocol has none. */
  readonly clientPort: number | null;
  readonly serverPort: number | null;
  /** Identifier of an ICMP echo; else null. */
  readonly echoIdentifier: number | null;
  readonly ground: ClientGround;
  /** Both directions together. */
  readonly packets: number;
  readonly bytes: number;
  /** From the capture's first packet. */
  readonly startSeconds: number;
  readonly durationSeconds: number;
  /** SYN to the ACK of the SYN-ACK at this capture point, and its halves; null when not seen. */
  readonly handshakeRttMs: number | null;
  /** SYN to SYN-ACK: the way to the server. */
  readonly serverRttMs: number | null;
  /** SYN-ACK to ACK: the way to the client. */
  readonly clientRttMs: number | null;
  readonly retransmits: number;
  readonly toServer: FlowDirectionFacts;
  readonly toClient: FlowDirectionFacts;
}

const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
const TCP_FLAG_NAMES: readonly (readonly [TcpFlag, string])[] = [
  [TcpFlag.Syn, 'SYN'],
  [TcpFlag.Fin, 'FIN'],
  [TcpFlag.Rst, 'RST'],
  [TcpFlag.Psh, 'PSH'],
  [TcpFlag.Ack, 'ACK'],
  [TcpFlag.Urg, 'URG'],
  [TcpFlag.Ece, 'ECE'],
  [TcpFlag.Cwr, 'CWR'],
  [TcpFlag.Ae, 'AE'],
];

/** The client's side of a flow (0 or 1), and why. */
export function findClient(flows: FlowTable, flow: number): { side: number; ground: ClientGround } {
  const at = flow * FLOW_WORDS;
  const bits = flows.words[at + FlowWord.Bits];
  if ((bits & FlowBit.Syn0) !== 0) return { side: 0, ground: 'syn' };
  if ((bits & FlowBit.Syn1) !== 0) return { side: 1, ground: 'syn' };
  if ((bits & FlowBit.SynAck0) !== 0) return { side: 1, ground: 'syn-ack' };
  if ((bits & FlowBit.SynAck1) !== 0) return { side: 0, ground: 'syn-ack' };
  const first = portOf(flows, flow, 0);
  const second = portOf(flows, flow, 1);
  if (first === null || second === null || first === second) return { side: 0, ground: 'first' };
  return { side: first > second ? 0 : 1, ground: 'port' };
}

/** Name and times of a flow whose client is on `clientSide`. */
export function describeFlow(flows: FlowTable, flow: number, clientSide: number): FlowName {
  const doubles = flows.doubles;
  const at = flow * FLOW_DOUBLES;
  return {
    name: nameOf(flows, flow, clientSide),
    transport: transportOf(flows, flow),
    firstNs: doubles[at + FlowDouble.FirstNs],
    lastNs: doubles[at + FlowDouble.LastNs],
  };
}

/**
 * From the SYN to the ACK of the SYN-ACK, as seen at the capture point: the round trip between the two ends.
 * Undefined when a part was not seen or the stamps go back. Where SYN or SYN-ACK were sent
 * again, each half counts from the last of them (Karn 1987).
 */
export function handshakeRttNs(flows: FlowTable, flow: number): Duration | undefined {
  const serverNs = serverRttNs(flows, flow);
  const clientNs = clientRttNs(flows, flow);
  if (serverNs === undefined || clientNs === undefined) return undefined;
  return serverNs + clientNs < 0 ? undefined : serverNs + clientNs;
}

/** Retransmitted segments of both directions. */
export function retransmitsOf(flows: FlowTable, flow: number): number {
  const at = flow * FLOW_WORDS + FlowWord.Sides;
  const words = flows.words;
  return words[at + SideWord.Retransmits] + words[at + SIDE_WORDS + SideWord.Retransmits];
}

/** All facts of a flow. */
export function readFlow(flows: FlowTable, flow: number): FlowFacts {
  const { side, ground } = findClient(flows, flow);
  const { name, transport, firstNs, lastNs } = describeFlow(flows, flow, side);
  const kind = kindOf(flows, flow);
  const toServer = readDirection(flows, flow, side);
  const toClient = readDirection(flows, flow, 1 - side);
  return {
    name,
    transport,
    clientAddress: kind === FlowKind.Link ? null : addressOf(flows, flow, side),
    serverAddress: kind === FlowKind.Link ? null : addressOf(flows, flow, 1 - side),
    clientPort: portOf(flows, flow, side),
    serverPort: portOf(flows, flow, 1 - side),
    echoIdentifier: kind === FlowKind.Echo ? rawPort(flows, flow, 0) : null,
    ground,
    packets: toServer.packets + toClient.packets,
    bytes: toServer.bytes + toClient.bytes,
    startSeconds: firstNs / NS_PER_S,
    durationSeconds: (lastNs - firstNs) / NS_PER_S,
    handshakeRttMs: inMs(handshakeRttNs(flows, flow)),
    serverRttMs: inMs(serverRttNs(flows, flow)),
    clientRttMs: inMs(clientRttNs(flows, flow)),
    retransmits: toServer.retransmits + toClient.retransmits,
    toServer,
    toClient,
  };
}

/** What the flow is made of: `TCP`, `ARP`. */
export function transportOf(flows: FlowTable, flow: number): string {
  const word = flows.words[flow * FLOW_WORDS + FlowWord.Kind];
  const kind = word >> 8;
  return protocolName(kind, kind === FlowKind.Link ? rawPort(flows, flow, 0) : word & 255);
}

/** Packets of both directions. */
export function packetsOf(flows: FlowTable, flow: number): number {
  const at = flow * FLOW_WORDS + FlowWord.Sides;
  return flows.words[at + SideWord.Packets] + flows.words[at + SIDE_WORDS + SideWord.Packets];
}

/** Bytes of both directions. */
export function bytesOf(flows: FlowTable, flow: number): number {
  const at = flow * FLOW_DOUBLES + FlowDouble.Sides;
  const doubles = flows.doubles;
  return doubles[at + SideDouble.Bytes] + doubles[at + SIDE_DOUBLES + SideDouble.Bytes];
}

function readDirection(flows: FlowTable, flow: number, side: number): FlowDirectionFacts {
  const words = flows.words;
  const at = flow * FLOW_WORDS + FlowWord.Sides + side * SIDE_WORDS;
  const sums = flow * FLOW_DOUBLES + FlowDouble.Sides + side * SIDE_DOUBLES;
  const optional = (value: number) => (value < 0 ? null : value);
  return {
    packets: words[at + SideWord.Packets],
    bytes: flows.doubles[sums + SideDouble.Bytes],
    payloadBytes: flows.doubles[sums + SideDouble.PayloadBytes],
    retransmits: words[at + SideWord.Retransmits],
    retransmittedBytes: flows.doubles[sums + SideDouble.RetransmittedBytes],
    outOfOrder: words[at + SideWord.OutOfOrder],
    zeroWindows: words[at + SideWord.ZeroWindows],
    mss: optional(words[at + SideWord.Mss]),
    windowScale: optional(words[at + SideWord.WindowScale]),
    flags: flagNames(words[at + SideWord.Flags]),
  };
}

function flagNames(flags: number): string {
  return TCP_FLAG_NAMES.filter(([flag]) => (flags & flag) !== 0)
    .map(([, name]) => name)
    .join(' ');
}

function nameOf(flows: FlowTable, flow: number, clientSide: number): string {
  if (kindOf(flows, flow) === FlowKind.Link) return transportOf(flows, flow);
  return `${endOf(flows, flow, clientSide)} > ${endOf(flows, flow, 1 - clientSide)}`;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`, or the address alone. */
function endOf(flows: FlowTable, flow: number, side: number): string {
  const address = addressOf(flows, flow, side);
  const port = portOf(flows, flow, side);
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function addressOf(flows: FlowTable, flow: number, side: number): string {
  const index = flows.words[flow * FLOW_WORDS + FlowWord.Address0 + side];
  return formatIpAddress(flows.addresses.words, index * 4);
}

function kindOf(flows: FlowTable, flow: number): FlowKind {
  return flows.words[flow * FLOW_WORDS + FlowWord.Kind] >> 8;
}

function rawPort(flows: FlowTable, flow: number, side: number): number {
  const ports = flows.words[flow * FLOW_WORDS + FlowWord.Ports];
  return side === 0 ? ports >>> 16 : ports & 0xffff;
}

function portOf(flows: FlowTable, flow: number, side: number): number | null {
  return kindOf(flows, flow) === FlowKind.Ports ? rawPort(flows, flow, side) : null;
}

function serverRttNs(flows: FlowTable, flow: number): Duration | undefined {
  const isKnown = (flows.words[flow * FLOW_WORDS + FlowWord.Bits] & FlowBit.HasServerRtt) !== 0;
  return isKnown ? flows.doubles[flow * FLOW_DOUBLES + FlowDouble.ServerRttNs] : undefined;
}

function clientRttNs(flows: FlowTable, flow: number): Duration | undefined {
  const isKnown = (flows.words[flow * FLOW_WORDS + FlowWord.Bits] & FlowBit.HasClientRtt) !== 0;
  return isKnown ? flows.doubles[flow * FLOW_DOUBLES + FlowDouble.ClientRttNs] : undefined;
}

/** Where the stamps go back, a time between two of them is no sample. */
const inMs = (ns: Duration | undefined): number | null =>
  ns === undefined || ns < 0 ? null : ns / NS_PER_MS;
