import { describe, expect, it } from 'vitest';
import { writeZeros } from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE } from '../../../src/tcp/config.ts';
import { CongestionState } from '../../../src/tcp/connection.ts';
import { tcpInfo } from '../../../src/tcp/info.ts';
import { type PeerOptions, ScriptedPeer } from '../../support/tcp-peer.ts';

const RTT_MS = 100;

/** An established connection, RTT 100 ms, MSS 1000, that has `segments` segments in flight. */
function inFlight(segments: number, options: PeerOptions = {}): ScriptedPeer {
  const peer = new ScriptedPeer({ base: LINUX_PROFILE, ...options });
  peer.isAccepted(RTT_MS);
  peer.does((connection) => writeZeros(connection, segments * 1000));
  expect(peer.sent.length).toBe(Math.min(10, segments));
  peer.forget();
  peer.wait(RTT_MS);
  return peer;
}

const sequences = (peer: ScriptedPeer) => peer.sent.map(({ seq }) => seq as number);
const info = (peer: ScriptedPeer) => tcpInfo(peer.connection);

describe('fast recovery with SACK', () => {
  it('sends the first segment again at the third SACKed one, and ssthresh is halved — RFC 6675 §5, RFC 8985 §6.2', () => {
    const peer = inFlight(10);
    peer.sends('.', { ack: 1, sack: [[1001, 2001]] });
    peer.sends('.', { ack: 1, sack: [[1001, 3001]] });
    expect(peer.connection.congestionState).toBe(CongestionState.Disorder);
    peer.expectsNothing();
    peer.sends('.', { ack: 1, sack: [[1001, 4001]] });
    peer.expects('.', { seq: 1, length: 1000 });
    expect(peer.connection.congestionState).toBe(CongestionState.Recovery);
    expect(info(peer)).toMatchObject({
      tcpi_snd_ssthresh: 5,
      tcpi_lost: 1,
      tcpi_retrans: 1,
      tcpi_sacked: 3,
      tcpi_unacked: 10,
      tcpi_reordering: 3,
    });
  });

  it('ends when everything sent before is acknowledged, with cwnd near ssthresh — RFC 6675 §5', () => {
    const peer = inFlight(10);
    peer.sends('.', { ack: 1, sack: [[1001, 4001]] });
    peer.expects('.', { seq: 1 });
    peer.wait(RTT_MS);
    peer.sends('.', { ack: 10_001 });
    expect(peer.connection.congestionState).toBe(CongestionState.Open);
    // The ACK that ends it acknowledges seven more, which is worth one segment.
    expect(info(peer)).toMatchObject({ tcpi_snd_cwnd: 6, tcpi_snd_ssthresh: 5, tcpi_lost: 0 });
  });

  it('sends only what is missing, a segment for two delivered while the window comes down — RFC 6937 §3', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 40_000));
    peer.forget();
    peer.wait(RTT_MS);
    // Segments 1 and 3 are lost, the others arrive.
    const sentFor: number[][] = [];
    for (const sack of [
      [[1001, 2001]],
      [
        [3001, 4001],
        [1001, 2001],
      ],
      [
        [3001, 5001],
        [1001, 2001],
      ],
      [
        [3001, 6001],
        [1001, 2001],
      ],
      [
        [3001, 7001],
        [1001, 2001],
      ],
      [
        [3001, 8001],
        [1001, 2001],
      ],
      [
        [3001, 9001],
        [1001, 2001],
      ],
      [
        [3001, 10_001],
        [1001, 2001],
      ],
    ] as const) {
      peer.sends('.', { ack: 1, sack: sack as never });
      sentFor.push(sequences(peer));
      peer.forget();
      peer.wait(2);
    }
    // Limited transmit for two; then one for two delivered, while the pipe is above ssthresh, 5.
    expect(sentFor).toEqual([[10_001], [11_001], [1], [], [2001], [], [], [12_001]]);
  });

  it('sends a lost retransmission again when something sent after it has arrived — RFC 8985 §3', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 60_000));
    peer.forget();
    peer.wait(RTT_MS);
    for (let segment = 2; segment <= 10; segment++) {
      peer.sends('.', { ack: 1, sack: [[1001, 1 + 1000 * segment]] });
      // An ACK within a millisecond of the last transmission would wait for more.
      peer.wait(2);
    }
    const first = sequences(peer);
    expect(first.slice(0, 3)).toEqual([10_001, 11_001, 1]);
    peer.forget();
    peer.wait(RTT_MS);
    // The new data arrives, the retransmission does not.
    peer.sends('.', { ack: 1, sack: [[1001, 13_001]] });
    expect(sequences(peer)[0]).toBe(1);
  });

  it('waits a quarter of the least RTT once reordering was seen, and then sends again — RFC 8985 §6.2', () => {
    const peer = inFlight(10);
    peer.sends('.', { ack: 1, sack: [[1001, 2001]] });
    // The first segment was only late.
    peer.sends('.', { ack: 2001 });
    expect(info(peer).tcpi_reord_seen).toBe(1);
    peer.sends('.', { ack: 2001, sack: [[3001, 7001]] });
    peer.expectsNothing();
    peer.wait(30);
    const again = peer.expects('.', { seq: 2001 });
    expect(again.atMs).toBeGreaterThanOrEqual(2 * RTT_MS + 25);
  });

  it('undoes a recovery whose retransmissions the peer reports as needless — RFC 3708 §3', () => {
    const peer = inFlight(10);
    peer.sends('.', { ack: 1, sack: [[1001, 4001]] });
    peer.expects('.', { seq: 1 });
    peer.sends('.', { ack: 4001 });
    peer.sends('.', { ack: 4001, sack: [[1, 1001]] });
    peer.sends('.', { ack: 10_001 });
    expect(info(peer)).toMatchObject({ tcpi_ca_state: 0, tcpi_dsack_dups: 1 });
    // As before, and then slow start goes on.
    expect(info(peer).tcpi_snd_cwnd).toBeGreaterThanOrEqual(10);
    expect(info(peer).tcpi_snd_ssthresh).toBe(0x7fffffff);
  });

  it('undoes a recovery whose first ACK echoes a time before the retransmission — RFC 4015 §3.2', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted(RTT_MS, { timestamps: [1000, 0] });
    peer.does((connection) => writeZeros(connection, 10_000));
    const echo = peer.sent[0]?.timestamps?.[0] as number;
    peer.forget();
    peer.wait(RTT_MS);
    peer.sends('.', { ack: 1, sack: [[989, 989 + 3 * 988]], timestamps: [1100, echo] });
    peer.expects('.', { seq: 1 });
    peer.wait(10);
    peer.sends('.', { ack: 10_001, timestamps: [1110, echo] });
    expect(info(peer)).toMatchObject({ tcpi_ca_state: 0, tcpi_snd_ssthresh: 0x7fffffff });
    expect(info(peer).tcpi_snd_cwnd).toBeGreaterThanOrEqual(10);
  });

  it('ignores SACK blocks of what was never sent', () => {
    const peer = inFlight(5);
    peer.sends('.', { ack: 1, sack: [[50_001, 60_001]] });
    peer.sends('.', { ack: 1, sack: [[4001, 60_001]] });
    expect(info(peer).tcpi_sacked).toBe(0);
  });
});

