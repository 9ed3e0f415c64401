import { describe, expect, it } from 'vitest';
import { readFlow } from '../../../src/analysis/flow-facts.ts';
import {
  ACK,
  CLIENT,
  FIN,
  ipFrame,
  PacketFeed,
  RST,
  SERVER,
  SYN,
} from '../../support/packet-feed.ts';
import { ethernetBytes, type PacketSpec, u16, u32 } from '../../support/packets.ts';

const udp = (source: number, destination: number, payload: number[] = []) => [
  ...u16(source),
  ...u16(destination),
  ...u16(8 + payload.length),
  ...u16(0),
  ...payload,
];

/** Sets the fragment field of an Ethernet frame with IPv4. */
function asFragment(frame: number[], identification: number, flagsOffset: number): number[] {
  return [...frame.slice(0, 18), ...u16(identification), ...u16(flagsOffset), ...frame.slice(22)];
}
const MORE = 0x2000;

const back: Partial<PacketSpec> = { source: SERVER, destination: CLIENT };

describe('FlowTable', () => {
  it('takes both directions for one flow and numbers sides by the first sender', () => {
    const feed = new PacketFeed();
    expect(feed.server(0, { seq: 1, length: 10 })).toBe(0);
    expect(feed.client(1, { seq: 1 })).toBe(1);
    expect(feed.client(1, { seq: 1, ports: [4001, 80] })).toBe(2);
    expect(feed.flows.count).toBe(2);
    expect(readFlow(feed.flows, 0)).toMatchObject({
      name: '10.0.0.1:4000 > 10.0.0.2:80',
      packets: 2,
      bytes: 54 + 64,
      toClient: { packets: 1, bytes: 64, payloadBytes: 10 },
      toServer: { packets: 1, bytes: 54, payloadBytes: 0 },
    });
  });

  it('tells flows apart by every part of the key', () => {
    const feed = new PacketFeed();
    const ends = [CLIENT, SERVER, [10, 0, 0, 3]];
    const located = new Set<number>();
    for (const source of ends) {
      for (const destination of ends) {
        for (const port of [53, 54]) {
          located.add(feed.add(0, ipFrame(17, udp(1000, port), { source, destination })) >> 1);
        }
      }
    }
    expect(located.size).toBe(18);
    expect(feed.flows.count).toBe(18);
    feed.add(0, ipFrame(17, udp(53, 1000), back));
    feed.add(
      0,
      ipFrame(6, [...u16(1000), ...u16(53), ...u32(0), ...u32(0), 0x50, 16, 0, 0, 0, 0, 0, 0]),
    );
    expect(feed.flows.count).toBe(19);
  });

  it('keeps 20,000 flows apart while the table grows', () => {
    const feed = new PacketFeed();
    for (let round = 0; round < 2; round++) {
      for (let flow = 0; flow < 20_000; flow++) {
        const source = [10, 1, flow & 255, (flow >> 8) & 255];
        const frame = ipFrame(17, udp(1024 + (flow % 7), 53), { source });
        const answer = ipFrame(17, udp(53, 1024 + (flow % 7)), {
          source: SERVER,
          destination: source,
        });
        if (feed.add(0, frame) !== flow << 1) throw new Error(`flow ${flow} was not found`);
        if (feed.add(0, answer) !== ((flow << 1) | 1))
          throw new Error(`answer ${flow} was not found`);
      }
    }
    expect(feed.flows.count).toBe(20_000);
  });

  it('starts a new flow on a SYN with another sequence number — RFC 9293 §3.4.3', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(20, { seq: 101, ack: 501, flags: FIN | ACK });
    expect(feed.client(30, { seq: 9000, flags: SYN })).toBe(2);
    expect(feed.server(40, { seq: 7000, ack: 9001, flags: SYN | ACK })).toBe(3);
    expect(feed.client(45, { seq: 9001, ack: 7001 })).toBe(2);
    expect(readFlow(feed.flows, 0)).toMatchObject({
      packets: 4,
      handshakeRttMs: 15,
      retransmits: 0,
    });
    expect(readFlow(feed.flows, 1)).toMatchObject({
      packets: 3,
      handshakeRttMs: 15,
      startSeconds: 0.03,
    });
  });

  it('starts a new flow when a server opens a connection back from the same ports', () => {
    const feed = new PacketFeed();
    feed.handshake();
    expect(feed.server(30, { seq: 9000, flags: SYN })).toBe(2);
    expect(readFlow(feed.flows, 1)).toMatchObject({
      ground: 'syn',
      clientAddress: '10.0.0.2',
      clientPort: 80,
    });
    expect(feed.client(31, { seq: 5, ack: 9001, flags: SYN | ACK })).toBe(3);
  });

  it('keeps a SYN that is sent again in its flow', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 100, flags: SYN });
    feed.client(1000, { seq: 100, flags: SYN });
    expect(feed.flows.count).toBe(1);
    expect(readFlow(feed.flows, 0).toServer.retransmits).toBe(1);
  });

  it('pairs ICMP echo requests and replies by identifier — RFC 792', () => {
    const feed = new PacketFeed();
    const echo = (type: number, id: number) => [type, 0, ...u16(0), ...u16(id), ...u16(1)];
    feed.add(0, ipFrame(1, echo(8, 7)));
    feed.add(1, ipFrame(1, echo(0, 7), back));
    feed.add(2, ipFrame(1, echo(8, 8)));
    feed.add(3, ipFrame(1, [3, 1, ...u16(0), ...u32(0)]));
    expect(feed.flows.count).toBe(3);
    expect(readFlow(feed.flows, 0)).toMatchObject({
      name: '10.0.0.1 > 10.0.0.2',
      transport: 'ICMP',
      echoIdentifier: 7,
      clientPort: null,
      ground: 'first',
      toServer: { packets: 1 },
      toClient: { packets: 1 },
    });
    expect(readFlow(feed.flows, 2).echoIdentifier).toBe(null);
  });

  it('gives every packet a flow: other protocols, other EtherTypes, headers that cannot be read', () => {
    const feed = new PacketFeed();
    feed.add(0, ipFrame(47, [0, 0, 0, 0]));
    feed.add(0, ipFrame(47, [0, 0, 0, 0], back));
    const link = (type: number[]) => [...new Array<number>(12).fill(2), ...type, 0, 0, 0, 0];
    feed.add(0, link([0x08, 0x06]));
    feed.add(0, link([0x08, 0x06]));
    feed.add(0, link([0x00, 0x26]));
    feed.add(0, link([0x08, 0x00]));
    feed.add(0, [1, 2, 3]);
    const facts = [0, 1, 2, 3, 4].map((flow) => readFlow(feed.flows, flow));
    expect(facts.map(({ transport, packets }) => [transport, packets])).toEqual([
      ['GRE', 2],
      ['ARP', 2],
      ['802.3', 1],
      ['unreadable IPv4', 1],
      ['not IP', 1],
    ]);
    expect(facts[1]).toMatchObject({ name: 'ARP', clientAddress: null, serverPort: null });
  });

  it('assigns later fragments to the flow of the first one — RFC 791 §3.2', () => {
    const feed = new PacketFeed();
    const first = asFragment(ipFrame(17, udp(2000, 1000, [1, 2, 3, 4, 5, 6, 7, 8])), 77, MORE);
    const later = asFragment(ipFrame(17, [9, 9, 9, 9]), 77, 2);
    expect(feed.add(0, later)).toBe(0);
    expect(feed.add(1, first)).toBe(2);
    expect(feed.add(2, later)).toBe(2);
    expect(feed.add(3, asFragment(ipFrame(17, [9, 9, 9, 9], back), 77, 2))).toBe(1);
    expect(feed.add(4, asFragment(ipFrame(17, [9, 9, 9, 9]), 78, 2))).toBe(0);
    expect(readFlow(feed.flows, 0)).toMatchObject({ name: '10.0.0.1 > 10.0.0.2', packets: 3 });
    expect(readFlow(feed.flows, 1)).toMatchObject({
      name: '10.0.0.1:2000 > 10.0.0.2:1000',
      packets: 2,
    });
    expect(readFlow(feed.flows, 1).toServer.payloadBytes).toBe(12);
  });

  it('keeps first and last time when stamps go back', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 1 });
    feed.client(-5, { seq: 1 });
    feed.server(30, { seq: 1 });
    feed.client(20, { seq: 1 });
    expect(readFlow(feed.flows, 0)).toMatchObject({ startSeconds: -0.005, durationSeconds: 0.035 });
  });
});

