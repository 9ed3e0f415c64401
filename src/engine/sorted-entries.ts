/**
 * Entries of the event queue in order, the next one last: taking it costs nothing, and a new one is moved past those
 * that are due before it, which is a loop that processors foresee. For few entries; many are a heap (scheduler).
 * Hot: no allocation.
 */

export class SortedEntries {
  /** By entry: when it is due, and its id, which orders those of one instant. */
  readonly times: Float64Array;
  readonly ids: Int32Array;
  size = 0;

  constructor(capacity: number) {
    this.times = new Float64Array(capacity);
    this.ids = new Int32Array(capacity);
  }

  /** Adds an entry due at cells[at]: no double crosses the call. */
  insert(id: number, cells: Float64Array, at: number): void {
    const { times, ids } = this;
    const time = cells[at];
    let hole = this.size++;
    for (; hole > 0; hole--) {
      const before = times[hole - 1];
      const isLower = ids[hole - 1] < id;
      if (before > time || (before === time && !isLower)) break;
      times[hole] = before;
      ids[hole] = ids[hole - 1];
    }
    times[hole] = time;
    ids[hole] = id;
  }

  /** Takes an entry out, wherever it is. */
  remove(id: number): void {
    const { times, ids } = this;
    let at = this.size - 1;
    while (ids[at] !== id) at--;
    times.copyWithin(at, at + 1, this.size);
    ids.copyWithin(at, at + 1, this.size);
    this.size--;
  }
}
