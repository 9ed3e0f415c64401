/**
 * How far each frame's delay lies from the link's: draws from a quantile table. With correlation rho the
 * uniforms behind the draws come from a Gaussian AR(1) sequence z: u = Phi(z) is uniform whatever rho,
 * so the stated distribution is kept, and lag-1 correlation of the uniforms is rho when that of z is
 * 2 sin(pi rho / 6) (Kruskal 1958, "Ordinal measures of association"). Deviates from tc-netem(8), whose
 * correlation narrows the distribution. Hot: no allocation per draw.
 */
import { normalCdfInPlace } from '../base/math.ts';
import type { Duration } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import { interpolateInPlace, quantileTable } from './delay-distribution.ts';
import type { JitterConfig } from './impairment-config.ts';

export class JitterProcess {
  /** Of the last draw: whole nanoseconds, of either sign. */
  offsetNs: Duration = 0;
  readonly #random: RandomSource;
  readonly #spreadNs: Duration;
  readonly #quantiles: Float64Array;
  /** Undefined without correlation. */
  readonly #normals: Float64Array | undefined;
  readonly #gaussianCorrelation: number;
  readonly #innovation: number;
  /** What the draw is at, and z, in cells: no double crosses a call. */
  readonly #cells = new Float64Array(2);

  constructor(random: RandomSource, config: JitterConfig) {
    this.#random = random;
    this.#spreadNs = config.spreadNs;
    this.#quantiles = quantileTable(config.distribution);
    this.#normals = config.correlation === 0 ? undefined : quantileTable('normal');
    const r = 2 * sine((Math.PI * config.correlation) / 6);
    this.#gaussianCorrelation = r;
    this.#innovation = Math.sqrt(1 - r * r);
    // The sequence starts in its stationary distribution.
    if (this.#normals === undefined) return;
    random.nextDoubleInto(this.#cells);
    interpolateInPlace(this.#normals, this.#cells);
    this.#cells[1] = this.#cells[0];
  }

  draw(): void {
    const cells = this.#cells;
    this.#random.nextDoubleInto(cells);
    const normals = this.#normals;
    if (normals !== undefined) {
      interpolateInPlace(normals, cells);
      cells[1] = this.#gaussianCorrelation * cells[1] + this.#innovation * cells[0];
      cells[0] = cells[1];
      normalCdfInPlace(cells);
    }
    interpolateInPlace(this.#quantiles, cells);
    this.offsetNs = Math.round(this.#spreadNs * cells[0]);
  }
}

/** For 0 <= x <= pi/6, to the last bit or two: Taylor's series. */
function sine(x: number): number {
  const square = x * x;
  let series = 1;
  for (let term = 14; term >= 2; term -= 2) series = 1 - (series * square) / (term * (term + 1));
  return x * series;
}
