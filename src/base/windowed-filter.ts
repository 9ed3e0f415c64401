/**
 * The least or greatest value of the last `window` units of time, in constant space, after Kathleen Nichols'
 * filter: it keeps three samples, the best and, from later and later parts of the window, the best since
 * then. When the first one ages out the next takes its place. The answer is a sample of the window, though
 * not always the very best one: of those after the best only two are remembered. Time is any non-decreasing
 * count (nanoseconds, rounds). Hot: no allocation per update.
 */
export class WindowedFilter {
  readonly #window: number;
  /** Values times sign: the least is the best. */
  readonly #sign: number;
  #first = Number.POSITIVE_INFINITY;
  #second = Number.POSITIVE_INFINITY;
  #third = Number.POSITIVE_INFINITY;
  #firstTime = 0;
  #secondTime = 0;
  #thirdTime = 0;

  constructor(kind: 'min' | 'max', window: number) {
    this.#window = window;
    this.#sign = kind === 'min' ? 1 : -1;
  }

  /** The best of the window as of the last update; Infinity (min) or -Infinity (max) before the first. */
  get value(): number {
    return this.#sign * this.#first;
  }

  /** Forgets all samples. */
  reset(): void {
    this.#first = Number.POSITIVE_INFINITY;
    this.#second = Number.POSITIVE_INFINITY;
    this.#third = Number.POSITIVE_INFINITY;
  }

  update(value: number, time: number): void {
    const sample = this.#sign * value;
    if (sample <= this.#first || time - this.#thirdTime > this.#window) {
      this.#first = sample;
      this.#firstTime = time;
      this.#setSecond(sample, time);
    } else if (sample <= this.#second) {
      this.#setSecond(sample, time);
    } else if (sample <= this.#third) {
      this.#third = sample;
      this.#thirdTime = time;
    }
    this.#age(sample, time);
  }

  #setSecond(sample: number, time: number): void {
    this.#second = sample;
    this.#secondTime = time;
    this.#third = sample;
    this.#thirdTime = time;
  }

  /** Drops what has left the window, and takes fresh runners-up after a quarter and a half of it. */
  #age(sample: number, time: number): void {
    const window = this.#window;
    if (time - this.#firstTime > window) {
      this.#promote(sample, time);
      if (time - this.#firstTime > window) this.#promote(sample, time);
    } else if (this.#secondTime === this.#firstTime && time - this.#firstTime > window / 4) {
      this.#setSecond(sample, time);
    } else if (this.#thirdTime === this.#secondTime && time - this.#secondTime > window / 2) {
      this.#third = sample;
      this.#thirdTime = time;
    }
  }

  #promote(sample: number, time: number): void {
    this.#first = this.#second;
    this.#firstTime = this.#secondTime;
    this.#second = this.#third;
    this.#secondTime = this.#thirdTime;
    this.#third = sample;
    this.#thirdTime = time;
  }
}
