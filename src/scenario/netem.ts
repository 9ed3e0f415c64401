/**
 * Impairments in the vocabulary of `tc netem`, as a scenario's fields and the command's options write
 * them: `20 ms 5 ms 25 % distribution normal`, `gemodel 1 % 10 %`, `25 % 50 % gap 5`. Words and defaults
 * are netem's (tc-netem(8)); what differs is in net/: correlation keeps the stated rate, and `corrupt`
 * takes a number of bits. Like quantities, each function returns undefined for a text it cannot read.
 */
import type { Duration } from '../base/units.ts';
import type {
  CorruptConfig,
  DelayDistribution,
  JitterConfig,
  LossConfig,
  RatioConfig,
  ReorderConfig,
} from '../net/impairment-config.ts';
import { parseDuration, parseRatio } from './quantity.ts';

const DISTRIBUTIONS: readonly DelayDistribution[] = ['uniform', 'normal', 'pareto', 'paretonormal'];

/** What each impairment looks like, for error messages. */
export const NETEM_EXPECTED = {
  delay: `a delay like 20 ms, 20 ms 5 ms 25 % or 20 ms 5 ms distribution ${DISTRIBUTIONS.join('|')}`,
  loss: 'a loss like 1 %, 1 % 25 %, state 1 % 30 % or gemodel 1 % 10 %',
  duplicate: 'a share like 1 %, or 1 % 25 % with a correlation',
  corrupt: 'a corruption like 0.1 % or 0.1 % bits 3',
  reorder: 'a reordering like 25 %, 25 % 50 % or 25 % 50 % gap 5',
} as const;

/** Words and quantities of one text, taken from the front. */
class Tokens {
  readonly #tokens: string[];

  constructor(text: string) {
    // A number and its unit are one token, with or without a space between them.
    this.#tokens = text.match(/[\d.]+\s*(?:%|[numµμ]?s\b|min\b|h\b)|\S+/g) ?? [];
  }

  get isEmpty(): boolean {
    return this.#tokens.length === 0;
  }

  /** Takes the word if it is next. */
  takeWord(word: string): boolean {
    if (this.#tokens[0] !== word) return false;
    this.#tokens.shift();
    return true;
  }

  take<T>(parse: (text: string) => T | undefined): T | undefined {
    const value = parse(this.#tokens[0] ?? '');
    if (value !== undefined) this.#tokens.shift();
    return value;
  }

  /** The next ratios, at most `count`. */
  takeRatios(count: number): number[] {
    const ratios: number[] = [];
    for (let ratio = this.take(parseRatio); ratio !== undefined; ratio = this.take(parseRatio)) {
      ratios.push(ratio);
      if (ratios.length === count) break;
    }
    return ratios;
  }

  /** `KEY N` when KEY is next, else the default; undefined when N is no whole number from 1. */
  takeNumber(key: string, standard: number): number | undefined {
    if (!this.takeWord(key)) return standard;
    return this.take((text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined));
  }
}

/** A delay, and how it varies. */
export interface DelaySpec {
  readonly delayNs: Duration;
  readonly jitter?: JitterConfig;
}

/** `TIME [JITTER [CORRELATION]] [distribution NAME]` */
export function parseDelay(text: string): DelaySpec | undefined {
  const tokens = new Tokens(text);
  const delayNs = tokens.take(parseDuration);
  if (delayNs === undefined) return undefined;
  const spreadNs = tokens.take(parseDuration);
  if (spreadNs === undefined) return tokens.isEmpty ? { delayNs } : undefined;
  const [correlation = 0] = tokens.takeRatios(1);
  const distribution = tokens.takeWord('distribution')
    ? tokens.take((name) => DISTRIBUTIONS.find((known) => known === name))
    : 'uniform';
  if (distribution === undefined || !tokens.isEmpty) return undefined;
  return { delayNs, jitter: { spreadNs, distribution, correlation } };
}

/** `[random] P [CORRELATION]`, `state P13 [P31 [P32 [P23 [P14]]]]`, `gemodel P [R [1-H [1-K]]]` */
export function parseLoss(text: string): LossConfig | undefined {
  const tokens = new Tokens(text);
  let loss: LossConfig | undefined;
  if (tokens.takeWord('state')) {
    const [p13, p31, p32 = 0, p23 = 1, p14 = 0] = tokens.takeRatios(5);
    if (p13 !== undefined) loss = { kind: 'state', p13, p31: p31 ?? 1 - p13, p32, p23, p14 };
  } else if (tokens.takeWord('gemodel')) {
    const [p, r, lossInBad = 1, lossInGood = 0] = tokens.takeRatios(4);
    if (p !== undefined) loss = { kind: 'gemodel', p, r: r ?? 1 - p, lossInBad, lossInGood };
  } else {
    tokens.takeWord('random');
    const [ratio, correlation = 0] = tokens.takeRatios(2);
    if (ratio !== undefined) loss = { kind: 'random', ratio, correlation };
  }
  return tokens.isEmpty ? loss : undefined;
}

/** `P [CORRELATION]` */
export function parseDuplicate(text: string): RatioConfig | undefined {
  const tokens = new Tokens(text);
  const [ratio, correlation = 0] = tokens.takeRatios(2);
  return ratio === undefined || !tokens.isEmpty ? undefined : { ratio, correlation };
}

/** `P [CORRELATION] [bits N]` */
export function parseCorrupt(text: string): CorruptConfig | undefined {
  const tokens = new Tokens(text);
  const [ratio, correlation = 0] = tokens.takeRatios(2);
  const bits = tokens.takeNumber('bits', 1);
  if (ratio === undefined || bits === undefined || !tokens.isEmpty) return undefined;
  return { ratio, correlation, bits };
}

/** `P [CORRELATION] [gap N]` */
export function parseReorder(text: string): ReorderConfig | undefined {
  const tokens = new Tokens(text);
  const [ratio, correlation = 0] = tokens.takeRatios(2);
  const gap = tokens.takeNumber('gap', 1);
  if (ratio === undefined || gap === undefined || !tokens.isEmpty) return undefined;
  return { ratio, correlation, gap };
}
