import { describe, expect, it } from 'vitest';
import { close, writableBytes, writeZeros } from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE } from '../../../src/tcp/config.ts';
import { TcpError } from '../../../src/tcp/errors.ts';
import { TransportEvent } from '../../../src/tcp/events.ts';
import { setCork, setKeepAlive, setNoDelay, setUserTimeout } from '../../../src/tcp/options.ts';
import { TcpState } from '../../../src/tcp/state.ts';
import { type PeerOptions, ScriptedPeer } from '../../support/tcp-peer.ts';

function open(options: PeerOptions = {}): ScriptedPeer {
  const peer = new ScriptedPeer(options);
  peer.isAccepted();
  return peer;
}

const writes = (peer: ScriptedPeer, bytes: number, hasMore = false) =>
  peer.does((connection) => writeZeros(connection, bytes, hasMore));

describe('segmentation', () => {
  it('fills segments up to the MSS and sends the rest of a write with PSH — RFC 9293 §3.7', () => {
    const peer = open();
    writes(peer, 2500);
    peer.expects('.', { seq: 1, length: 1000 });
    peer.expects('.', { seq: 1001, length: 1000 });
    peer.sends('.', { seq: 1, ack: 2001 });
    peer.expects('P.', { seq: 2001, length: 500 });
  });

  it('takes the options off the MSS — RFC 6691 §2', () => {
    const peer = new ScriptedPeer();
    peer.isAccepted(0, { timestamps: [1, 0] });
    writes(peer, 3000);
    peer.expects('.', { length: 988 });
  });

  it('holds a short segment back while anything is unacknowledged — RFC 9293 §3.7.4 (Nagle)', () => {
    const peer = open();
    writes(peer, 100);
    writes(peer, 100);
    writes(peer, 100);
    peer.expects('P.', { seq: 1, length: 100 });
    peer.expectsNothing();
    peer.sends('.', { seq: 1, ack: 101 });
    peer.expects('P.', { seq: 101, length: 200 });
  });

  it('holds nothing back when the application wants no delay — RFC 9293 §3.7.4', () => {
    const peer = open();
    writes(peer, 100);
    writes(peer, 100);
    peer.does((connection) => setNoDelay(connection, true));
    peer.expects('P.', { seq: 1, length: 100 });
    peer.expects('P.', { seq: 101, length: 100 });
    writes(peer, 100);
    peer.expects('P.', { seq: 201, length: 100 });
  });

  it('holds a short segment back only for another short one in the linux profile (Minshall)', () => {
    const peer = open({ base: LINUX_PROFILE });
    writes(peer, 1000);
    writes(peer, 100);
    writes(peer, 100);
    peer.expects('P.', { length: 1000 });
    peer.expects('P.', { seq: 1001, length: 100 });
    peer.expectsNothing();
  });

  it('holds partial segments back while corked, until the timer of window probes', () => {
    const peer = open({ base: LINUX_PROFILE });
    peer.does((connection) => setCork(connection, true));
    writes(peer, 1100);
    peer.expects('.', { seq: 1, length: 1000 });
    peer.expectsNothing();
    peer.sends('.', { seq: 1, ack: 1001 });
    peer.expectsNothing();
    peer.does((connection) => setCork(connection, false));
    peer.expects('P.', { seq: 1001, length: 100 });
    peer.does((connection) => setCork(connection, true));
    peer.sends('.', { seq: 1, ack: 1101 });
    writes(peer, 50);
    peer.expectsNothing();
    peer.wait(310);
    peer.expects('P.', { seq: 1101, length: 50 });
  });

  it('holds a write back that says more follows', () => {
    const peer = open({ base: LINUX_PROFILE });
    writes(peer, 100, true);
    peer.expectsNothing();
    writes(peer, 100);
    peer.expects('P.', { seq: 1, length: 200 });
  });

  it('ends each chunk of half the window with PSH in the linux profile', () => {
    const peer = open({ base: LINUX_PROFILE });
    writes(peer, 50_000);
    const pushed = peer.sent.filter(({ flags }) => flags === 'P.').map(({ seq }) => seq);
    expect(peer.sent.length).toBe(10);
    expect(pushed).toEqual([4001, 9001]);
  });
});