describe('fast recovery without SACK', () => {
  const noSack = { usesSack: false };

  it('sends the first segment again at the third duplicate ACK — RFC 5681 §3.2', () => {
    const peer = inFlight(10, noSack);
    peer.sends('.', { ack: 1 });
    peer.sends('.', { ack: 1 });
    peer.expectsNothing();
    peer.sends('.', { ack: 1 });
    peer.expects('.', { seq: 1, length: 1000 });
    expect(info(peer).tcpi_snd_ssthresh).toBe(5);
  });

  it('sends the next missing segment at a partial ACK — RFC 6582 §3.2', () => {
    const peer = inFlight(10, noSack);
    for (let count = 0; count < 3; count++) peer.sends('.', { ack: 1 });
    peer.expects('.', { seq: 1 });
    peer.wait(RTT_MS);
    // More than ssthresh is in flight: nothing goes out in answer to the first segment of three.
    peer.sends('.', { ack: 3001 });
    peer.expectsNothing();
    peer.sends('.', { ack: 3001 });
    peer.expects('.', { seq: 3001 });
    peer.wait(RTT_MS);
    peer.sends('.', { ack: 10_001 });
    peer.does((connection) => writeZeros(connection, 1000));
    peer.sends('.', { ack: 11_001 });
    expect(peer.connection.congestionState).toBe(CongestionState.Open);
  });

  it('sends new data for the first two duplicate ACKs — RFC 3042 §2', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, usesSack: false });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 30_000));
    peer.forget();
    peer.wait(RTT_MS);
    peer.sends('.', { ack: 1 });
    peer.expects('.', { seq: 10_001 });
    peer.wait(2);
    peer.sends('.', { ack: 1 });
    peer.expects('.', { seq: 11_001 });
  });
});

