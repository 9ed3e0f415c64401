/**
 * Elementary functions that give the same bits on every engine. ECMAScript leaves Math.exp, log, pow
 * and the like implementation-approximated; + - * / and Math.sqrt are exact, and these are built of
 * them: argument reduction to a power of two and a short series (Muller, "Elementary Functions",
 * ch. 3). Relative error of log, exp and cbrt below 1e-15, of power below 1e-13 for |y log x| < 100 (tested).
 */
const LN2_HIGH = 0.6931471803691238; // ln 2 to 33 bits, so that k * LN2_HIGH is exact for |k| < 2^20
const LN2_LOW = 1.9082149292705877e-10;
const LN2 = LN2_HIGH + LN2_LOW;
const SQRT_HALF = Math.SQRT1_2;
const TWO_POW_54 = 2 ** 54;
const INVERSE_SQRT_2PI = 0.3989422804014327;

const bits = new DataView(new ArrayBuffer(8));

/** 2^k for -1022 <= k <= 1023, by its bit pattern. */
function powerOfTwo(k: number): number {
  bits.setInt32(0, (k + 1023) << 20);
  bits.setInt32(4, 0);
  return bits.getFloat64(0);
}

/** Natural logarithm. log(0) = -Infinity, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  if (x < Number.MIN_VALUE * TWO_POW_54) return log(x * TWO_POW_54) - 54 * LN2;
  bits.setFloat64(0, x);
  const high = bits.getInt32(0);
  let exponent = (high >>> 20) - 1023;
  bits.setInt32(0, (high & 0xfffff) | (1023 << 20));
  let mantissa = bits.getFloat64(0);
  if (mantissa * SQRT_HALF > 1) {
    mantissa /= 2;
    exponent++;
  }
  // log m = 2 (f + f^3/3 + f^5/5 + …), f = (m - 1)/(m + 1), |f| < 0.172.
  const f = (mantissa - 1) / (mantissa + 1);
  const square = f * f;
  let series = 0;
  for (let odd = 23; odd >= 3; odd -= 2) series = (series + 1 / odd) * square;
  return exponent * LN2_HIGH + (2 * f + (2 * f * series + exponent * LN2_LOW));
}

/** e^x. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -708) return x < -745.2 ? 0 : exp(x / 2) * exp(x / 2);
  if (Number.isNaN(x)) return x;
  const k = Math.round(x / LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let series = 1;
  for (let term = 15; term >= 1; term--) series = 1 + (series * r) / term;
  return k === 1024 ? series * 2 * powerOfTwo(1023) : series * powerOfTwo(k);
}

/** Cube root; relative error below 1e-15. */
export function cbrt(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return x < 0 ? -cbrt(-x) : x;
  if (x < Number.MIN_VALUE * TWO_POW_54) return cbrt(x * TWO_POW_54) / 262144;
  bits.setFloat64(0, x);
  const high = bits.getInt32(0);
  const exponent = (high >>> 20) - 1023;
  const third = Math.floor(exponent / 3);
  bits.setInt32(0, (high & 0xfffff) | ((1023 + exponent - 3 * third) << 20));
  const m = bits.getFloat64(0);
  // 1 <= m < 8, so the chord is within a tenth; a step of Halley cubes the error, the last, of Newton, rounds.
  let root = (m + 6) / 7;
  for (let step = 0; step < 3; step++) {
    const cube = root * root * root;
    root *= (cube + 2 * m) / (2 * cube + m);
  }
  root -= (root - m / (root * root)) / 3;
  return root * powerOfTwo(third);
}

/** x^y for x > 0. */
export function power(x: number, y: number): number {
  return exp(y * log(x));
}

/** Distribution function of the standard normal; absolute error below 1e-15. Series of Marsaglia 2004. */
export function normalCdf(z: number): number {
  scratch[0] = z;
  normalCdfInPlace(scratch);
  return scratch[0];
}

const scratch = new Float64Array(1);

/** The same of cell[0], in its place: for hot code, where no double crosses a call. */
export function normalCdfInPlace(cell: Float64Array): void {
  const z = cell[0];
  if (z > 8.5 || z < -8.5) {
    cell[0] = z > 0 ? 1 : 0;
    return;
  }
  const square = z * z;
  let term = z;
  let sum = z;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    term *= square / odd;
    sum += term;
  }
  cell[0] = 0.5 + sum * INVERSE_SQRT_2PI * exp(-square / 2);
}
