import { describe, expect, it } from 'vitest';
import { readableBytes, writeZeros } from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE } from '../../../src/tcp/config.ts';
import { TcpError } from '../../../src/tcp/errors.ts';
import { TransportEvent } from '../../../src/tcp/events.ts';
import { TcpState } from '../../../src/tcp/state.ts';
import { ScriptedPeer } from '../../support/tcp-peer.ts';

describe('opening', () => {
  it('sends MSS, window scale, SACK permitted and timestamps with a SYN — RFC 9293 §3.7.1, RFC 7323 §2.2', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.opens();
    const syn = peer.expects('S', { mss: 1460, isSackPermitted: true, windowScale: 7 });
    expect(syn.timestamps?.[1]).toBe(0);
    expect(syn.window).toBe(64_240);
  });

  it('opens actively: SYN, SYN-ACK, ACK — RFC 9293 §3.5, figure 6', () => {
    const peer = new ScriptedPeer();
    peer.connects();
    expect(peer.connection.state).toBe(TcpState.Established);
    expect(peer.host.events).toContain(TransportEvent.Established);
    peer.expectsNothing();
  });

  it('opens passively and takes data that comes with the ACK — RFC 9293 §3.10.7.4', () => {
    const peer = new ScriptedPeer();
    peer.host.layer.listen({ port: 40_000 });
    peer.sends('S', { seq: 0, mss: 1000 });
    peer.expects('S.', { seq: 0, ack: 1 });
    peer.sends('P.', { seq: 1, ack: 1, length: 100 });
    expect(peer.connection.state).toBe(TcpState.Established);
    expect(readableBytes(peer.connection)).toBe(100);
  });

  it('opens on both sides at once — RFC 9293 §3.5, figure 7', () => {
    const peer = new ScriptedPeer();
    peer.opens();
    peer.expects('S', { seq: 0 });
    peer.sends('S', { seq: 0, mss: 1000 });
    expect(peer.connection.state).toBe(TcpState.SynReceived);
    peer.expects('S.', { seq: 0, ack: 1 });
    peer.sends('S.', { seq: 0, ack: 1, mss: 1000 });
    expect(peer.connection.state).toBe(TcpState.Established);
  });

  it('agrees only to options that the peer offers — RFC 7323 §2.2 and §3.2, RFC 2018 §2', () => {
    const peer = new ScriptedPeer({ usesSack: false });
    peer.isAccepted();
    const { connection } = peer;
    expect(connection.hasTimestamps).toBe(false);
    expect(connection.hasWindowScaling).toBe(false);
    expect(connection.hasSack).toBe(false);
    expect(connection.smss).toBe(1000);
  });

  it('takes 536 bytes for the MSS of a peer that says nothing — RFC 9293 §3.7.1', () => {
    const peer = new ScriptedPeer();
    peer.host.layer.listen({ port: 40_000 });
    peer.sends('S', { seq: 0 });
    peer.expects('S.');
    peer.sends('.', { seq: 1, ack: 1 });
    expect(peer.connection.smss).toBe(536);
  });

  it('sends the SYN again after 1, 2, 4 … s and gives up — RFC 9293 §3.8.3, RFC 6298 §5.5', () => {
    const peer = new ScriptedPeer({ config: { synRetries: 3 } });
    peer.opens();
    peer.wait(60_000);
    expect(peer.sent.map(({ atMs }) => atMs)).toEqual([0, 1000, 3000, 7000]);
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(peer.connection.error).toBe(TcpError.TimedOut);
  });

  it('sends the SYN-ACK again when it times out, and when the SYN comes again — RFC 9293 §3.10.7.4', () => {
    const peer = new ScriptedPeer();
    peer.host.layer.listen({ port: 40_000 });
    peer.sends('S', { seq: 0, mss: 1000 });
    peer.expects('S.', { seq: 0, ack: 1 });
    peer.wait(1000);
    peer.expects('S.', { seq: 0, ack: 1, atMs: 1000 });
    peer.sends('S', { seq: 0, mss: 1000 });
    peer.expects('S.', { seq: 0, ack: 1 });
  });

  it('is refused by a reset that acknowledges the SYN, and by no other — RFC 9293 §3.10.7.3', () => {
    const peer = new ScriptedPeer();
    peer.opens();
    peer.expects('S');
    peer.sends('R', { seq: 0 });
    peer.sends('R.', { seq: 0, ack: 77 });
    expect(peer.connection.state).toBe(TcpState.SynSent);
    peer.sends('R.', { seq: 0, ack: 1 });
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(peer.connection.error).toBe(TcpError.ConnectionRefused);
  });

  it('answers an ACK of something never sent with a reset in SYN-SENT — RFC 9293 §3.10.7.3', () => {
    const peer = new ScriptedPeer();
    peer.opens();
    peer.expects('S');
    peer.sends('.', { seq: 5, ack: 100 });
    peer.expects('R', { seq: 100 });
    expect(peer.connection.state).toBe(TcpState.SynSent);
  });

  it('answers a segment without a connection with a reset — RFC 9293 §3.10.7.1', () => {
    const peer = new ScriptedPeer();
    peer.sends('.', { seq: 5, ack: 100, length: 10 });
    peer.expects('R', { seq: 100 });
    peer.sends('S', { seq: 5, length: 0 });
    peer.expects('R.', { ack: 6 });
    peer.sends('R', { seq: 5 });
    peer.expectsNothing();
  });

  it('starts with ten segments — RFC 6928 §2', () => {
    const peer = new ScriptedPeer();
    peer.isAccepted();
    peer.does((connection) => writeZeros(connection, 50_000));
    expect(peer.sent.length).toBe(10);
  });

  it('starts with one segment after a lost SYN — RFC 5681 §3.1', () => {
    const peer = new ScriptedPeer();
    peer.opens();
    peer.wait(1000);
    peer.forget();
    peer.sends('S.', { seq: 0, ack: 1, mss: 1000 });
    peer.expects('.');
    peer.does((connection) => writeZeros(connection, 50_000));
    expect(peer.sent.length).toBe(1);
  });

  it('drops SYNs when the accept queue is full, and answers with cookies when the half-open one is — RFC 4987 §3.6', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.host.layer.listen({ port: 40_000, backlog: 0 });
    peer.sends('S', {
      seq: 0,
      mss: 1460,
      isSackPermitted: true,
      timestamps: [500, 0],
      windowScale: 6,
    });
    const { timestamps } = peer.expects('S.', { ack: 1, isSackPermitted: true });
    expect(peer.host.layer.connectionCount).toBe(0);
    peer.sends('.', { seq: 1, ack: 1, timestamps: [600, timestamps?.[0] as number] });
    expect(peer.connection.state).toBe(TcpState.Established);
    expect(peer.connection.hasSack).toBe(true);
    expect(peer.connection.sndWndShift).toBe(6);
    expect(peer.connection.peerMss).toBe(1460);
  });

  it('answers an ACK with a wrong cookie with a reset — RFC 4987 §3.6', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.host.layer.listen({ port: 40_000, backlog: 0 });
    peer.sends('S', { seq: 0, mss: 1460 });
    peer.expects('S.');
    peer.sends('.', { seq: 1, ack: 2 });
    peer.expects('R', { seq: 2 });
  });

  it('chooses a free port by itself, and refuses one that is in use — RFC 6056 §3', () => {
    const peer = new ScriptedPeer();
    peer.opens();
    expect(peer.opens()).toBe(TcpError.AddressInUse);
  });
});
