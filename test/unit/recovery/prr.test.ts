import { describe, expect, it } from 'vitest';
import { ProportionalRateReduction, ReductionBound } from '../../../src/recovery/prr.ts';

/**
 * The examples of RFC 6937 §3.1: a window of 20 segments, ssthresh 10, limited transmit for two
 * duplicate ACKs, recovery at the third. Gives, from the first ACK on, the pipe when the ACK was
 * processed, what was sent then, and the pipe after that.
 */
function runExample(bound: ReductionBound, lost: number) {
  const prr = new ProportionalRateReduction(bound);
  const before: number[] = [];
  const sent: number[] = [];
  const after: number[] = [];
  // In flight: everything sent, not SACKed, not marked lost; a retransmission counts again.
  let pipe = 20;
  for (let duplicate = 1; duplicate <= 20 - lost; duplicate++) {
    pipe -= 1;
    if (duplicate === 3) {
      pipe -= lost;
      prr.enter(10, 20, 1);
    }
    before.push(pipe);
    const sending = duplicate < 3 ? 1 : prr.onAck(1, pipe, false);
    if (duplicate >= 3) prr.onSent(sending);
    sent.push(sending);
    pipe += sending;
    after.push(pipe);
  }
  return { before, sent, after };
}

describe('proportional rate reduction', () => {
  // The PRR rows of the first table contradict each other: with N at ACKs 18 and 19 and none at 17, as row
  // "sent" has it, pipe could not end at 10. The rule of §3 gives row "pipe" (read after sending, from ACK 4
  // on), and row "sent" up to ACK 16.
  it('answers every second ACK after a single loss — RFC 6937 §3.1, first table', () => {
    for (const bound of [ReductionBound.Conservative, ReductionBound.SlowStart]) {
      const { sent, after } = runExample(bound, 1);
      expect(sent.slice(0, 16)).toEqual([1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
      expect(after.slice(3)).toEqual([
        18, 18, 17, 17, 16, 16, 15, 15, 14, 14, 13, 13, 12, 12, 11, 10,
      ]);
    }
  });

  it('conserves packets after 15 losses with the conservative bound — RFC 6937 §3.1, second table', () => {
    const { before, sent } = runExample(ReductionBound.Conservative, 15);
    expect(sent).toEqual([1, 1, 1, 1, 1]);
    expect(before).toEqual([19, 19, 4, 4, 4]);
  });

  it('sends a segment an ACK more with the slow-start bound — RFC 6937 §3.1, second table', () => {
    const { before, sent } = runExample(ReductionBound.SlowStart, 15);
    expect(sent).toEqual([1, 1, 2, 2, 2]);
    expect(before).toEqual([19, 19, 4, 5, 6]);
  });

  it('takes the slow-start bound only for ACKs that make safe progress, as Linux does', () => {
    const prr = new ProportionalRateReduction(ReductionBound.SafeAck);
    prr.enter(10, 20, 1);
    expect(prr.onAck(1, 4, false)).toBe(1);
    prr.onSent(1);
    expect(prr.onAck(1, 4, true)).toBe(2);
    prr.onSent(2);
    // Two delivered at once, banked nothing: as many as were delivered.
    expect(prr.onAck(2, 4, false)).toBe(2);
  });

  it('never fills the pipe above ssthresh with a reduction bound — RFC 6937 §3', () => {
    const prr = new ProportionalRateReduction(ReductionBound.SlowStart);
    prr.enter(10, 20, 1);
    expect(prr.onAck(6, 8, true)).toBe(2);
    prr.onSent(2);
    expect(prr.onAck(1, 10, true)).toBe(0);
  });

  it('catches up after the application stalled, to where it would have been — RFC 6937 §4', () => {
    const prr = new ProportionalRateReduction(ReductionBound.SlowStart);
    prr.enter(10, 20, 1);
    for (let ack = 1; ack <= 5; ack++) prr.onAck(1, 19 - ack, false);
    // Nothing was sent meanwhile; six delivered of twenty allow three.
    expect(prr.onAck(1, 13, false)).toBe(3);
  });

  it('lets the fast retransmit go whatever the pipe — RFC 6675 §5 step 4.3', () => {
    const prr = new ProportionalRateReduction(ReductionBound.Conservative);
    prr.enter(14600, 29200, 1460);
    expect(prr.onAck(0, 29200, false)).toBe(1460);
    prr.onSent(1460);
    expect(prr.onAck(0, 29200, false)).toBe(0);
  });

  it('counts bytes as well as segments', () => {
    const prr = new ProportionalRateReduction(ReductionBound.SlowStart);
    prr.enter(10220, 14600, 1460);
    expect(prr.onAck(1460, 13140, false)).toBe(1460);
    prr.onSent(1460);
    // 2920 * 0.7 = 2044 may have been sent by now.
    expect(prr.onAck(1460, 13140, false)).toBe(584);
  });
});