describe('the send window', () => {
  it('sends no more than the window, and goes on when it opens — RFC 9293 §3.8.6', () => {
    const peer = open({ window: 3000 });
    writes(peer, 10_000);
    expect(peer.sent.length).toBe(3);
    peer.forget();
    peer.sends('.', { seq: 1, ack: 3001, window: 2000 });
    peer.expects('.', { seq: 3001 });
    peer.expects('.', { seq: 4001 });
    peer.expectsNothing();
  });

  it('does not send into a little window, but at least half of the largest — RFC 9293 §3.8.6.2.1', () => {
    const peer = open({ window: 3000 });
    writes(peer, 20_000);
    peer.forget();
    peer.sends('.', { seq: 1, ack: 3001, window: 900 });
    peer.expectsNothing();
    peer.sends('.', { seq: 1, ack: 3001, window: 1000 });
    peer.expects('.', { seq: 3001, length: 1000 });
  });

  it('probes a closed window after the RTO, doubling — RFC 9293 §3.8.6.1', () => {
    const peer = open({ window: 1000 });
    writes(peer, 5000);
    peer.expects('.', { length: 1000 });
    peer.sends('.', { seq: 1, ack: 1001, window: 0 });
    peer.wait(10_000);
    expect(peer.sent.map(({ seq, length, atMs }) => [seq, length, atMs])).toEqual([
      [1000, 0, 1000],
      [1000, 0, 3000],
      [1000, 0, 7000],
    ]);
    peer.forget();
    peer.sends('.', { seq: 1, ack: 1001, window: 3000 });
    peer.expects('.', { seq: 1001 });
  });

  it('stays open as long as probes are answered, and gives up when they are not — RFC 9293 §3.8.6.1', () => {
    const peer = open({ window: 1000, config: { retriesR2: 4 } });
    writes(peer, 5000);
    peer.sends('.', { seq: 1, ack: 1001, window: 0 });
    for (let probe = 0; probe < 10; probe++) {
      peer.wait(1000);
      peer.sends('.', { seq: 1, ack: 1001, window: 0 });
    }
    expect(peer.connection.state).toBe(TcpState.Established);
    peer.wait(200_000);
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(peer.connection.error).toBe(TcpError.TimedOut);
  });

  it('takes of a write what the buffer has room for, and says when there is room again', () => {
    const peer = open({ config: { sendBufferBytes: 6000, sendBufferBytesMax: 6000 } });
    expect(writes(peer, 10_000)).toBe(6000);
    expect(writableBytes(peer.connection)).toBe(0);
    peer.host.events.length = 0;
    peer.sends('.', { seq: 1, ack: 1001 });
    expect(peer.host.events).not.toContain(TransportEvent.Writable);
    peer.sends('.', { seq: 1, ack: 3001 });
    expect(peer.host.events).toContain(TransportEvent.Writable);
  });
});

describe('timeouts of a connection', () => {
  it('gives up after R2 retransmissions — RFC 9293 §3.8.3', () => {
    const peer = open({ config: { retriesR2: 3, usesTailLossProbe: false } });
    writes(peer, 100);
    peer.wait(60_000);
    expect(peer.sent.map(({ atMs }) => atMs)).toEqual([0, 1000, 3000, 7000]);
    expect(peer.connection.error).toBe(TcpError.TimedOut);
  });

  it('gives up when the user timeout is over — RFC 5482 §3', () => {
    const peer = open({ config: { usesTailLossProbe: false } });
    peer.does((connection) => setUserTimeout(connection, 5e9));
    writes(peer, 100);
    peer.wait(4999);
    expect(peer.connection.state).toBe(TcpState.Established);
    peer.wait(2);
    expect(peer.connection.error).toBe(TcpError.TimedOut);
  });

  it('asks an idle peer whether it is there, and resets when it is not — RFC 9293 §3.8.4', () => {
    const peer = open();
    peer.does((connection) => {
      setKeepAlive(connection, true, { idleNs: 10e9, intervalNs: 2e9, probes: 2 });
    });
    peer.wait(9000);
    peer.sends('.', { seq: 1, ack: 1 });
    peer.wait(10_000);
    peer.expects('.', { seq: 0, atMs: 19_000 });
    peer.sends('.', { seq: 1, ack: 1 });
    peer.wait(13_999);
    peer.expects('.', { seq: 0, atMs: 29_000 });
    peer.expects('.', { seq: 0, atMs: 31_000 });
    peer.wait(1);
    peer.expects('R.', { seq: 1 });
    expect(peer.connection.error).toBe(TcpError.TimedOut);
  });

  it('probes a closed window for a FIN, too', () => {
    const peer = open({ window: 1000 });
    writes(peer, 1000);
    peer.expects('P.', { length: 1000 });
    peer.does(close);
    peer.sends('.', { seq: 1, ack: 1001, window: 0 });
    peer.expectsNothing();
    peer.wait(1000);
    peer.expects('.', { seq: 1000 });
    peer.sends('.', { seq: 1, ack: 1001, window: 1000 });
    peer.expects('F.', { seq: 1001 });
  });
});
