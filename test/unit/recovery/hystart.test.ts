import { describe, expect, it } from 'vitest';
import { SSTHRESH_UNSET } from '../../../src/recovery/congestion.ts';
import { ControllerDriver } from '../../support/controller-driver.ts';

const hasExited = (driver: ControllerDriver) => driver.controller.ssthresh !== SSTHRESH_UNSET;

/** Linux's slow start at a window of 40, RTT 40 ms. */
function startLinux(isPaced = false, initialSegments = 40): ControllerDriver {
  const driver = new ControllerDriver('cubic', {
    granularity: 'segments',
    initialSegments,
    isPaced,
  });
  driver.rttMs = 40;
  driver.advance(40);
  return driver;
}

describe('HyStart by delay', () => {
  /** A round of ten ACKs 2.1 ms apart (no train), each with this RTT. */
  const roundWith = (driver: ControllerDriver, rttMs: number) => {
    for (let count = 0; count < 10; count++) {
      driver.advance(count === 0 ? rttMs : 2.1);
      driver.ack(1, rttMs);
    }
  };

  it('ends slow start when the least RTT of a round exceeds the least of all by an eighth', () => {
    const driver = startLinux();
    roundWith(driver, 40);
    expect(hasExited(driver)).toBe(false);
    roundWith(driver, 44.9);
    expect(hasExited(driver)).toBe(false);
    const before = driver.cwnd;
    roundWith(driver, 45.1);
    expect(hasExited(driver)).toBe(true);
    // The ninth sample of the round decides; its own ACK and the tenth count for congestion avoidance.
    expect(driver.ssthresh).toBe(before + 8);
  });

  it('asks for 4 ms at least and 16 ms at most', () => {
    const short = startLinux();
    short.rttMs = 25;
    roundWith(short, 25);
    roundWith(short, 28.9);
    expect(hasExited(short)).toBe(false);
    roundWith(short, 29.1);
    expect(hasExited(short)).toBe(true);
    const long = startLinux();
    long.rttMs = 400;
    roundWith(long, 400);
    roundWith(long, 415.9);
    expect(hasExited(long)).toBe(false);
    roundWith(long, 416.1);
    expect(hasExited(long)).toBe(true);
  });

  it('asks nothing below 16 segments', () => {
    for (const [initialSegments, exits] of [
      [15, false],
      [16, true],
    ] as const) {
      const driver = startLinux(false, initialSegments);
      driver.sample.isCwndLimited = false;
      for (const rttMs of [40, 80, 80]) roundWith(driver, rttMs);
      expect(hasExited(driver)).toBe(exits);
    }
  });

  it('measures anew after a timeout', () => {
    const driver = startLinux();
    roundWith(driver, 40);
    driver.timeOut(200);
    expect(driver.ssthresh).toBe(35);
    for (let round = 0; round < 6; round++) roundWith(driver, 80);
    // It came to ssthresh: 80 ms is the least RTT now, and no delay.
    expect(driver.ssthresh).toBe(35);
    expect(driver.cwnd).toBeGreaterThanOrEqual(35);
  });
});

describe('HyStart after a timeout', () => {
  it('watches slow start again, though it had ended an earlier one', () => {
    const driver = startLinux(false, 400);
    const roundOf = (acks: number, rttMs: number) => {
      for (let count = 0; count < acks; count++) {
        driver.advance(count === 0 ? rttMs : 2.1);
        driver.ack(1, rttMs);
      }
    };
    for (const rttMs of [40, 50]) roundOf(10, rttMs);
    expect(hasExited(driver)).toBe(true);
    driver.timeOut();
    const found = driver.ssthresh;
    expect(found).toBeGreaterThan(200);
    for (const rttMs of [60, 60, 70]) roundOf(20, rttMs);
    expect(driver.ssthresh).toBeLessThan(100);
  });
});

describe('HyStart by ACK train', () => {
  /** ACKs 1 ms apart from the beginning of a round, until slow start ends; the train's length in ms. */
  const trainLength = (driver: ControllerDriver) => {
    driver.advance(40);
    driver.ack(1);
    const startMs = driver.nowMs;
    while (!hasExited(driver)) {
      driver.advance(1);
      driver.ack(1, 40 + driver.nowMs - startMs < 80 ? 40 + (driver.nowMs - startMs) / 100 : 40);
      if (driver.nowMs - startMs > 200) return Number.POSITIVE_INFINITY;
    }
    return driver.nowMs - startMs;
  };

  it('ends slow start when ACKs have come in for half the least RTT, and a bit for offloads', () => {
    const driver = startLinux();
    // (40 ms + 1 ms) / 2, and the next ACK is the first beyond it. A packet sent in the round would end it.
    const lengthMs = trainLength(driver);
    expect(lengthMs).toBe(21);
  });

  it('waits for a whole RTT when the sender paces', () => {
    const driver = startLinux(true);
    // Packets of the round are acknowledged 40 ms after its beginning: a new round, so the train never lasts 41.
    expect(trainLength(driver)).toBe(Number.POSITIVE_INFINITY);
  });

  it('breaks the train at a gap of more than 2 ms', () => {
    const driver = startLinux();
    driver.advance(40);
    driver.ack(1);
    for (let count = 0; count < 12; count++) {
      driver.advance(2.5);
      driver.ack(1, 40 + count * 2.5);
    }
    expect(hasExited(driver)).toBe(false);
  });
});

