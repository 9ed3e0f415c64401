/**
 * Work handed to worker threads, one lane a thread. Each lane has a share of the orders that are alike, so that what
 * its thread has compiled for one is of use for the next; a lane that has no more takes from the end of the longest.
 * A thread whose order makes no progress for long, as in a loop without end, is ended, and the order with it.
 */
import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';

const CHECK_MS = 500;
/** What a worker is given: the order, and where to count up as it gets on. */
export interface LaneTask<Order> {
  readonly order: Order;
  readonly progress: Int32Array;
}

export interface LaneWork<Order, Answer> {
  /** Of a module beside the command, whose default export takes a LaneTask. */
  readonly worker: string;
  /** Those that are alike in a row. */
  readonly orders: readonly Order[];
  readonly workers: number;
  readonly onAnswer: (order: Order, answer: Answer) => void;
  /** Told of all that the orders have counted up, every now and then. */
  readonly onProgress?: (sum: number) => void;
  /** Without progress, after which an order is ended; none is when absent. */
  readonly stalledSeconds?: number;
  readonly onStalled?: (order: Order) => void;
}

const STALLED = Symbol('stalled');

export async function runInLanes<Order, Answer>(work: LaneWork<Order, Answer>): Promise<void> {
  const { orders, onAnswer, onProgress, onStalled, stalledSeconds } = work;
  const workers = Math.min(work.workers, orders.length);
  if (workers === 0) return;
  const pool = new Tinypool({
    filename: fileURLToPath(new URL(`./${work.worker}`, import.meta.url)),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
  });
  const shares = new LaneShares(orders, workers);
  const lanes = Array.from({ length: workers }, () => new Lane(pool));
  const watch = setInterval(() => {
    onProgress?.(lanes.reduce((sum, lane) => sum + lane.progressSum, 0));
    if (stalledSeconds !== undefined) for (const lane of lanes) lane.watch(stalledSeconds);
  }, CHECK_MS);
  const runLane = async (lane: Lane, index: number): Promise<void> => {
    for (let order = shares.next(index); order !== undefined; order = shares.next(index)) {
      const answer = (await lane.run(order)) as Answer | typeof STALLED;
      if (answer === STALLED) onStalled?.(order);
      else onAnswer(order, answer);
    }
  };
  try {
    await Promise.all(lanes.map(runLane));
  } finally {
    clearInterval(watch);
    await pool.destroy();
  }
}

/** One order at a time, in the thread that the pool has free for it. */
class Lane {
  readonly #pool: Tinypool;
  readonly #progress = new Int32Array(new SharedArrayBuffer(4));
  #ending = new AbortController();
  #sumBefore = 0;
  #stalledMs = 0;

  constructor(pool: Tinypool) {
    this.#pool = pool;
  }

  /** Of all its orders. */
  get progressSum(): number {
    return Atomics.load(this.#progress, 0);
  }

  /** Called every CHECK_MS. */
  watch(stalledSeconds: number): void {
    const isStill = this.progressSum === this.#sumBefore;
    this.#sumBefore = this.progressSum;
    this.#stalledMs = isStill ? this.#stalledMs + CHECK_MS : 0;
    if (this.#stalledMs >= stalledSeconds * 1e3) this.#ending.abort();
  }

  async run(order: unknown): Promise<unknown> {
    this.#ending = new AbortController();
    this.#stalledMs = 0;
    const { signal } = this.#ending;
    try {
      return await this.#pool.run({ order, progress: this.#progress }, { signal });
    } catch (error) {
      if (signal.aborted) return STALLED;
      throw error;
    }
  }
}

/** Which order a lane takes next. */
class LaneShares<Order> {
  readonly #orders: readonly Order[];
  /** Of each lane: its first order, and the one after its last. */
  readonly #ranges: { from: number; to: number }[];

  constructor(orders: readonly Order[], lanes: number) {
    this.#orders = orders;
    const start = (lane: number) => Math.floor((lane * orders.length) / lanes);
    this.#ranges = Array.from({ length: lanes }, (_, lane) => ({
      from: start(lane),
      to: start(lane + 1),
    }));
  }

  next(lane: number): Order | undefined {
    const own = this.#ranges[lane] as { from: number; to: number };
    if (own.from < own.to) return this.#orders[own.from++];
    const left = ({ from, to }: { from: number; to: number }) => to - from;
    const longest = this.#ranges.reduce((a, b) => (left(b) > left(a) ? b : a));
    return left(longest) > 0 ? this.#orders[--longest.to] : undefined;
  }
}
