/**
 * Parameters of a catalogue scenario: each has a name, a default and a form, and is written as a text with a
 * unit. Texts are read here, once, so that a scenario gets typed values and a user one line about a mistake.
 */
import { NetError } from '../base/errors.ts';
import { EXPECTED, parseDuration, parseRate } from './quantity.ts';
import { parseQueue } from './queue-spec.ts';

export interface Parameter<Value> {
  readonly description: string;
  /** As a user would write it. */
  readonly default: string;
  /** What a value looks like: `expected …`. */
  readonly expected: string;
  /** Undefined for a text that is no value. */
  readonly parse: (text: string) => Value | undefined;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

export type ParameterValuesOf<Set extends Parameters> = {
  readonly [Name in keyof Set]: Set[Name] extends Parameter<infer Value> ? Value : never;
};

/** Texts by name, as `--set name=text` gives them. */
export type ParameterTexts = Readonly<Record<string, string>>;

/** Every parameter's text: those given, and defaults. Throws NetError for an unknown name. */
export function completeTexts(set: Parameters, given: ParameterTexts): ParameterTexts {
  const names = Object.keys(set);
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) {
      throw NetError.value('parameter', `one of ${names.join(', ')}`, name);
    }
  }
  return Object.fromEntries(
    Object.entries(set).map(([name, parameter]) => [name, given[name] ?? parameter.default]),
  );
}

/** Throws NetError for the first text that is no value of its parameter. */
export function readValues<Set extends Parameters>(
  set: Set,
  texts: ParameterTexts,
): ParameterValuesOf<Set> {
  const values = Object.entries(set).map(([name, { expected, parse }]) => {
    const text = texts[name] ?? '';
    const value = parse(text);
    if (value === undefined) throw NetError.value(name, expected, text);
    return [name, value];
  });
  return Object.fromEntries(values) as ParameterValuesOf<Set>;
}

/** How a kind of parameter is written and read; a scenario adds what it means and its default. */
type Form<Value> = Pick<Parameter<Value>, 'expected' | 'parse'>;

const positive = (value: number | undefined) =>
  value !== undefined && value > 0 ? value : undefined;

export const FORMS = {
  rate: { expected: EXPECTED.rate, parse: parseRate } satisfies Form<number>,
  duration: { expected: EXPECTED.duration, parse: parseDuration } satisfies Form<number>,
  positiveDuration: {
    expected: `${EXPECTED.duration}, above 0`,
    parse: (text: string) => positive(parseDuration(text)),
  } satisfies Form<number>,
  queue: { expected: EXPECTED.queue, parse: parseQueue },
  count: {
    expected: 'a whole number from 1',
    parse: (text: string) => (/^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined),
  } satisfies Form<number>,
  /** Of what each is an object of the run. */
  smallCount: {
    expected: 'a whole number from 1 to 1000',
    parse: (text: string) =>
      /^(?:[1-9]\d{0,2}|1000)$/.test(text.trim()) ? Number(text) : undefined,
  } satisfies Form<number>,
} as const;

/** A list of names with commas between them. */
export function parseNames(text: string): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  return names.some((name) => name === '') ? undefined : names;
}

/** `none` (or the word given) for `absent`, else what `form` reads. */
export function orWord<Value, Absent>(
  word: string,
  absent: Absent,
  form: Form<Value>,
): Form<Value | Absent> {
  return {
    expected: `${form.expected}, or ${word}`,
    parse: (text) => (text.trim() === word ? absent : form.parse(text)),
  };
}

/** One of these words. */
export function choiceOf<Word extends string>(words: readonly Word[]): Form<Word> {
  return {
    expected: words.join(' or '),
    parse: (text) => words.find((word) => word === text.trim()),
  };
}
