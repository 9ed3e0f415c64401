import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionTable, NOT_FOUND } from '../../src/tcp/connection-table.ts';

/** Few ends, so that keys come again; ports of all signs, as words of a frame. */
const key = fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }), fc.integer({ min: -8, max: 8 }));
const operations = fc.array(
  fc.record({ key, kind: fc.constantFrom('set', 'delete', 'find'), value: fc.integer() }),
  { minLength: 200, maxLength: 2000 },
);

describe('connections by their ends', () => {
  it('are what a map of the keys holds, whatever is added, replaced and deleted', () => {
    fc.assert(
      fc.property(operations, (list) => {
        const table = new ConnectionTable();
        const model = new Map<string, number>();
        for (const { key: ends, kind, value } of list) {
          const name = ends.join();
          if (kind === 'set' && value !== NOT_FOUND) {
            table.set(...ends, value);
            model.set(name, value);
          } else if (kind === 'delete') {
            table.delete(...ends);
            model.delete(name);
          } else {
            expect(table.find(...ends)).toBe(model.get(name) ?? NOT_FOUND);
          }
        }
        expect(table.count).toBe(model.size);
        for (const [name, value] of model) {
          const [source = 0, destination = 0, ports = 0] = name.split(',').map(Number);
          expect(table.find(source, destination, ports)).toBe(value);
        }
      }),
      { numRuns: 60 },
    );
  });
});
