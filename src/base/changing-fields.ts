/**
 * V8 takes a field that was never written since its object was made for a constant of all objects of the class. When it
 * is written at last, at the first timeout say, all code that has read it is thrown away and compiled again, in the middle
 * of a run. Here every field changes once before any code is compiled.
 */

const done = new WeakSet<object>();

/** Changes the numbers, truth values and undefined fields of the first object of a class, and changes them back. Cold. */
export function changeFields(object: object): void {
  const made = object.constructor;
  if (done.has(made)) return;
  done.add(made);
  const fields = object as Record<string, unknown>;
  for (const name of Object.keys(object)) {
    const value = fields[name];
    const other = anotherThan(value, object);
    if (other === value) continue;
    fields[name] = other;
    fields[name] = value;
  }
}

/** Of the same kind to V8, which keeps small integers apart from other numbers. */
function anotherThan(value: unknown, object: object): unknown {
  if (typeof value === 'number') return (value | 0) === value ? value ^ 1 : value + 1;
  if (typeof value === 'boolean') return !value;
  return value === undefined ? object : value;
}