describe('the retransmission timer', () => {
  const noProbe = { config: { usesTailLossProbe: false } };

  it('fires 300 ms after a first RTT of 100 ms in the linux profile, then doubles — RFC 6298 §5', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, ...noProbe });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 1000));
    peer.wait(2500);
    expect(peer.sent.map(({ atMs }) => atMs - RTT_MS)).toEqual([0, 300, 900, 2100]);
  });

  it('starts again when new data is acknowledged — RFC 6298 §5.3', () => {
    const peer = inFlight(3, noProbe);
    peer.wait(150);
    peer.sends('.', { ack: 1001 });
    peer.wait(280);
    peer.expectsNothing();
    peer.wait(150);
    peer.expects('.', { seq: 1001 });
  });

  it('sets cwnd to one segment and sends the first again — RFC 5681 §3.1', () => {
    const peer = inFlight(10, noProbe);
    peer.wait(300);
    peer.expects('.', { seq: 1 });
    peer.expectsNothing();
    expect(info(peer)).toMatchObject({
      tcpi_ca_state: CongestionState.Loss,
      tcpi_snd_cwnd: 1,
      tcpi_snd_ssthresh: 5,
      tcpi_lost: 10,
      tcpi_retrans: 1,
    });
  });

  it('sends everything again in slow start when the loss was real — RFC 5681 §3.1', () => {
    const peer = inFlight(10, noProbe);
    peer.wait(300);
    peer.expects('.', { seq: 1 });
    peer.wait(RTT_MS);
    peer.sends('.', { ack: 1001 });
    expect(sequences(peer)).toEqual([1001, 2001]);
    peer.forget();
    peer.wait(RTT_MS);
    peer.sends('.', { ack: 3001 });
    expect(sequences(peer)).toEqual([3001, 4001, 5001, 6001]);
  });

  it('finds by new data that a timeout was spurious, and undoes it — RFC 5682 §3.1', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, ...noProbe });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 30_000));
    peer.forget();
    peer.wait(350);
    peer.expects('.', { seq: 1 });
    // The originals were only slow: their ACKs come one by one.
    peer.sends('.', { ack: 1001 });
    expect(sequences(peer)).toEqual([10_001, 11_001]);
    peer.forget();
    peer.sends('.', { ack: 2001 });
    expect(peer.connection.congestionState).toBe(CongestionState.Open);
    expect(info(peer)).toMatchObject({ tcpi_lost: 0, tcpi_snd_ssthresh: 0x7fffffff });
    expect(info(peer).tcpi_snd_cwnd).toBeGreaterThanOrEqual(10);
  });

  it('takes no RTT sample from a segment that was sent twice — RFC 6298 §3 (Karn)', () => {
    const peer = inFlight(1, noProbe);
    peer.wait(300);
    peer.expects('P.', { seq: 1 });
    const before = info(peer).tcpi_rtt;
    peer.wait(5);
    peer.sends('.', { ack: 1001 });
    expect(info(peer).tcpi_rtt).toBe(before);
  });

  it('keeps a timeout that was doubled until an RTT is measured again — RFC 6298 §5.5, §5.7', () => {
    const peer = inFlight(2, { ...noProbe, usesSack: false });
    peer.wait(1000);
    expect(peer.sent.map(({ atMs }) => atMs - RTT_MS)).toEqual([300, 900]);
    peer.forget();
    // The ACK of a retransmission measures nothing.
    peer.sends('.', { ack: 1001 });
    peer.forget();
    peer.wait(1199);
    peer.expectsNothing();
    peer.wait(1);
    peer.expects('P.', { seq: 1001 });
    // That of new data does.
    peer.sends('.', { ack: 2001 });
    peer.does((connection) => writeZeros(connection, 1000));
    peer.wait(RTT_MS);
    peer.sends('.', { ack: 3001 });
    expect(info(peer).tcpi_rto).toBeLessThan(400_000);
  });

  it('forgets SACKs of a peer that dropped what it had — RFC 2018 §8', () => {
    const peer = inFlight(5, noProbe);
    peer.sends('.', { ack: 1, sack: [[1001, 5001]] });
    peer.sends('.', { ack: 1001, sack: [[2001, 5001]] });
    peer.sends('.', { ack: 1001 });
    peer.forget();
    peer.sends('.', { ack: 2001 });
    peer.wait(2000);
    expect(info(peer).tcpi_sacked).toBe(0);
  });
});

