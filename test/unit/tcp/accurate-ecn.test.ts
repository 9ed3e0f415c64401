/** What of AccECN needs more than a script: SYN cookies, and what a connection without it keeps. */
import { describe, expect, it } from 'vitest';
import { EcnMode, LINUX_PROFILE, RFC_PROFILE } from '../../../src/tcp/config.ts';
import { TcpState } from '../../../src/tcp/state.ts';
import { ScriptedPeer } from '../../support/tcp-peer.ts';

const ECT1 = 1;
const ECT0 = 2;
const CE = 3;
const ACCURATE = { usesAccurateEcn: true, ecn: EcnMode.Accept };

/** A server that has no room for half-open connections. */
function withCookies(controller = 'reno'): ScriptedPeer {
  const peer = new ScriptedPeer({
    base: LINUX_PROFILE,
    controller,
    ...(controller === 'reno' && { config: ACCURATE }),
  });
  peer.host.layer.listen({ port: 40_000, backlog: 0 });
  return peer;
}

describe('AccECN and SYN cookies — RFC 9768 §5.1', () => {
  it.each([
    [0, 'SW.'],
    [ECT1, 'SEW.'],
    [ECT0, 'SA.'],
    [CE, 'SWA.'],
  ])('answers a SYN that came with codepoint %i by %s, without state', (ecn, flags) => {
    const peer = withCookies();
    peer.sends('SEWA', { seq: 0, mss: 1460, ecn });
    peer.expects(flags, { ack: 1 });
    expect(peer.host.layer.connectionCount).toBe(0);
  });

  it.each(['W.', 'EW.', 'A.', 'AE.', 'WA.', 'EWA.'])(
    'is in AccECN mode after an ACK with %s',
    (flags) => {
      const peer = withCookies();
      peer.sends('SEWA', { seq: 0, mss: 1460 });
      peer.expects('SW.');
      peer.sends(flags, { seq: 1, ack: 1 });
      expect(peer.connection.state).toBe(TcpState.Established);
      expect(peer.connection.hasAccEcn).toBe(true);
      peer.sends('EA.', { seq: 1, ack: 1, length: 1000, ecn: CE });
      peer.expects('WA.', { ack: 1001 });
    },
  );

  it.each(['.', 'E.'])('is without ECN after an ACK with %s', (flags) => {
    const peer = withCookies();
    peer.sends('S', { seq: 0, mss: 1460 });
    peer.expects('S.');
    peer.sends(flags, { seq: 1, ack: 1 });
    expect(peer.connection.state).toBe(TcpState.Established);
    expect([peer.connection.hasEcn, peer.connection.hasAccEcn]).toEqual([false, false]);
  });

  it('agrees for a controller that needs it, and says ECT(1) for Prague', () => {
    const peer = withCookies('prague');
    peer.sends('SEWA', { seq: 0, mss: 1460 });
    peer.expects('SW.');
    peer.sends('W.', { seq: 1, ack: 1 });
    expect([peer.connection.hasAccEcn, peer.connection.sendsEct1]).toEqual([true, true]);
  });
});

describe('AccECN', () => {
  it('is not asked for, and keeps nothing, by default', () => {
    for (const base of [RFC_PROFILE, LINUX_PROFILE]) {
      const peer = new ScriptedPeer({ base });
      peer.connects();
      expect(peer.connection.context.accurateEcn).toEqual([]);
    }
  });

  it('leaves its state with the connection that had it', () => {
    const peer = new ScriptedPeer({ config: { usesAccurateEcn: true, ecn: EcnMode.Request } });
    peer.opens();
    peer.expects('SEWA');
    const { context } = peer.connection;
    expect(context.accurateEcn.filter((state) => state !== undefined)).toHaveLength(1);
    peer.sends('R.', { seq: 0, ack: 1 });
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(context.accurateEcn.filter((state) => state !== undefined)).toHaveLength(0);
  });
});
