/**
 * 64-bit timestamps as integer seconds and integer nanoseconds: draft-tuexen-opsawg-pcapng §4.2 and §4.3
 * (if_tsresol, if_tsoffset). Exact for every tick value, without BigInt: a power of ten up to 10^9 by a
 * quotient estimated in doubles whose remainder is taken modulo 2^32, a finer one by long division in
 * 16-bit pieces first, a power of two by shifts. What is finer than a nanosecond is cut off. Seconds of
 * 2^53 and more (coarse units, absurd stamps) are the nearest double.
 * Hot: no allocation per packet.
 */

const TWO_32 = 2 ** 32;
const NS_PER_SECOND = 1e9;
/** 10^9 = 2^9 × 5^9: fractions of 32 bits times 5^9 stay below 2^53. */
const FIVE_TO_9 = 5 ** 9;
/** Long division in 16-bit pieces is exact in doubles for divisors up to 2^37. */
const PIECE_EXPONENT = 10;

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

/** Turns the ticks of one interface into seconds and nanoseconds. */
export class TickClock {
  readonly #isBinary: boolean;
  /** Decimal digits finer than a nanosecond, divided away first. */
  readonly #excessDigits: number;
  readonly #exponent: number;
  readonly #ticksPerSecond: number;
  readonly #nsPerTick: number;
  readonly #offsetSeconds: number;

  constructor(unit: TickUnit, offsetSeconds: number) {
    this.#isBinary = unit.base === 2;
    this.#excessDigits = this.#isBinary ? 0 : Math.max(0, unit.exponent - 9);
    this.#exponent = unit.exponent;
    this.#ticksPerSecond = 10 ** Math.min(unit.exponent, 9);
    this.#nsPerTick = NS_PER_SECOND / this.#ticksPerSecond;
    this.#offsetSeconds = offsetSeconds;
  }

  /** Writes the time of `high` × 2^32 + `low` ticks (32-bit patterns) to row `row` of both columns. */
  stamp(
    high: number,
    low: number,
    seconds: Float64Array,
    nanoseconds: Int32Array,
    row: number,
  ): void {
    if (this.#isBinary) this.#stampBinary(high >>> 0, low >>> 0, seconds, nanoseconds, row);
    else if (this.#excessDigits > 0)
      this.#stampFine(high >>> 0, low >>> 0, seconds, nanoseconds, row);
    else this.#stampDecimal(high >>> 0, low, seconds, nanoseconds, row);
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
    for (let digits = this.#excessDigits; digits > 0; digits -= PIECE_EXPONENT) {
      const divisor = 10 ** Math.min(digits, PIECE_EXPONENT);
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
    const bits = this.#exponent;
    let whole = 0;
    let fractionHigh = high;
    let fractionLow = low;
    if (bits < 32) {
      const scale = 2 ** bits;
      whole = high * (TWO_32 / scale) + Math.floor(low / scale);
      fractionHigh = 0;
      fractionLow = low % scale;
    } else if (bits < 64) {
      const scale = 2 ** (bits - 32);
      whole = Math.floor(high / scale);
      fractionHigh = high % scale;
    }
    // fraction × 5^9 × 2^9 / 2^bits, with the 64-bit product held in two doubles.
    const productHigh = fractionHigh * FIVE_TO_9;
    const productLow = fractionLow * FIVE_TO_9;
    seconds[row] = whole + this.#offsetSeconds;
    nanoseconds[row] =
      bits >= 41
        ? Math.floor((productHigh + Math.floor(productLow / TWO_32)) / 2 ** (bits - 41))
        : productHigh * 2 ** (41 - bits) + Math.floor(productLow / 2 ** (bits - 9));
  }
}