describe('readFlow', () => {
  const groundOf = (feed: PacketFeed) => {
    const { clientPort, ground } = readFlow(feed.flows, 0);
    return [clientPort, ground];
  };

  it('takes the sender of the SYN for the client, whatever the ports', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 1, flags: SYN, ports: [20, 5000] });
    expect(groundOf(feed)).toEqual([20, 'syn']);
  });

  it('takes the receiver of the SYN-ACK for the client when the SYN was not seen', () => {
    const feed = new PacketFeed();
    feed.server(0, { seq: 1, ack: 5, flags: SYN | ACK, ports: [20, 5000] });
    expect(groundOf(feed)).toEqual([20, 'syn-ack']);
  });

  it('takes the lower port for the server when neither was seen', () => {
    const feed = new PacketFeed();
    feed.server(0, { seq: 1, ack: 5 });
    expect(groundOf(feed)).toEqual([4000, 'port']);
  });

  it('takes the first sender for the client when the ports are equal', () => {
    const feed = new PacketFeed();
    feed.server(0, { seq: 1, ack: 5, ports: [123, 123] });
    expect(readFlow(feed.flows, 0)).toMatchObject({ clientAddress: '10.0.0.2', ground: 'first' });
  });

  it('reads options and flags of each side', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 1, flags: SYN, options: [2, 4, 5, 180, 1, 3, 3, 7] });
    feed.server(1, { seq: 1, ack: 2, flags: SYN | ACK, options: [2, 4, 5, 0] });
    feed.server(2, { seq: 2, ack: 2, flags: RST | ACK });
    const { toServer, toClient } = readFlow(feed.flows, 0);
    expect(toServer).toMatchObject({ mss: 1460, windowScale: 7, flags: 'SYN' });
    expect(toClient).toMatchObject({ mss: 1280, windowScale: null, flags: 'SYN RST ACK' });
  });

  it('writes IPv6 ends in brackets — RFC 5952 §6', () => {
    const feed = new PacketFeed();
    const source = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1];
    const destination = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 2];
    feed.add(0, ipFrame(17, udp(4000, 53), { version: 6, source, destination }));
    expect(readFlow(feed.flows, 0).name).toBe('[2001:db8::1]:4000 > [2001:db8::2]:53');
  });

  it('counts MPLS and the like by EtherType', () => {
    const feed = new PacketFeed();
    const frame = ethernetBytes(
      { vlanTags: [] as number[], version: 4 } as PacketSpec,
      [1, 2, 3, 4],
    );
    feed.add(0, [...frame.slice(0, 12), 0x88, 0x47, ...frame.slice(14)]);
    feed.add(0, [...frame.slice(0, 12), 0x88, 0xb5, ...frame.slice(14)]);
    expect([0, 1].map((flow) => readFlow(feed.flows, flow).transport)).toEqual([
      'MPLS',
      'EtherType 0x88b5',
    ]);
  });
});
