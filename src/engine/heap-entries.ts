/**
 * Entries of the event queue as a 4-ary heap in columns, for many; few are kept in order (sorted-entries). An entry has
 * a time and an id, whose low bits are its source and which orders entries of one instant.
 *
 * The entry of the event that is running stays at the top, spent, until the event is over: the first entry that is added
 * meanwhile takes its place instead of a pop and a push. Positions are kept up to date from the first time that a
 * queued entry is moved: many runs never do that, and sifting costs them half the cache misses. Hot: no allocation.
 */

/** Of an id. */
export const SOURCE_BITS = 28;
export const SOURCE_MASK = (1 << SOURCE_BITS) - 1;

export class HeapEntries {
  times: Float64Array;
  ids: Int32Array;
  size = 0;
  /** The top entry belongs to the event that is running. */
  isTopSpent = false;
  /** Of each queued source, once they are kept. */
  #positions = new Int32Array(0);
  #keepsPositions = false;
  #sourceCount = 0;

  constructor(sourceCount: number) {
    // One cell more than entries: replaceTop parks a time beyond the end.
    this.times = new Float64Array(sourceCount + 1);
    this.ids = new Int32Array(sourceCount + 1);
    this.#sourceCount = sourceCount;
  }

  /** Adds an entry due at cells[at]: no double crosses the call. */
  insert(id: number, cells: Float64Array, at: number): void {
    if (this.isTopSpent) {
      this.isTopSpent = false;
      this.replaceTop(id, cells, at);
    } else {
      this.#siftUp(this.size++, id, cells, at);
    }
  }

  /** An entry is due at cells[at], if that is earlier; later is for whoever takes it from the top. */
  raise(id: number, cells: Float64Array, at: number): void {
    if (!this.#keepsPositions) this.#findPositions();
    const position = this.#positions[id & SOURCE_MASK];
    if (cells[at] < this.times[position]) this.#siftUp(position, id, cells, at);
  }

  /** Takes the top off: the last entry is sifted down from there. */
  removeTop(): void {
    this.isTopSpent = false;
    const last = --this.size;
    if (last > 0) this.#siftDown(this.ids[last], last);
  }

  /** An entry due at cells[at] instead of the top. */
  replaceTop(id: number, cells: Float64Array, at: number): void {
    const { size } = this;
    this.times[size] = cells[at];
    this.#siftDown(id, size);
  }

  /** Whether the instant in cells[at] is before all entries; a tie is not. */
  isBefore(cells: Float64Array, at: number): boolean {
    const { times } = this;
    const time = cells[at];
    // A spent entry does not count, but those below it do.
    const first = this.isTopSpent ? 1 : 0;
    const end = Math.min(this.size, (first << 2) | 1);
    for (let entry = first; entry < end; entry++) if (times[entry] <= time) return false;
    return true;
  }

  /** Room for `sourceCount` entries. */
  grow(sourceCount: number): void {
    const times = new Float64Array(sourceCount + 1);
    times.set(this.times);
    this.times = times;
    const ids = new Int32Array(sourceCount + 1);
    ids.set(this.ids);
    this.ids = ids;
    this.#sourceCount = sourceCount;
    if (!this.#keepsPositions) return;
    const positions = new Int32Array(sourceCount);
    positions.set(this.#positions);
    this.#positions = positions;
  }

  /** Its entries were put into the columns from outside, as a heap. */
  restart(size: number): void {
    this.size = size;
    this.isTopSpent = false;
    this.#keepsPositions = false;
  }

  /** From now on the position of every entry is known. */
  #findPositions(): void {
    this.#keepsPositions = true;
    this.#positions = new Int32Array(this.#sourceCount);
    // A spent top has none.
    for (let at = this.isTopSpent ? 1 : 0; at < this.size; at++) {
      this.#positions[this.ids[at] & SOURCE_MASK] = at;
    }
  }

  /** Places an entry due at cells[at] at or above `hole`. */
  #siftUp(hole: number, id: number, cells: Float64Array, cell: number): void {
    const { times, ids } = this;
    const positions = this.#positions;
    const keepsPositions = this.#keepsPositions;
    let at = hole;
    // A spent top is neither compared with nor moved.
    const top = this.isTopSpent ? 1 : 0;
    const time = cells[cell];
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (parent < top) break;
      const parentTime = times[parent];
      const parentId = ids[parent];
      // Compared at once: what only a tie does, V8 would not know when it compiles this.
      const isLower = parentId < id;
      if (parentTime <= time && (parentTime < time || isLower)) break;
      times[at] = parentTime;
      ids[at] = parentId;
      if (keepsPositions) positions[parentId & SOURCE_MASK] = at;
      at = parent;
    }
    times[at] = time;
    ids[at] = id;
    if (keepsPositions) positions[id & SOURCE_MASK] = at;
  }

  /** Places the entry (`times[timeCell]`, id) from the top down. */
  #siftDown(id: number, timeCell: number): void {
    const { times, ids, size } = this;
    const positions = this.#positions;
    const keepsPositions = this.#keepsPositions;
    const time = times[timeCell];
    let at = 0;
    for (;;) {
      const first = (at << 2) + 1;
      if (first >= size) break;
      let best = first;
      let bestTime = times[first];
      let bestId = ids[first];
      const end = Math.min(first + 4, size);
      for (let child = first + 1; child < end; child++) {
        const childTime = times[child];
        if (childTime > bestTime) continue;
        const childId = ids[child];
        const isLower = childId < bestId;
        if (childTime < bestTime || isLower) {
          best = child;
          bestTime = childTime;
          bestId = childId;
        }
      }
      const isLower = id < bestId;
      if (time <= bestTime && (time < bestTime || isLower)) break;
      times[at] = bestTime;
      ids[at] = bestId;
      if (keepsPositions) positions[bestId & SOURCE_MASK] = at;
      at = best;
    }
    times[at] = time;
    ids[at] = id;
    if (keepsPositions) positions[id & SOURCE_MASK] = at;
  }
}
