import { describe, expect, it } from 'vitest';
import { readFlow } from '../../../src/analysis/flow-facts.ts';
import { ACK, FIN, PacketFeed, RST, SYN } from '../../support/packet-feed.ts';

/** What the client sent, after a handshake with a round trip of 15 ms. */
function sent(feed: PacketFeed) {
  const { retransmits, retransmittedBytes, outOfOrder } = readFlow(feed.flows, 0).toServer;
  return { retransmits, retransmittedBytes, outOfOrder };
}

describe('handshake round trip', () => {
  const rtts = (feed: PacketFeed) => {
    const { handshakeRttMs, serverRttMs, clientRttMs } = readFlow(feed.flows, 0);
    return [handshakeRttMs, serverRttMs, clientRttMs];
  };

  it('is SYN to ACK of the SYN-ACK, in two halves', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(100, { seq: 101, ack: 501, length: 10 });
    expect(rtts(feed)).toEqual([15, 10, 5]);
  });

  it('takes data for the ACK, and not the data of the server', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 100, flags: SYN });
    feed.server(10, { seq: 500, ack: 101, flags: SYN | ACK });
    feed.server(11, { seq: 501, ack: 101, length: 50 });
    feed.client(15, { seq: 101, ack: 501, length: 20 });
    expect(rtts(feed)).toEqual([15, 10, 5]);
  });

  it('counts from the last SYN and the last SYN-ACK of several — Karn 1987', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 100, flags: SYN });
    feed.client(1000, { seq: 100, flags: SYN });
    feed.server(1010, { seq: 500, ack: 101, flags: SYN | ACK });
    feed.server(3000, { seq: 500, ack: 101, flags: SYN | ACK });
    feed.client(3005, { seq: 101, ack: 501 });
    expect(rtts(feed)).toEqual([15, 10, 5]);
  });

  it('is unknown when a part was not seen or the SYN was refused', () => {
    const refused = new PacketFeed();
    refused.client(0, { seq: 100, flags: SYN });
    refused.server(10, { seq: 0, ack: 101, flags: RST | ACK });
    expect(rtts(refused)).toEqual([null, null, null]);
    const late = new PacketFeed();
    late.server(10, { seq: 500, ack: 101, flags: SYN | ACK });
    late.client(15, { seq: 101, ack: 501 });
    expect(rtts(late)).toEqual([null, null, 5]);
  });

  it('is unknown when the stamps go back', () => {
    const feed = new PacketFeed();
    feed.client(100, { seq: 100, flags: SYN });
    feed.server(10, { seq: 500, ack: 101, flags: SYN | ACK });
    feed.client(5, { seq: 101, ack: 501 });
    expect(rtts(feed)).toEqual([null, null, null]);
  });
});

describe('retransmissions', () => {
  it('count bytes at a distance of 2^31 as well, where every difference is negative', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(20, { seq: 101, length: 100 });
    feed.client(21, { seq: (201 + 2 ** 31) | 0, length: 100 });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 100, outOfOrder: 0 });
  });

  it('are segments whose bytes were seen before', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(20, { seq: 101, length: 100 });
    feed.client(21, { seq: 201, length: 100 });
    feed.client(22, { seq: 101, length: 100 });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 100, outOfOrder: 0 });
  });

  it('count old bytes only when a segment brings new ones too', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(20, { seq: 101, length: 100 });
    feed.client(300, { seq: 101, length: 160 });
    feed.client(301, { seq: 261, length: 10 });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 100, outOfOrder: 0 });
  });

  it('fill a gap a round trip or more after it was passed over', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(20, { seq: 201, length: 100 });
    feed.client(36, { seq: 101, length: 100 });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 100, outOfOrder: 0 });
  });

  it('are reordering when the gap is filled within the round trip, once', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(20, { seq: 301, length: 100 });
    feed.client(21, { seq: 201, length: 100 });
    feed.client(22, { seq: 101, length: 100 });
    expect(sent(feed)).toEqual({ retransmits: 0, retransmittedBytes: 0, outOfOrder: 2 });
    feed.client(23, { seq: 101, length: 100 });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 100, outOfOrder: 2 });
  });

  it('are reordering within 3 ms when the handshake was not seen', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 1, length: 100 });
    feed.client(1, { seq: 301, length: 100 });
    feed.client(3, { seq: 101, length: 100 });
    feed.client(5, { seq: 201, length: 100 });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 100, outOfOrder: 1 });
  });

  it('include SYN and FIN that are sent again, and no reset, keep-alive or bare ACK', () => {
    const feed = new PacketFeed();
    feed.handshake();
    feed.client(20, { seq: 101, length: 10 });
    feed.client(1000, { seq: 110, ack: 501 });
    feed.client(2000, { seq: 110, ack: 501, length: 1 });
    feed.client(3000, { seq: 101, ack: 501, flags: RST });
    expect(sent(feed).retransmits).toBe(0);
    feed.client(3001, { seq: 111, flags: FIN | ACK });
    feed.client(3300, { seq: 111, flags: FIN | ACK });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 0, outOfOrder: 0 });
  });

  it('are found across the wrap of sequence numbers — RFC 9293 §3.4', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 0xffffff00, length: 200 });
    feed.client(1, { seq: 0xffffffc8, length: 200 });
    feed.client(2, { seq: 0xffffffc8, length: 200 });
    feed.client(3, { seq: 0x90 + 100, length: 100 });
    feed.client(4, { seq: 0x90, length: 100 });
    expect(sent(feed)).toEqual({ retransmits: 1, retransmittedBytes: 200, outOfOrder: 1 });
  });

  it('begin anew when a SYN-ACK contradicts what was seen before', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 100, flags: SYN });
    feed.server(5, { seq: 9_000_000, ack: 3, length: 10 });
    feed.server(10, { seq: 500, ack: 101, flags: SYN | ACK });
    feed.client(15, { seq: 101, ack: 501 });
    feed.server(20, { seq: 501, ack: 101, length: 100 });
    const { toClient } = readFlow(feed.flows, 0);
    expect([toClient.retransmits, toClient.outOfOrder]).toEqual([0, 0]);
  });
});

describe('zero windows', () => {
  it('count segments that close the window, no SYN and no reset', () => {
    const feed = new PacketFeed();
    feed.client(0, { seq: 1, flags: SYN, window: 0 });
    feed.client(1, { seq: 2, window: 0 });
    feed.client(2, { seq: 2, window: 1 });
    feed.client(3, { seq: 2, flags: RST, window: 0 });
    expect(readFlow(feed.flows, 0).toServer.zeroWindows).toBe(1);
  });
});
