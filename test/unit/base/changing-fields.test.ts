/** Fields that change and change back. */
import { describe, expect, it } from 'vitest';
import { changeFields } from '../../../src/base/changing-fields.ts';

class Fields {
  count = 0;
  largest = 0x7fffffff;
  none = -1;
  share = 0.5;
  is = false;
  other: Fields | undefined = undefined;
  list: readonly number[] = [1];
  #watched = 3;

  get watched(): number {
    return this.#watched;
  }
}

describe('changing the fields of an object', () => {
  it('leaves all as they were', () => {
    const fields = new Fields();
    const before = { ...fields };
    changeFields(fields);
    expect({ ...fields }).toEqual(before);
    expect(fields.watched).toBe(3);
  });

  it('writes them, each with another value of its kind and back, once a class', () => {
    class Watched {
      count = 7;
      later: object | undefined = undefined;
    }
    const writes: [string | symbol, unknown][] = [];
    const watch = (object: Watched) =>
      new Proxy(object, {
        set(target, name, value) {
          writes.push([name, value]);
          return Reflect.set(target, name, value);
        },
      });
    const first = watch(new Watched());
    changeFields(first);
    expect(writes).toEqual([
      ['count', 6],
      ['count', 7],
      ['later', first],
      ['later', undefined],
    ]);
    changeFields(watch(new Watched()));
    expect(writes).toHaveLength(4);
  });
});