describe('HyStart++', () => {
  function start(options: { isPaced?: boolean; initialSegments?: number } = {}): ControllerDriver {
    const driver = new ControllerDriver('cubic', options);
    driver.advance(100);
    return driver;
  }
  /** A round of `acks` ACKs; the first is of a packet sent in the round before, which ends that one. */
  const roundWith = (driver: ControllerDriver, rttMs: number, acks = 10) => {
    const before = driver.cwnd;
    for (let count = 0; count < acks; count++) {
      driver.advance(count === 0 ? rttMs : 0.001);
      driver.ack(1, rttMs);
    }
    return driver.cwnd - before;
  };

  it('grows a quarter as fast once a round is slower by the threshold — RFC 9406 §4.2', () => {
    const driver = start();
    expect(roundWith(driver, 100)).toBe(10);
    // An eighth of 100 ms is 12.5 ms.
    expect(roundWith(driver, 112.4)).toBe(10);
    // Of the next, eight samples decide; two ACKs more are two quarters.
    expect(roundWith(driver, 126.5)).toBe(8);
    expect(roundWith(driver, 126.5, 40)).toBe(10);
    expect(hasExited(driver)).toBe(false);
  });

  it('keeps the threshold between 4 and 16 ms — RFC 9406 §4.3', () => {
    const short = start();
    roundWith(short, 10);
    expect(roundWith(short, 13.9)).toBe(10);
    expect(roundWith(short, 18)).toBe(8);
    const long = start();
    roundWith(long, 1000);
    expect(roundWith(long, 1015.9)).toBe(10);
    expect(roundWith(long, 1032)).toBe(8);
  });

  it('needs eight samples in a round — RFC 9406 §4.3', () => {
    const driver = start();
    roundWith(driver, 100);
    expect(roundWith(driver, 150, 7)).toBe(7);
    expect(roundWith(driver, 150, 7)).toBe(7);
  });

  it('ends slow start after five rounds, the one where CSS began counted — RFC 9406 §4.2', () => {
    const driver = start();
    roundWith(driver, 100);
    for (let round = 0; round < 5; round++) {
      roundWith(driver, 150, 40);
      expect(hasExited(driver)).toBe(false);
    }
    const before = driver.controller.cwnd;
    driver.advance(150);
    driver.ack(1, 150);
    expect(hasExited(driver)).toBe(true);
    expect(driver.controller.ssthresh - before).toBeLessThanOrEqual(1000);
  });

  it('resumes when the RTT falls below where CSS began — RFC 9406 §4.2', () => {
    const driver = start();
    roundWith(driver, 100);
    expect(roundWith(driver, 150, 40)).toBe(16);
    roundWith(driver, 149, 8);
    expect(roundWith(driver, 149, 40)).toBe(40);
    expect(hasExited(driver)).toBe(false);
  });

  it('counts eight segments of an ACK, all of it for a paced sender — RFC 9406 §4.3', () => {
    const unpaced = start({ initialSegments: 100 });
    unpaced.ack(20);
    expect(unpaced.cwnd).toBe(108);
    const paced = start({ initialSegments: 100, isPaced: true });
    paced.ack(20);
    expect(paced.cwnd).toBe(120);
  });

  it('watches only the first slow start — RFC 9406 §4.3', () => {
    const driver = start({ initialSegments: 200 });
    roundWith(driver, 100);
    driver.timeOut();
    expect(driver.ssthresh).toBe(147);
    for (const rttMs of [100, 130, 160, 190]) expect(roundWith(driver, rttMs)).toBe(10);
  });
});

describe('HyStart below 16 segments', () => {
  /** ACKs 1 ms apart from a window of twelve on, until slow start is over; 60 when it is not. */
  function acksUntilExit(slowStart: string): number {
    const driver = new ControllerDriver('cubic', {
      granularity: 'segments',
      initialSegments: 12,
      values: { slowStart },
    });
    driver.rttMs = 40;
    driver.advance(40);
    let acks = 0;
    for (; !hasExited(driver) && acks < 60; acks++) {
      driver.advance(1);
      driver.ack(1, 40);
    }
    return acks;
  }

  it('counts rounds all the same: the train of a round that began there is none', () => {
    // The second round begins with the 41st ACK, and its train is half a round trip long 21 ACKs later.
    expect(acksUntilExit('hystart')).toBe(60);
    // Before Linux 6.14 the first round began with the ACK that met sixteen.
    expect(acksUntilExit('hystart-6.13')).toBeLessThan(30);
  });
});
