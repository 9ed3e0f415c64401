/**
 * Impairments in the vocabulary of `tc netem`, as a scenario's fields and the command's options write
 * them: `20 ms 5 ms 25 % distribution normal`, `gemodel 1 % 10 %`, `25 % 50 % gap 5`. Words and defaults
 * are netem's (tc-netem(8)); what differs is in net/: correlation keeps the stated rate, and `corrupt`
 * takes a number of bits.
 */
import { NetError } from '../base/errors.ts';
import type { Duration } from '../base/units.ts';
import type {
  CorruptConfig,
  DelayDistribution,
  JitterConfig,
  LossConfig,
  RatioConfig,
  ReorderConfig,
} from '../net/impairment-config.ts';
import { EXPECTED, parseDuration, parseRatio } from './quantity.ts';

const DISTRIBUTIONS: readonly DelayDistribution[] = ['uniform', 'normal', 'pareto', 'paretonormal'];

/** Words and quantities of one impairment, taken from the front. */
class Tokens {
  readonly #tokens: string[];
  readonly #where: string;
  readonly #text: string;

  constructor(where: string, text: string) {
    this.#where = where;
    this.#text = text;
    this.#tokens = (text.match(/-?[\d.]+(?:e[+-]?\d+)?\s*(?:%|[a-zµμ]+)?|\S+/gi) ?? []).map(
      (token) => token.trim(),
    );
  }

  /** Takes the word if it is next. */
  takeWord(word: string): boolean {
    if (this.#tokens[0] !== word) return false;
    this.#tokens.shift();
    return true;
  }

  takeRatio(): number | undefined {
    return this.#take(parseRatio);
  }

  takeDuration(): Duration | undefined {
    return this.#take(parseDuration);
  }

  /** A whole number from 1. */
  requireCount(expected: string): number {
    const token = this.#tokens.shift();
    if (token === undefined || !/^[1-9]\d*$/.test(token)) throw this.error(expected);
    return Number(token);
  }

  requireRatio(expected: string): number {
    const ratio = this.takeRatio();
    if (ratio === undefined) throw this.error(expected);
    return ratio;
  }

  takeAny(): string | undefined {
    return this.#tokens.shift();
  }

  requireEnd(expected: string): void {
    if (this.#tokens.length > 0) throw this.error(expected);
  }

  error(expected: string): NetError {
    return NetError.value(this.#where, expected, this.#text);
  }

  #take<T>(parse: (text: string) => T | undefined): T | undefined {
    const value = parse(this.#tokens[0] ?? '');
    if (value !== undefined) this.#tokens.shift();
    return value;
  }
}

/** `TIME [JITTER [CORRELATION]] [distribution NAME]`. Throws NetError. */
export function parseDelay(
  where: string,
  text: string,
): { delayNs: Duration; jitter?: JitterConfig } {
  const expected = 'a delay like 20 ms or 20 ms 5 ms 25 % distribution normal';
  const tokens = new Tokens(where, text);
  const delayNs = tokens.takeDuration();
  if (delayNs === undefined) throw tokens.error(expected);
  const spreadNs = tokens.takeDuration();
  if (spreadNs === undefined) {
    tokens.requireEnd(expected);
    return { delayNs };
  }
  const correlation = tokens.takeRatio() ?? 0;
  let distribution: DelayDistribution = 'uniform';
  if (tokens.takeWord('distribution')) {
    const name = tokens.takeAny() as DelayDistribution;
    if (!DISTRIBUTIONS.includes(name)) {
      throw tokens.error(`a distribution of ${DISTRIBUTIONS.join(', ')}`);
    }
    distribution = name;
  }
  tokens.requireEnd(expected);
  return { delayNs, jitter: { spreadNs, distribution, correlation } };
}

/** `[random] P [CORRELATION]`, `state P13 [P31 [P32 [P23 [P14]]]]` or `gemodel P [R [1-H [1-K]]]`. Throws NetError. */
export function parseLoss(where: string, text: string): LossConfig {
  const expected = 'a loss like 1 %, 1 % 25 %, state 1 % 30 % or gemodel 1 % 10 %';
  const tokens = new Tokens(where, text);
  let loss: LossConfig;
  if (tokens.takeWord('state')) {
    const p13 = tokens.requireRatio(expected);
    loss = {
      kind: 'state',
      p13,
      p31: tokens.takeRatio() ?? 1 - p13,
      p32: tokens.takeRatio() ?? 0,
      p23: tokens.takeRatio() ?? 1,
      p14: tokens.takeRatio() ?? 0,
    };
  } else if (tokens.takeWord('gemodel')) {
    const p = tokens.requireRatio(expected);
    loss = {
      kind: 'gemodel',
      p,
      r: tokens.takeRatio() ?? 1 - p,
      lossInBad: tokens.takeRatio() ?? 1,
      lossInGood: tokens.takeRatio() ?? 0,
    };
  } else {
    tokens.takeWord('random');
    loss = {
      kind: 'random',
      ratio: tokens.requireRatio(expected),
      correlation: tokens.takeRatio() ?? 0,
    };
  }
  tokens.requireEnd(expected);
  return loss;
}

/** `P [CORRELATION]`. Throws NetError. */
export function parseDuplicate(where: string, text: string): RatioConfig {
  const expected = `${EXPECTED.ratio}, with a correlation after it if wanted`;
  const tokens = new Tokens(where, text);
  const ratio = tokens.requireRatio(expected);
  const correlation = tokens.takeRatio() ?? 0;
  tokens.requireEnd(expected);
  return { ratio, correlation };
}

/** `P [CORRELATION] [bits N]`. Throws NetError. */
export function parseCorrupt(where: string, text: string): CorruptConfig {
  const expected = 'a corruption like 0.1 % or 0.1 % bits 3';
  const tokens = new Tokens(where, text);
  const ratio = tokens.requireRatio(expected);
  const correlation = tokens.takeRatio() ?? 0;
  const bits = tokens.takeWord('bits') ? tokens.requireCount(expected) : 1;
  tokens.requireEnd(expected);
  return { ratio, correlation, bits };
}

/** `P [CORRELATION] [gap N]`. Throws NetError. */
export function parseReorder(where: string, text: string): ReorderConfig {
  const expected = 'a reordering like 25 %, 25 % 50 % or 25 % 50 % gap 5';
  const tokens = new Tokens(where, text);
  const ratio = tokens.requireRatio(expected);
  const correlation = tokens.takeRatio() ?? 0;
  const gap = tokens.takeWord('gap') ? tokens.requireCount(expected) : 1;
  tokens.requireEnd(expected);
  return { ratio, correlation, gap };
}
