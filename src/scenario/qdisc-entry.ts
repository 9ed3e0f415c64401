/**
 * A queue discipline as scenarios name it: a name, parameters in the words of tc where tc has it, and what
 * makes it. Texts are `NAME [PARAMETER VALUE | SWITCH | noSWITCH] …`: `codel target 5ms interval 100ms ecn`.
 */
import { NetError } from '../base/errors.ts';
import type { QueueDiscipline, QueueEnvironment } from '../qdisc/queue-discipline.ts';
import {
  type Parameter,
  type Parameters,
  type ParameterValuesOf,
  readValues,
} from './parameters.ts';

/** Written as its bare name, or with `no` before it. */
export interface Switch extends Parameter<boolean> {
  readonly isSwitch: true;
}

export function switchOf(isOn: boolean, description: string): Switch {
  return {
    isSwitch: true,
    default: isOn ? 'on' : 'off',
    description,
    expected: 'on or off',
    parse: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
  };
}

export interface QdiscEntry {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  /** Packets of its queue when nothing is said. */
  readonly limitPackets: number;
  /** `texts` has every parameter. Throws NetError for values that are none or do not fit. */
  readonly prepare: (
    texts: Readonly<Record<string, string>>,
  ) => (environment: QueueEnvironment) => QueueDiscipline;
}

/** A discipline whose `create` gets values instead of texts. `check` throws NetError when they do not fit. */
export function defineQdisc<Set extends Parameters>(definition: {
  readonly name: string;
  readonly description: string;
  readonly parameters: Set;
  readonly limitPackets?: number;
  readonly check?: (values: ParameterValuesOf<Set>) => void;
  readonly create: (
    environment: QueueEnvironment,
    values: ParameterValuesOf<Set>,
  ) => QueueDiscipline;
}): QdiscEntry {
  const { name, description, parameters, limitPackets = 1000, check, create } = definition;
  return {
    name,
    description,
    parameters,
    limitPackets,
    prepare: (texts) => {
      const values = readValues(parameters, texts);
      check?.(values);
      return (environment) => create(environment, values);
    },
  };
}

/** `PARAMETER VALUE | SWITCH | noSWITCH …` as texts of all parameters; `where` is named in errors. */
export function readWords(
  where: string,
  parameters: Parameters,
  words: readonly string[],
): Record<string, string> {
  const texts: Record<string, string> = {};
  const isWord = (word: string) => parameters[word] !== undefined || switchFor(word) !== undefined;
  const switchFor = (word: string) => {
    const bare = word.startsWith('no') ? word.slice(2) : word;
    const parameter = parameters[bare];
    return parameter !== undefined && 'isSwitch' in parameter ? bare : undefined;
  };
  for (let at = 0; at < words.length; ) {
    const word = words[at++] as string;
    const named = switchFor(word);
    if (named !== undefined) {
      texts[named] = named === word ? 'on' : 'off';
      continue;
    }
    if (parameters[word] === undefined) {
      const known = Object.keys(parameters).join(', ');
      throw NetError.value(where, known === '' ? 'no parameter' : `one of ${known}`, word);
    }
    // A value may be of two words, like 5 ms.
    const from = at;
    while (at < words.length && (at === from || !isWord(words[at] as string))) at++;
    texts[word] = words.slice(from, at).join(' ');
  }
  for (const [key, parameter] of Object.entries(parameters)) texts[key] ??= parameter.default;
  return texts;
}
