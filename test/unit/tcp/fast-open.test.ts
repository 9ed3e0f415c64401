import { describe, expect, it } from 'vitest';
import { FastOpenForm } from '../../../src/frame/frame-record.ts';
import { readableBytes, writeZeros } from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE } from '../../../src/tcp/config.ts';
import { TcpState } from '../../../src/tcp/state.ts';
import { ScriptedPeer } from '../../support/tcp-peer.ts';

const COOKIE = [1, 2, 3, 4, 5, 6, 7, 8];
const SYN = { seq: 0, mss: 1000, isSackPermitted: true };

function client(): ScriptedPeer {
  return new ScriptedPeer({ base: LINUX_PROFILE, config: { usesTimestamps: false } });
}

function server(): ScriptedPeer {
  const peer = new ScriptedPeer({ base: LINUX_PROFILE });
  peer.host.layer.listen({ port: 40_000, fastOpenQueue: 5 });
  return peer;
}

/** The cookie that the host gives to the peer. */
function cookieOf(peer: ScriptedPeer): readonly number[] {
  peer.sends('S', { ...SYN, cookie: [] });
  const { cookie } = peer.expects('S.', { ack: 1 });
  peer.sends('R', { seq: 1 });
  return cookie as readonly number[];
}

describe('a Fast Open client', () => {
  it('asks for a cookie, keeps it, and sends data with the next SYN — RFC 7413 §4.1, §4.2', () => {
    const peer = client();
    peer.opens(true);
    peer.expects('S', { cookie: [], length: 0 });
    peer.sends('S.', { ...SYN, ack: 1, cookie: COOKIE });
    peer.expects('.');
    peer.sends('R', { seq: 1 });
    peer.forget();
    peer.opens(true, 500);
    peer.expects('S', { cookie: COOKIE, length: 500 });
    peer.sends('S.', { ...SYN, ack: 501 });
    peer.expects('.', { seq: 501, ack: 1 });
    expect(peer.connection.bytesAcked).toBe(500);
  });

  it('sends data again that the SYN-ACK does not acknowledge — RFC 7413 §4.2.2', () => {
    const peer = client();
    peer.host.layer.context.fastOpen.remember(
      1,
      Int32Array.from([1, 2, 0, 0]),
      0,
      8,
      FastOpenForm.Option,
    );
    peer.opens(true, 500);
    const syn = peer.expects('S');
    expect(syn.length).toBe(500);
    peer.sends('S.', { ...SYN, ack: 1 });
    peer.expects('P.', { seq: 1, length: 500 });
  });

  it('sends a plain SYN when the first gets no answer — RFC 7413 §4.2.1', () => {
    const peer = client();
    peer.host.layer.context.fastOpen.remember(
      1,
      Int32Array.from([1, 2, 0, 0]),
      0,
      8,
      FastOpenForm.Option,
    );
    peer.opens(true, 500);
    peer.forget();
    peer.wait(1000);
    const syn = peer.expects('S', { length: 0 });
    expect(syn.cookie).toBeUndefined();
  });
});

describe('a Fast Open server', () => {
  it('gives a cookie when asked, and takes data with it before the handshake is over — RFC 7413 §4.2.1', () => {
    const peer = server();
    const cookie = cookieOf(peer);
    expect(cookie.length).toBe(8);
    peer.sends('S', { ...SYN, cookie, length: 300 });
    peer.expects('S.', { ack: 301 });
    expect(readableBytes(peer.connection)).toBe(300);
    peer.does((connection) => writeZeros(connection, 200));
    peer.expects('P.', { seq: 1, ack: 301, length: 200 });
    peer.sends('.', { seq: 301, ack: 201 });
    expect(peer.connection.state).toBe(TcpState.Established);
  });

  it('takes no data with a wrong cookie and gives the right one — RFC 7413 §4.2.1', () => {
    const peer = server();
    const cookie = cookieOf(peer);
    peer.sends('S', { ...SYN, cookie: COOKIE, length: 300 });
    expect(peer.expects('S.', { ack: 1 }).cookie).toEqual(cookie);
  });

  it('gives no cookie where Fast Open is off — RFC 7413 §4.2.1', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.host.layer.listen({ port: 40_000 });
    peer.sends('S', { ...SYN, cookie: [] });
    expect(peer.expects('S.').cookie).toBeUndefined();
  });
});
