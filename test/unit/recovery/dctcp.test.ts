import { describe, expect, it } from 'vitest';
import { DctcpController } from '../../../src/recovery/cc/dctcp.ts';
import { CongestionCause } from '../../../src/recovery/congestion.ts';
import { ControllerDriver } from '../../support/controller-driver.ts';
import { ControllerPipe } from '../../support/controller-pipe.ts';

/** One round trip in which `marked` of `segments` segments were marked. */
function round(driver: ControllerDriver, segments: number, marked: number): void {
  const { sample } = driver;
  const before = sample.priorDelivered + sample.delivered;
  for (let segment = 0; segment < segments; segment++) {
    driver.advance(1);
    // The first one acknowledged was sent after the round before had ended.
    sample.priorDelivered = segment === 0 ? before : before - 1;
    sample.delivered = before + (segment + 1) * 1000 - sample.priorDelivered;
    sample.ceBytes = segment >= 1 && segment <= marked ? 1000 : 0;
    driver.ack(1);
  }
}

const alphaOf = (driver: ControllerDriver) => (driver.controller as DctcpController).alpha;

describe('DCTCP', () => {
  it('moves its estimate a sixteenth of the way to what was marked, once a window — RFC 8257 §3.3', () => {
    const driver = new ControllerDriver('dctcp', { values: { alpha: 0 } });
    expect(driver.controller).toBeInstanceOf(DctcpController);
    round(driver, 16, 8);
    expect(alphaOf(driver)).toBe(0);
    round(driver, 16, 0);
    // The window that has ended holds one more unmarked segment, the one whose ACK ended it.
    expect(alphaOf(driver)).toBeCloseTo(8 / 16 / 16, 2);
    const before = alphaOf(driver);
    round(driver, 16, 0);
    expect(alphaOf(driver)).toBeCloseTo(before * (15 / 16), 6);
  });

  it('begins with an estimate of 1 and halves — RFC 8257 §3.3', () => {
    const driver = new ControllerDriver('dctcp', { initialSegments: 40 });
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(20);
  });

  it('comes down by half of what was marked on ECN, by half on loss — RFC 8257 §3.3, §3.5', () => {
    for (const granularity of ['bytes', 'segments'] as const) {
      const values = { alpha: 0.1 };
      const marked = new ControllerDriver('dctcp', { initialSegments: 100, granularity, values });
      marked.congest(CongestionCause.EcnCe);
      expect(marked.cwnd).toBe(95);
      const lost = new ControllerDriver('dctcp', { initialSegments: 100, granularity, values });
      lost.congest(CongestionCause.Loss);
      expect(lost.cwnd).toBe(50);
    }
  });

  it('takes less than a segment for nothing when it counts whole ones', () => {
    const options = {
      initialSegments: 10,
      granularity: 'segments',
      values: { alpha: 0.1 },
    } as const;
    const driver = new ControllerDriver('dctcp', options);
    driver.congest(CongestionCause.EcnCe);
    expect(driver.cwnd).toBe(10);
  });

  it('holds the queue near the threshold of marking and fills the link — RFC 8257 §3.1', () => {
    // 100 Mbit/s and 1 ms: 12.5 segments; K above a seventh of that.
    const markAboveBytes = 10_000;
    const path = { rate: 12.5e6, rttMs: 1, queueBytes: 200_000, markAboveBytes };
    const pipe = new ControllerPipe('dctcp', path);
    pipe.run(0.5);
    pipe.forget();
    pipe.run(1);
    expect(pipe.utilisation(1)).toBeGreaterThan(0.98);
    expect(pipe.lostSegments).toBe(0);
    expect(pipe.queueMaxBytes).toBeLessThanOrEqual(markAboveBytes + 3000);
    expect(pipe.meanQueueBytes).toBeGreaterThan(markAboveBytes / 3);
  });
});
