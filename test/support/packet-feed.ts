/**
 * Feeds packets to a FlowTable one at a time, dissected from bytes: TCP between a client and a server in short
 * notation, or any frame.
 */
import { FlowTable } from '../../src/analysis/flow-table.ts';
import { dissect } from '../../src/wire/dissect.ts';
import { LinkLayer } from '../../src/wire/link-layer.ts';
import { PacketColumns } from '../../src/wire/packet-columns.ts';
import { ethernetBytes, ipBytes, type PacketSpec, tcpFrame } from './packets.ts';

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

export const CLIENT = [10, 0, 0, 1];
export const SERVER = [10, 0, 0, 2];

export interface Segment {
  seq: number;
  ack?: number;
  flags?: number;
  length?: number;
  window?: number;
  options?: number[];
  ports?: [client: number, server: number];
}

const EMPTY: PacketSpec = {
  vlanTags: [],
  version: 4,
  trafficClass: 0,
  ttl: 64,
  identification: 0,
  options: [],
  source: CLIENT,
  destination: SERVER,
  tcp: {
    sourcePort: 4000,
    destinationPort: 80,
    sequence: 0,
    acknowledgment: 0,
    flags: ACK,
    window: 1000,
    urgentPointer: 0,
    options: [],
  },
  payload: [],
};

/** An IPv4 or IPv6 packet with the given bytes behind the IP header. */
export function ipFrame(protocol: number, transport: number[], changes: Partial<PacketSpec> = {}) {
  const spec = { ...EMPTY, ...changes };
  return ethernetBytes(spec, ipBytes(spec, protocol, transport));
}

export class PacketFeed {
  readonly flows = new FlowTable();
  readonly #columns = new PacketColumns(1);

  /** Returns what FlowTable.add does. */
  add(timeMs: number, frame: readonly number[], originalLength = frame.length): number {
    const bytes = Uint8Array.from(frame);
    const view = new DataView(bytes.buffer);
    dissect(view, 0, bytes.length, originalLength, LinkLayer.Ethernet, this.#columns, 0);
    this.flows.timeNs[0] = Math.round(timeMs * 1e6);
    return this.flows.add(this.#columns, 0);
  }

  client(timeMs: number, segment: Segment): number {
    return this.add(timeMs, segmentFrame(segment, true));
  }

  server(timeMs: number, segment: Segment): number {
    return this.add(timeMs, segmentFrame(segment, false));
  }

  /** SYN at 0 ms, SYN-ACK at 10, ACK at 15: the client's first byte is 101, the server's 501. */
  handshake(): void {
    this.client(0, { seq: 100, flags: SYN });
    this.server(10, { seq: 500, ack: 101, flags: SYN | ACK });
    this.client(15, { seq: 101, ack: 501 });
  }
}

/** An Ethernet frame with a segment of the connection. */
export function segmentFrame(segment: Segment, isFromClient: boolean): number[] {
  const [clientPort, serverPort] = segment.ports ?? [4000, 80];
  return tcpFrame({
    ...EMPTY,
    source: isFromClient ? CLIENT : SERVER,
    destination: isFromClient ? SERVER : CLIENT,
    payload: new Array<number>(segment.length ?? 0).fill(0x55),
    tcp: {
      ...EMPTY.tcp,
      sourcePort: isFromClient ? clientPort : serverPort,
      destinationPort: isFromClient ? serverPort : clientPort,
      sequence: segment.seq >>> 0,
      acknowledgment: (segment.ack ?? 0) >>> 0,
      flags: segment.flags ?? ACK,
      window: segment.window ?? 1000,
      options: segment.options ?? [],
    },
  });
}
