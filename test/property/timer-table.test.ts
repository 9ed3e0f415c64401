import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../../src/base/units.ts';
import { VirtualClock } from '../../src/engine/clock.ts';
import { NO_SLOT, TimerTable } from '../../src/engine/timer-table.ts';

const SLOTS = 40;

const steps = fc.array(
  fc.oneof(
    fc.record({ slot: fc.nat({ max: SLOTS - 1 }), atNs: fc.nat({ max: 1000 }) }),
    fc.record({ slot: fc.nat({ max: SLOTS - 1 }), atNs: fc.constant(NEVER) }),
    fc.record({ slot: fc.constant(-1), atNs: fc.nat({ max: 300 }) }),
  ),
  { maxLength: 300 },
);

describe('TimerTable', () => {
  it('gives due slots by time and slot, like a sorted list, whatever is set, moved or stopped', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const clock = new VirtualClock();
        const table = new TimerTable(clock, 4);
        table.reserve(SLOTS - 1);
        const model = new Map<number, number>();
        let boundNs = 0;
        for (const { slot, atNs } of list) {
          // No deadline comes before the bound, which stands as long as nothing is said to have moved.
          const { hasMoved } = table;
          table.bound();
          const next = table.next[0] as number;
          expect(next).toBeLessThanOrEqual(Math.min(NEVER, ...model.values()));
          if (!hasMoved) expect(next).toBe(boundNs);
          boundNs = next;
          if (slot >= 0) {
            table.deadlineNs[slot] = atNs;
            table.arm(slot);
            model.set(slot, atNs);
            continue;
          }
          // Time passes: everything due comes, the earliest first.
          clock.cell[0] = (clock.cell[0] as number) + atNs;
          const due = [...model]
            .filter(([, at]) => at <= clock.nowNs)
            .sort(([slotA, a], [slotB, b]) => a - b || slotA - slotB)
            .map(([dueSlot]) => dueSlot);
          const got: number[] = [];
          for (let next = table.takeDue(); next !== NO_SLOT; next = table.takeDue()) got.push(next);
          expect(got).toEqual(due);
          for (const dueSlot of due) model.delete(dueSlot);
          expect(table.nextNs()).toBe(Math.min(NEVER, ...model.values()));
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
