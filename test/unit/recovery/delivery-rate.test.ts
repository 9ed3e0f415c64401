import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/engine/clock.ts';
import {
  AckRecord,
  COUNTS_SHIFT,
  DeliveryRateEstimator,
  LossRecord,
  type SentRows,
  TIMES_SHIFT,
} from '../../../src/recovery/delivery-rate.ts';

const MS = 1e6;
const BYTES = 1000;

function setUp() {
  const clock = new VirtualClock();
  const rows = 64;
  const sent: SentRows = {
    times: new Float64Array(rows << TIMES_SHIFT),
    counts: new Int32Array(rows << COUNTS_SHIFT),
  };
  const estimator = new DeliveryRateEstimator(clock);
  const sample = new AckRecord();
  let inFlight = 0;
  return {
    estimator,
    sample,
    sent,
    send(row: number, atMs: number) {
      clock.cell[0] = atMs * MS;
      inFlight += BYTES;
      estimator.stampSent(sent, row, BYTES, inFlight);
    },
    ack(rows: number[], atMs: number, minRttMs = 0) {
      clock.cell[0] = atMs * MS;
      estimator.beginAck(sample);
      for (const row of rows) {
        estimator.onDelivered(sample, sent, row, BYTES);
        inFlight -= BYTES;
      }
      estimator.endAck(sample, minRttMs * MS);
      return sample;
    },
    lose(row: number, atMs: number) {
      clock.cell[0] = atMs * MS;
      const loss = new LossRecord();
      inFlight -= BYTES;
      estimator.onLost(loss, sent, row, BYTES);
      return loss;
    },
    inFlight: () => inFlight,
  };
}

describe('delivery-rate samples', () => {
  it('measures from the sending of the first flight — draft-ietf-ccwg-bbr §4.1.2.2', () => {
    const { send, ack } = setUp();
    send(0, 0);
    send(1, 0);
    const sample = ack([0], 100);
    expect(sample.delivered).toBe(1000);
    expect(sample.intervalNs).toBe(100 * MS);
    expect(sample.priorDelivered).toBeCloseTo(0);
    expect(sample.newestSentNs).toBe(0);
    expect(sample.txInFlight).toBe(1000);
  });

  it('takes the newest packet of an ACK that covers several — draft-ietf-ccwg-bbr §4.1.2.3', () => {
    const { send, ack } = setUp();
    for (let row = 0; row < 4; row++) send(row, row);
    const sample = ack([0, 1, 2], 50);
    expect(sample.delivered).toBe(3000);
    expect(sample.newestSentNs).toBe(2 * MS);
    expect(sample.txInFlight).toBe(3000);
    expect(sample.intervalNs).toBe(50 * MS);
  });

  it('takes a retransmission for newer than what was first sent after it', () => {
    const { send, ack } = setUp();
    for (let row = 0; row < 3; row++) send(row, row);
    send(0, 30);
    const sample = ack([0, 1, 2], 50);
    expect(sample.newestSentNs).toBe(30 * MS);
    expect(sample.delivered).toBe(3000);
  });

  it('counts a bulk flow at the rate its ACKs return — draft-ietf-ccwg-bbr §4.1.1.2', () => {
    const { send, ack } = setUp();
    // One packet and one ACK a millisecond, 10 ms round trip.
    for (let row = 0; row < 10; row++) send(row, row);
    for (let at = 10; at < 40; at++) {
      const sample = ack([at - 10], at);
      if (at >= 20) {
        // The packet was sent when the ACK 10 ms ago had come in.
        expect(sample.delivered / sample.intervalNs).toBe(BYTES / MS);
        expect(sample.intervalNs).toBe(10 * MS);
      }
      send(at, at);
    }
  });

  it('prefers the longer sending time when ACKs arrive compressed — draft-ietf-ccwg-bbr §4.1.1.2.3', () => {
    const { send, ack } = setUp();
    for (let row = 0; row < 10; row++) send(row, row);
    ack([0], 20);
    for (let row = 10; row < 14; row++) send(row, 21 + (row - 10) * 10);
    ack([1, 2, 3, 4, 5, 6, 7, 8, 9], 51.5);
    // Sent when C.first_send_time was that of row 0.
    const sample = ack([10, 11, 12, 13], 52);
    expect(sample.newestSentNs).toBe(51 * MS);
    expect(sample.intervalNs).toBe(51 * MS);
  });

  it('gives no rate for an interval shorter than the least round trip — draft-ietf-ccwg-bbr §4.1.2.3', () => {
    const { send, ack } = setUp();
    send(0, 0);
    const sample = ack([0], 5, 10);
    expect(sample.intervalNs).toBeLessThan(0);
    expect(sample.delivered).toBe(1000);
  });

  it('has no sample for an ACK that acknowledges nothing', () => {
    const { send, ack, estimator } = setUp();
    send(0, 0);
    send(1, 0);
    ack([0], 10);
    const sample = ack([], 12);
    expect(sample.newestSentNs).toBeLessThan(0);
    expect(sample.intervalNs).toBeLessThan(0);
    expect(sample.delivered).toBe(0);
    expect(estimator.delivered).toBe(1000);
  });

  it('marks samples app-limited until the bubble has passed — draft-ietf-ccwg-bbr §4.1.1.3', () => {
    const { send, ack, estimator, inFlight } = setUp();
    send(0, 0);
    estimator.markAppLimited(inFlight());
    send(1, 5);
    expect(ack([0], 10).isAppLimited).toBe(false);
    expect(estimator.isAppLimited).toBe(true);
    send(2, 12);
    expect(ack([1], 15).isAppLimited).toBe(true);
    expect(estimator.isAppLimited).toBe(false);
    send(3, 16);
    expect(ack([2], 22).isAppLimited).toBe(true);
    expect(ack([3], 26).isAppLimited).toBe(false);
  });

  it('starts afresh after idle, so that the pause is not in the interval — draft-ietf-ccwg-bbr §4.1.2.2', () => {
    const { send, ack } = setUp();
    send(0, 0);
    ack([0], 10);
    send(1, 5000);
    expect(ack([1], 5010).intervalNs).toBe(10 * MS);
  });

  it('counts what was lost since a packet was sent, for losses and for ACKs', () => {
    const { send, ack, lose } = setUp();
    for (let row = 0; row < 5; row++) send(row, row);
    const first = lose(0, 20);
    expect(first.lostSinceSent).toBe(1000);
    expect(first.txInFlight).toBe(1000);
    expect(first.sentNs).toBe(0);
    send(5, 21);
    expect(lose(1, 22).lostSinceSent).toBe(2000);
    expect(ack([4], 23).lostSinceSent).toBe(2000);
    expect(ack([5], 24).lostSinceSent).toBe(1000);
  });
});

it('counts in rows are modulo 2^32: what is between is exact', () => {
  const { estimator, send, ack, lose } = setUp();
  estimator.delivered = 2 ** 33 - 500;
  estimator.lost = 2 ** 32 - 500;
  send(0, 0);
  send(1, 0);
  lose(1, 5);
  const sample = ack([0], 10);
  expect(sample.priorDelivered).toBe(2 ** 33 - 500);
  expect(sample.delivered).toBe(BYTES);
  expect(sample.lostSinceSent).toBe(BYTES);
});
