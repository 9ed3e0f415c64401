import { describe, expect, it } from 'vitest';
import {
  abort,
  close,
  discard,
  isAtEnd,
  shutdownWrite,
  writeError,
  writeZeros,
} from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE } from '../../../src/tcp/config.ts';
import { TcpError } from '../../../src/tcp/errors.ts';
import { TransportEvent } from '../../../src/tcp/events.ts';
import { tcpInfo } from '../../../src/tcp/info.ts';
import { TcpState } from '../../../src/tcp/state.ts';
import { ScriptedPeer } from '../../support/tcp-peer.ts';

function open(): ScriptedPeer {
  const peer = new ScriptedPeer();
  peer.isAccepted();
  return peer;
}

describe('closing', () => {
  it('closes first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT for 2 MSL — RFC 9293 §3.6, figure 12', () => {
    const peer = open();
    peer.does(close);
    peer.expects('F.', { seq: 1, ack: 1 });
    expect(peer.connection.state).toBe(TcpState.FinWait1);
    peer.sends('.', { seq: 1, ack: 2 });
    expect(peer.connection.state).toBe(TcpState.FinWait2);
    peer.sends('F.', { seq: 1, ack: 2 });
    peer.expects('.', { seq: 2, ack: 2 });
    expect(peer.host.layer.timeWaitCount).toBe(1);
    expect(peer.host.layer.connectionCount).toBe(0);
    peer.wait(239_999);
    expect(peer.host.layer.timeWaitCount).toBe(1);
    peer.wait(1);
    expect(peer.host.layer.timeWaitCount).toBe(0);
  });

  it('keeps its times once another connection has its place in the tables of the layer', () => {
    const peer = open();
    peer.wait(50);
    peer.does((connection) => writeZeros(connection, 100));
    peer.sends('.', { ack: 101 });
    const first = peer.connection;
    peer.does(abort);
    const before = tcpInfo(first);
    peer.wait(700);
    peer.opens();
    expect(peer.connection).not.toBe(first);
    expect(peer.connection.slot).toBe(first.slot);
    expect(tcpInfo(first)).toEqual({
      ...before,
      tcpi_last_data_sent: before.tcpi_last_data_sent + 700,
      tcpi_last_data_recv: before.tcpi_last_data_recv + 700,
      tcpi_last_ack_recv: before.tcpi_last_ack_recv + 700,
    });
  });

  it('closes second: CLOSE-WAIT, LAST-ACK — RFC 9293 §3.6, figure 12', () => {
    const peer = open();
    peer.sends('F.', { seq: 1, ack: 1 });
    peer.expects('.', { ack: 2 });
    expect(peer.connection.state).toBe(TcpState.CloseWait);
    expect(isAtEnd(peer.connection)).toBe(true);
    expect(peer.host.events).toContain(TransportEvent.PeerClosed);
    peer.does(close);
    peer.expects('F.', { seq: 1, ack: 2 });
    expect(peer.connection.state).toBe(TcpState.LastAck);
    peer.sends('.', { seq: 2, ack: 2 });
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(peer.host.layer.timeWaitCount).toBe(0);
  });

  it('closes on both sides at once: CLOSING — RFC 9293 §3.6, figure 13', () => {
    const peer = open();
    peer.does(close);
    peer.expects('F.', { seq: 1 });
    peer.sends('F.', { seq: 1, ack: 1 });
    peer.expects('.', { seq: 2, ack: 2 });
    expect(peer.connection.state).toBe(TcpState.Closing);
    peer.sends('.', { seq: 2, ack: 2 });
    expect(peer.host.layer.timeWaitCount).toBe(1);
  });

  it('goes straight to TIME-WAIT when one segment brings FIN and the ACK of ours — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.does(close);
    peer.expects('F.');
    peer.sends('F.', { seq: 1, ack: 2 });
    peer.expects('.', { seq: 2, ack: 2 });
    expect(peer.host.layer.timeWaitCount).toBe(1);
  });

  it('sends data that is queued before the FIN, which rides on the last segment — RFC 9293 §3.10.4', () => {
    const peer = open();
    peer.does((connection) => {
      writeZeros(connection, 1500);
      close(connection);
    });
    peer.expects('.', { seq: 1, length: 1000 });
    peer.expects('FP.', { seq: 1001, length: 500 });
  });

  it('goes on reading after it has closed its own half — RFC 9293 §3.6', () => {
    const peer = open();
    peer.does(shutdownWrite);
    peer.expects('F.', { seq: 1 });
    peer.sends('.', { seq: 1, ack: 2 });
    peer.sends('P.', { seq: 1, ack: 2, length: 300 });
    expect(discard(peer.connection, 1000)).toBe(300);
    expect(writeError(peer.connection)).toBe(TcpError.BrokenPipe);
  });

  it('goes on writing after the peer has closed — RFC 9293 §3.6', () => {
    const peer = open();
    peer.sends('F.', { seq: 1, ack: 1 });
    peer.expects('.', { ack: 2 });
    peer.does((connection) => writeZeros(connection, 100));
    peer.expects('P.', { seq: 1, ack: 2, length: 100 });
  });

  it('holds a FIN that comes before the data it follows — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.sends('F.', { seq: 101, ack: 1 });
    expect(peer.connection.state).toBe(TcpState.Established);
    peer.sends('P.', { seq: 1, ack: 1, length: 100 });
    expect(peer.connection.state).toBe(TcpState.CloseWait);
    peer.forget();
    expect(discard(peer.connection, 1000)).toBe(100);
    expect(isAtEnd(peer.connection)).toBe(true);
  });

  it('sends a FIN again that is not acknowledged — RFC 9293 §3.8.1', () => {
    const peer = open();
    peer.does(close);
    peer.expects('F.', { seq: 1, atMs: 0 });
    peer.wait(1500);
    peer.expects('F.', { seq: 1 });
  });

  it('acknowledges a FIN again in TIME-WAIT and waits anew — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.does(close);
    peer.sends('F.', { seq: 1, ack: 2 });
    peer.forget();
    peer.wait(200_000);
    peer.sends('F.', { seq: 1, ack: 2 });
    peer.expects('.', { seq: 2, ack: 2 });
    peer.wait(200_000);
    expect(peer.host.layer.timeWaitCount).toBe(1);
    peer.wait(40_000);
    expect(peer.host.layer.timeWaitCount).toBe(0);
  });

  it('lets a SYN with a later sequence number reopen a connection in TIME-WAIT — RFC 1122 §4.2.2.13', () => {
    const peer = open();
    peer.does(close);
    peer.sends('F.', { seq: 1, ack: 2 });
    peer.forget();
    peer.sends('S', { seq: 100_000, mss: 1000 });
    peer.expects('S.', { ack: 100_001 });
    expect(peer.host.layer.timeWaitCount).toBe(0);
    expect(peer.host.layer.connectionCount).toBe(1);
  });

  it('answers an old SYN in TIME-WAIT with an ACK — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.does(close);
    peer.sends('F.', { seq: 1, ack: 2 });
    peer.forget();
    peer.sends('S', { seq: 0, mss: 1000 });
    peer.expects('.', { seq: 2, ack: 2 });
    expect(peer.host.layer.timeWaitCount).toBe(1);
  });

  it('resets when it is closed with data unread — RFC 9293 §3.6.1', () => {
    const peer = open();
    peer.sends('P.', { seq: 1, ack: 1, length: 10 });
    peer.does(close);
    peer.expects('R.', { seq: 1, ack: 11 });
    expect(peer.connection.state).toBe(TcpState.Closed);
  });

  it('resets when data comes that nobody will read — RFC 9293 §3.6.1', () => {
    const peer = open();
    peer.does(close);
    peer.expects('F.');
    peer.sends('.', { seq: 1, ack: 2 });
    peer.sends('P.', { seq: 1, ack: 2, length: 10 });
    peer.expects('R', { seq: 2 });
    expect(peer.connection.state).toBe(TcpState.Closed);
  });

  it('does not wait for the peer for ever when nobody holds the connection', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted();
    peer.does(close);
    peer.sends('.', { seq: 1, ack: 2 });
    expect(peer.connection.state).toBe(TcpState.FinWait2);
    peer.wait(60_000);
    expect(peer.connection.state).toBe(TcpState.Closed);
  });

  it('aborts with a reset at SND.NXT and forgets what was queued — RFC 9293 §3.10.5', () => {
    const peer = open();
    peer.does((connection) => writeZeros(connection, 50_000));
    peer.forget();
    peer.does(abort);
    peer.expects('R.', { seq: 10_001 });
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(peer.host.layer.context.segments.inUse).toBe(0);
    expect(peer.host.layer.context.pieces.inUse).toBe(0);
    expect(peer.host.layer.pollTimeoutNs()).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('closes in SYN-SENT without a word — RFC 9293 §3.10.4', () => {
    const peer = new ScriptedPeer();
    peer.opens();
    peer.expects('S');
    peer.does(close);
    peer.expectsNothing();
    peer.sends('S.', { seq: 0, ack: 1, mss: 1000 });
    peer.expects('R', { seq: 1 });
  });
});
