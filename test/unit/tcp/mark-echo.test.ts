import { describe, expect, it } from 'vitest';
import { LINUX_PROFILE, RFC_PROFILE } from '../../../src/tcp/config.ts';
import { ScriptedPeer } from '../../support/tcp-peer.ts';

const NOT_ECT = 0;
const ECT0 = 2;
const CE = 3;
const acks = (peer: ScriptedPeer) => peer.sent.map(({ flags, ack }) => [flags, ack]);

/** A receiver of the `rfc` profile, which acknowledges every second segment. */
function receiver(): ScriptedPeer {
  const peer = new ScriptedPeer({ base: RFC_PROFILE, controller: 'dctcp' });
  peer.host.layer.listen({ port: 40_000 });
  peer.sends('SEW', { seq: 0, mss: 1000, isSackPermitted: true });
  peer.expects('SE.', { ack: 1, ecn: ECT0 });
  peer.sends('.', { seq: 1, ack: 1 });
  peer.forget();
  return peer;
}

describe('echoing CE packet by packet', () => {
  it('says ECE for marked segments and not for others, with delayed ACKs — RFC 8257 §3.2', () => {
    const peer = receiver();
    let seq = 1;
    const send = (ecn: number) => {
      peer.sends('.', { seq, ack: 1, length: 1000, ecn });
      seq += 1000;
    };
    send(ECT0);
    expect(acks(peer)).toEqual([]);
    // A change: what waited is acknowledged in the old state, the new segment in the new one.
    send(CE);
    expect(acks(peer)).toEqual([
      ['.', 1001],
      ['E.', 2001],
    ]);
    peer.forget();
    send(CE);
    send(CE);
    expect(acks(peer)).toEqual([['E.', 4001]]);
    peer.forget();
    send(ECT0);
    expect(acks(peer)).toEqual([['.', 5001]]);
  });

  it('takes no notice of CWR — RFC 8257 §3.2', () => {
    const peer = receiver();
    peer.sends('.', { seq: 1, ack: 1, length: 1000, ecn: CE });
    peer.forget();
    peer.sends('.W', { seq: 1001, ack: 1, length: 1000, ecn: CE });
    peer.sends('.', { seq: 2001, ack: 1, length: 1000, ecn: CE });
    expect(acks(peer)).toEqual([['E.', 3001]]);
  });

  it('asks for ECN in the SYN, which may be marked itself — RFC 8257 §3.6', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, controller: 'dctcp' });
    peer.opens();
    peer.expects('SEW', { ecn: ECT0 });
    peer.sends('SE.', { seq: 0, ack: 1, mss: 1000, isSackPermitted: true });
    expect(peer.connection.hasPreciseEcn).toBe(true);
  });

  it('goes without when the peer has no ECN', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, controller: 'dctcp' });
    peer.opens();
    peer.forget();
    peer.sends('S.', { seq: 0, ack: 1, mss: 1000, isSackPermitted: true });
    expect(peer.connection.hasPreciseEcn).toBe(false);
    peer.sends('.', { seq: 1, ack: 1, length: 1000, ecn: CE });
    expect(peer.sent.every(({ flags, ecn }) => !flags.includes('E') && ecn === NOT_ECT)).toBe(true);
  });
});
