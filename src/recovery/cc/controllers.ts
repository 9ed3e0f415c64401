/**
 * The congestion controllers by name, each with its parameters: what a scenario, a command or `list`
 * can ask for. A registry begins with the built-in ones; plug-ins add theirs at run time. Values are
 * checked here, so that a factory gets only what its parameters allow. Cold.
 */
import { NetError } from '../../base/errors.ts';
import type { CongestionControllerFactory } from '../congestion.ts';
import { DELAY_BASED_ENTRIES } from './delay-based-entries.ts';
import { LOSS_BASED_ENTRIES } from './loss-based-entries.ts';
import { MARK_BASED_ENTRIES } from './mark-based-entries.ts';
import { MODEL_BASED_ENTRIES } from './model-based-entries.ts';

export type ParameterValue = number | boolean | string;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

export interface ControllerParameter {
  readonly name: string;
  readonly description: string;
  /** Its type is the parameter's type. */
  readonly default: ParameterValue;
  /** For a text: what it may be. */
  readonly choices?: readonly string[];
  /** For a number: inclusive bounds. */
  readonly min?: number;
  readonly max?: number;
}

export interface ControllerEntry {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly ControllerParameter[];
  /** `values` has every parameter, checked. Called once; the factory, once a connection. */
  create(values: ParameterValues): CongestionControllerFactory;
}

export class ControllerRegistry {
  readonly #entries = new Map<string, ControllerEntry>();

  /** A registry with the built-in controllers. */
  static withBuiltIns(): ControllerRegistry {
    const registry = new ControllerRegistry();
    const families = [
      LOSS_BASED_ENTRIES,
      MODEL_BASED_ENTRIES,
      MARK_BASED_ENTRIES,
      DELAY_BASED_ENTRIES,
    ];
    for (const entry of families.flat()) registry.add(entry);
    return registry;
  }

  get entries(): readonly ControllerEntry[] {
    return [...this.#entries.values()];
  }

  /** @throws NetError when the name is taken. */
  add(entry: ControllerEntry): void {
    if (this.#entries.has(entry.name)) {
      throw NetError.value('controller', 'a name that is not taken', entry.name);
    }
    this.#entries.set(entry.name, entry);
  }

  /**
   * A factory with these values, defaults for the rest. One controller a connection.
   * @throws NetError for an unknown name or parameter, or a value that the parameter does not allow.
   */
  factory(name: string, given: ParameterValues = {}): CongestionControllerFactory {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      const names = [...this.#entries.keys()].join(', ');
      throw NetError.value('controller', `one of ${names}`, name);
    }
    return entry.create(completeValues(entry, given));
  }
}

function completeValues(entry: ControllerEntry, given: ParameterValues): ParameterValues {
  const known = entry.parameters.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw NetError.value(`parameter of ${entry.name}`, `one of ${known.join(', ')}`, name);
    }
  }
  const values: Record<string, ParameterValue> = {};
  for (const parameter of entry.parameters) {
    const value = given[parameter.name] ?? parameter.default;
    checkValue(`${entry.name}.${parameter.name}`, parameter, value);
    values[parameter.name] = value;
  }
  return values;
}

function checkValue(where: string, parameter: ControllerParameter, value: ParameterValue): void {
  if (typeof value !== typeof parameter.default || Number.isNaN(value)) {
    throw NetError.value(where, `a ${typeof parameter.default}`, value);
  }
  const { choices, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = parameter;
  if (choices !== undefined && !choices.includes(value as string)) {
    throw NetError.value(where, `one of ${choices.join(', ')}`, value);
  }
  if (typeof value === 'number' && (value < min || value > max)) {
    throw NetError.value(where, `a number from ${min} to ${max}`, value);
  }
}
