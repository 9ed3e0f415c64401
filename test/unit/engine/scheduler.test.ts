import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/base/assert.ts';
import { NEVER } from '../../../src/base/units.ts';
import { Scheduler, SourceClass } from '../../../src/engine/scheduler.ts';

describe('Scheduler', () => {
  it('stops at the end time, inclusive, and leaves the clock there', () => {
    const scheduler = new Scheduler();
    const fired: number[] = [];
    const sink = { onEvent: () => void fired.push(scheduler.clock.nowNs) };
    for (const time of [10, 20, 21]) {
      const source = scheduler.register(sink, 0, SourceClass.Application);
      scheduler.deadlineNs[source] = time;
      scheduler.arm(source);
    }
    expect(scheduler.runUntil(20)).toBe(2);
    expect(fired).toEqual([10, 20]);
    expect(scheduler.clock.nowNs).toBe(20);
    expect(scheduler.nextEventTime()).toBe(21);
    scheduler.runUntil(30);
    expect(scheduler.clock.nowNs).toBe(30);
    expect(scheduler.nextEventTime()).toBe(NEVER);
    expect(scheduler.eventCount).toBe(3);
  });

  it('keeps one entry a source however often its deadline moves', () => {
    const scheduler = new Scheduler();
    const fired: number[] = [];
    const source = scheduler.register(
      { onEvent: () => void fired.push(scheduler.clock.nowNs) },
      0,
      SourceClass.TransportTimer,
    );
    for (const time of [50, 80, 60, 200, 40, 90]) {
      scheduler.deadlineNs[source] = time;
      scheduler.arm(source);
    }
    expect(scheduler.armedCount).toBe(1);
    scheduler.runUntil(NEVER);
    expect(fired).toEqual([90]);
  });

  it('refuses a deadline in the past', () => {
    const scheduler = new Scheduler();
    scheduler.runUntil(100);
    const source = scheduler.register({ onEvent: () => {} }, 0, SourceClass.Application);
    scheduler.deadlineNs[source] = 99;
    expect(() => scheduler.arm(source)).toThrow(AssertionError);
  });
});
