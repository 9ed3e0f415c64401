/**
 * 64-bit timestamps as integer seconds and integer nanoseconds: draft-tuexen-opsawg-pcapng §4.2 and §4.3
 * (if_tsresol, if_tsoffset). Exact for every tick value, without BigInt: a power of ten up to 10^9 by a
 * quotient estimated in doubles whose remainder is taken modulo 2^32, a finer one by long division in
 * 16-bit pieces first, a power of two by shifts. What is finer than a nanosecond is cut off. Seconds of
 * 2^53 and more (coarse units, absurd stamps) are the nearest double.
 * Hot: no allocation per packet.
 */

const TWO_32 = 0x1_0000_0000;
const NS_PER_SECOND = 1e9;
/** 10^9 = 2^9 × 5^9: 32 bits times 5^9 stay below 2^53. */
const FIVE_TO_9 = 1_953_125;
/** Long division in 16-bit pieces is exact in doubles for divisors up to 2^37. */
const PIECE_DIGITS = 10;

/** Unit of an interface's ticks: base^-exponent seconds. */
export interface TickUnit {
  readonly base: 2 | 10;
  /** 0 … 127. */
  readonly exponent: number;
}

/** if_tsresol when the option is absent: microseconds. */
export const DEFAULT_TICK_UNIT: TickUnit = { base: 10, exponent: 6 };

/** The option's byte: the high bit chooses powers of two. */
export function tickUnitFromOption(byte: number): TickUnit {
  return { base: byte & 0x80 ? 2 : 10, exponent: byte & 0x7f };
}

/** Exact while the result fits 53 bits or is a power of two. */
function power(base: number, exponent: number): number {
  let product = 1;
  for (let factor = 0; factor < exponent; factor++) product *= base;
  return product;
}

/** Turns the ticks of one interface into seconds and nanoseconds. */
export class TickClock {
  readonly #offsetSeconds: number;
  /** A power of ten not finer than nanoseconds. */
  readonly #isPlain: boolean;
  /** Powers of two: the exponent. */
  readonly #fractionBits: number;
  /** Powers of two: the fraction's share of the low word, or of the high word from 32 bits on. */
  readonly #wordScale: number;
  /** Powers of two: the 64-bit product of fraction and 5^9 times this is nanoseconds. */
  readonly #productScale: number;
  /** Powers of ten: what takes finer digits than nanoseconds away, in steps. */
  readonly #divisors: readonly number[];
  readonly #ticksPerSecond: number;
  readonly #nsPerTick: number;

  constructor(unit: TickUnit, offsetSeconds: number) {
    const { base, exponent } = unit;
    this.#offsetSeconds = offsetSeconds;
    this.#isPlain = base === 10 && exponent <= 9;
    this.#fractionBits = exponent;
    this.#wordScale = power(2, exponent < 32 ? exponent : Math.min(exponent, 64) - 32);
    // × 2^9 / 2^exponent, from the high word of the product where the fraction has 41 bits and more.
    this.#productScale = exponent >= 41 ? 1 / power(2, exponent - 41) : 512 / power(2, exponent);
    const divisors: number[] = [];
    for (let digits = exponent - 9; digits > 0; digits -= PIECE_DIGITS) {
      divisors.push(power(10, Math.min(digits, PIECE_DIGITS)));
    }
    this.#divisors = base === 2 ? [] : divisors;
    this.#ticksPerSecond = power(10, Math.min(exponent, 9));
    this.#nsPerTick = NS_PER_SECOND / this.#ticksPerSecond;
  }

  /** Writes the time of `high` × 2^32 + `low` ticks (32-bit patterns) to row `row` of both columns. */
  stamp(
    high: number,
    low: number,
    seconds: Float64Array,
    nanoseconds: Int32Array,
    row: number,
  ): void {
    const top = high >>> 0;
    if (this.#isPlain) this.#stampDecimal(top, low, seconds, nanoseconds, row);
    else if (this.#divisors.length > 0) this.#stampFine(top, low, seconds, nanoseconds, row);
    else this.#stampBinary(top, low >>> 0, seconds, nanoseconds, row);
  }

  #stampDecimal(
    high: number,
    low: number,
    seconds: Float64Array,
    nanoseconds: Int32Array,
    row: number,
  ): void {
    const ticksPerSecond = this.#ticksPerSecond;
    let whole = Math.floor((high * TWO_32 + (low >>> 0)) / ticksPerSecond);
    let rest = 0;
    if (whole < Number.MAX_SAFE_INTEGER) {
      // The estimate is off by two seconds at most, by one above 10^3 ticks a second, so the true
      // remainder is an int32, and taking it modulo 2^32 is exact.
      rest = (low - Math.imul(whole | 0, ticksPerSecond)) | 0;
      while (rest < 0) {
        whole--;
        rest += ticksPerSecond;
      }
      while (rest >= ticksPerSecond) {
        whole++;
        rest -= ticksPerSecond;
      }
    }
    seconds[row] = whole + this.#offsetSeconds;
    nanoseconds[row] = rest * this.#nsPerTick;
  }

  #stampFine(
    high: number,
    low: number,
    seconds: Float64Array,
    nanoseconds: Int32Array,
    row: number,
  ): void {
    let top = high;
    let bottom = low;
    for (const divisor of this.#divisors) {
      const quotient = Math.floor(top / divisor);
      const middle = (top - quotient * divisor) * 0x10000 + (bottom >>> 16);
      const middleQuotient = Math.floor(middle / divisor);
      const last = (middle - middleQuotient * divisor) * 0x10000 + (bottom & 0xffff);
      top = quotient;
      bottom = middleQuotient * 0x10000 + Math.floor(last / divisor);
    }
    this.#stampDecimal(top, bottom, seconds, nanoseconds, row);
  }

  #stampBinary(
    high: number,
    low: number,
    seconds: Float64Array,
    nanoseconds: Int32Array,
    row: number,
  ): void {
    const bits = this.#fractionBits;
    const scale = this.#wordScale;
    let whole = 0;
    let fractionHigh = high;
    let fractionLow = low;
    if (bits < 32) {
      whole = high * (TWO_32 / scale) + Math.floor(low / scale);
      fractionHigh = 0;
      fractionLow = low % scale;
    } else {
      whole = Math.floor(high / scale);
      fractionHigh = high % scale;
    }
    // The 64-bit product in two doubles; below 41 bits its high word is a whole number of nanoseconds.
    const productHigh = fractionHigh * FIVE_TO_9;
    const productLow = fractionLow * FIVE_TO_9;
    seconds[row] = whole + this.#offsetSeconds;
    nanoseconds[row] =
      bits >= 41
        ? Math.floor((productHigh + Math.floor(productLow / TWO_32)) * this.#productScale)
        : productHigh * TWO_32 * this.#productScale + Math.floor(productLow * this.#productScale);
  }
}

/**
 * A time since 1970 as decimal seconds with nine digits. Before 1970 the nanoseconds still count upwards
 * from the whole seconds (-1 s and 750,000,000 ns are -0.250000000).
 */
export function formatTimestamp(seconds: number, nanoseconds: number): string {
  const isNegative = seconds < 0 && nanoseconds > 0;
  const whole = isNegative ? seconds + 1 : seconds;
  const fraction = isNegative ? 1e9 - nanoseconds : nanoseconds;
  const sign = isNegative && whole === 0 ? '-' : '';
  return `${sign}${whole}.${String(fraction).padStart(9, '0')}`;
}
