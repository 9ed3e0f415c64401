/**
 * Work handed to worker threads, one lane a thread. Each lane has a share of the orders that are alike, so that what
 * its thread has compiled for one is of use for the next; a lane that has no more takes from the end of the longest.
 * A thread whose order makes no progress for long, as in a loop without end, is ended, and the order with it.
 */
import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';

const STALL_CHECK_MS = 1000;
/** Without progress of an order. */
export const STALLED_SECONDS = 30;

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
  readonly onStalled: (order: Order) => void;
}

export async function runInLanes<Order, Answer>(work: LaneWork<Order, Answer>): Promise<void> {
  const { orders, onAnswer, onStalled } = work;
  const workers = Math.min(work.workers, orders.length);
  if (workers === 0) return;
  const pool = new Tinypool({
    filename: fileURLToPath(new URL(`./${work.worker}`, import.meta.url)),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
  });
  const shares = new LaneShares(orders, workers);
  const runLane = async (lane: number): Promise<void> => {
    for (let order = shares.next(lane); order !== undefined; order = shares.next(lane)) {
      const answer = (await runWatched(pool, order)) as Answer | typeof STALLED;
      if (answer === STALLED) onStalled(order);
      else onAnswer(order, answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, (_, lane) => runLane(lane)));
  } finally {
    await pool.destroy();
  }
}

const STALLED = Symbol('stalled');

async function runWatched<Order>(pool: Tinypool, order: Order): Promise<unknown> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const ending = new AbortController();
  let before = 0;
  let stalledSeconds = 0;
  const watch = setInterval(() => {
    const now = Atomics.load(progress, 0);
    stalledSeconds = now === before ? stalledSeconds + STALL_CHECK_MS / 1e3 : 0;
    before = now;
    if (stalledSeconds >= STALLED_SECONDS) ending.abort();
  }, STALL_CHECK_MS);
  try {
    const task: LaneTask<Order> = { order, progress };
    return await pool.run(task, { signal: ending.signal });
  } catch (error) {
    if (ending.signal.aborted) return STALLED;
    throw error;
  } finally {
    clearInterval(watch);
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
