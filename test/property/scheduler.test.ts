import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../../src/base/units.ts';
import { Scheduler, type SourceClass, type SourceId } from '../../src/engine/scheduler.ts';

/** What a source does when it fires or before the run: a list of (other source, new deadline offset or disarm). */
const action = fc.record({
  target: fc.nat({ max: 11 }),
  offsetNs: fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 1000 }), fc.constant(-1)),
});
const plan = fc.record({
  classes: fc.array(fc.nat({ max: 3 }), { minLength: 12, maxLength: 12 }),
  initial: fc.array(action, { minLength: 1, maxLength: 20 }),
  reactions: fc.array(fc.array(action, { maxLength: 4 }), { minLength: 1, maxLength: 40 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** The naive model: scan all deadlines, take the least (time, class, index). */
function runModel({ classes, initial, reactions }: Plan): [number, number][] {
  const deadlines = new Array<number>(12).fill(NEVER);
  let now = 0;
  const apply = (list: Plan['initial']) => {
    for (const { target, offsetNs } of list) {
      deadlines[target] = offsetNs < 0 ? NEVER : now + offsetNs;
    }
  };
  apply(initial);
  const log: [number, number][] = [];
  for (const reaction of reactions) {
    let best = -1;
    for (let source = 0; source < 12; source++) {
      if (deadlines[source] === NEVER) continue;
      if (best < 0) best = source;
      else {
        const order =
          (deadlines[source] as number) - (deadlines[best] as number) ||
          (classes[source] as number) - (classes[best] as number);
        if (order < 0) best = source;
      }
    }
    if (best < 0) break;
    now = deadlines[best] as number;
    deadlines[best] = NEVER;
    log.push([now, best]);
    apply(reaction);
  }
  return log;
}

function runScheduler(
  { classes, initial, reactions }: Plan,
  steps: 'one' | 'events' | 'going on',
  crowd = 0,
): [number, number][] {
  const scheduler = new Scheduler(2);
  let others = 0;
  const other = { onEvent: () => void others++ };
  const log: [number, number][] = [];
  const sources: SourceId[] = [];
  /** A deadline that is left for beginNext is the last one: its source, or -1. */
  const apply = (list: Plan['initial'], leavesLast: boolean): number => {
    for (const [index, { target, offsetNs }] of list.entries()) {
      const source = sources[target] as SourceId;
      if (offsetNs < 0) {
        scheduler.disarm(source);
        continue;
      }
      scheduler.deadlineNs[source] = scheduler.clock.nowNs + offsetNs;
      if (leavesLast && index === list.length - 1) return target;
      scheduler.arm(source);
    }
    return -1;
  };
  /** Goes on with the source without arming it, where that is the next event. */
  const begins = (target: number): boolean => {
    const source = sources[target] as SourceId;
    const begun = scheduler.beginNext(scheduler.deadlineNs, source);
    if (begun) scheduler.disarm(source);
    else scheduler.arm(source);
    return begun;
  };
  const crowdSources: SourceId[] = [];
  /** Now and then many others are armed, which are over soon. */
  const gather = () => {
    if (log.length % 8 !== 1) return;
    for (const [index, source] of crowdSources.entries()) {
      scheduler.deadlineNs[source] = scheduler.clock.nowNs + ((index * 37) % 300);
      scheduler.arm(source);
    }
  };
  const sink = {
    onEvent(arg: number) {
      let source = arg;
      do {
        log.push([scheduler.clock.nowNs, source]);
        const reaction = reactions[log.length - 1] ?? [];
        if (log.length === reactions.length) scheduler.stop();
        gather();
        source = apply(reaction, steps === 'going on');
      } while (source >= 0 && begins(source));
    },
  };
  for (const [index, sourceClass] of classes.entries()) {
    sources.push(scheduler.register(sink, index, sourceClass as SourceClass));
  }
  for (let index = 0; index < crowd; index++) {
    crowdSources.push(scheduler.register(other, 0, (index % 4) as SourceClass));
  }
  apply(initial, false);
  if (steps !== 'events') {
    scheduler.runUntil(NEVER);
  } else {
    while (log.length < reactions.length && scheduler.nextEventTime() !== NEVER) {
      scheduler.runUntil(scheduler.nextEventTime());
    }
  }
  expect(scheduler.eventCount).toBe(log.length + others);
  return log;
}

describe('Scheduler', () => {
  it('runs events in the order of (time, class, source id) for any arming, re-arming and disarming', () => {
    fc.assert(
      fc.property(plan, (value) => {
        expect(runScheduler(value, 'one')).toEqual(runModel(value));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('runs them in that order where an event goes on with the source that it arms last', () => {
    fc.assert(
      fc.property(plan, (value) => {
        expect(runScheduler(value, 'going on')).toEqual(runModel(value));
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('runs them in that order with few sources and with many, and while their number changes', () => {
    fc.assert(
      fc.property(plan, fc.constantFrom(30, 60, 120), (value, crowd) => {
        const model = runModel(value);
        expect(runScheduler(value, 'one', crowd)).toEqual(model);
        expect(runScheduler(value, 'events', crowd)).toEqual(model);
        expect(runScheduler(value, 'going on', crowd)).toEqual(model);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('gives the same order when it is stepped from event time to event time', () => {
    fc.assert(
      fc.property(plan, (value) => {
        expect(runScheduler(value, 'events')).toEqual(runModel(value));
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});