describe('tail loss probe', () => {
  it('sends the last segment again after two RTTs — RFC 8985 §7.2', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 5000));
    peer.forget();
    peer.wait(1000);
    const probe = peer.sent[0];
    expect(probe).toMatchObject({ seq: 4001, length: 1000 });
    expect((probe?.atMs as number) - RTT_MS).toBe(202);
  });

  it('sends new data instead when there is some — RFC 8985 §7.3', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 30_000));
    peer.forget();
    peer.wait(210);
    peer.expects('.', { seq: 10_001 });
  });

  it('reduces the window when the probe repaired a loss — RFC 8985 §7.4.2', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 5000));
    peer.wait(210);
    peer.forget();
    peer.does((connection) => writeZeros(connection, 1000));
    peer.sends('.', { ack: 6001 });
    expect(info(peer)).toMatchObject({ tcpi_snd_cwnd: 5, tcpi_snd_ssthresh: 5, tcpi_ca_state: 0 });
  });

  it('keeps the window when both copies arrived — RFC 8985 §7.4.2', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE });
    peer.isAccepted(RTT_MS);
    peer.does((connection) => writeZeros(connection, 5000));
    peer.wait(210);
    peer.sends('.', { ack: 5001, sack: [[4001, 5001]] });
    expect(info(peer).tcpi_snd_ssthresh).toBe(0x7fffffff);
    expect(info(peer).tcpi_snd_cwnd).toBeGreaterThanOrEqual(10);
  });
});

describe('ECN', () => {
  const ecn: PeerOptions = { config: { ecn: 2 } };

  it('asks in the SYN, marks data ECT(0) and not retransmissions or ACKs — RFC 3168 §6.1', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, ...ecn });
    peer.opens();
    peer.expects('SEW', { ecn: 0 });
    peer.sends('SE.', { seq: 0, ack: 1, mss: 1000, isSackPermitted: true });
    peer.expects('.', { ecn: 0 });
    peer.does((connection) => writeZeros(connection, 1000));
    peer.expects('P.', { ecn: 2 });
    peer.wait(1100);
    peer.expects('P.', { ecn: 0, seq: 1 });
  });

  it('comes down once for a window of ECN-Echo and says CWR with the next data — RFC 3168 §6.1.2', () => {
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, ...ecn });
    peer.opens();
    peer.wait(RTT_MS);
    peer.sends('SE.', { seq: 0, ack: 1, mss: 1000, isSackPermitted: true });
    peer.does((connection) => writeZeros(connection, 30_000));
    peer.forget();
    peer.wait(RTT_MS);
    peer.sends('E.', { ack: 2001 });
    expect(info(peer)).toMatchObject({ tcpi_ca_state: CongestionState.Cwr, tcpi_snd_ssthresh: 5 });
    peer.sends('E.', { ack: 4001 });
    peer.sends('.', { ack: 6001 });
    expect(peer.sent[0]?.flags).toContain('W');
    expect(peer.sent.slice(1).some(({ flags }) => flags.includes('W'))).toBe(false);
    expect(info(peer).tcpi_snd_ssthresh).toBe(5);
  });
});
