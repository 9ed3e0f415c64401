/**
 * The congestion controllers by name, each with its parameters: what a scenario, a command or `list`
 * can ask for. A registry begins with the built-in ones; plug-ins add theirs at run time. Values are
 * checked here, so that a factory gets only what its parameters allow. Cold.
 */
import { NetError } from '../../base/errors.ts';
import type { CongestionContext, CongestionControllerFactory } from '../congestion.ts';
import { Bbr3Controller } from './bbr/bbr3.ts';
import { Bbr1Controller } from './bbr1/bbr1.ts';
import { CubicGrowth, type CubicOptions } from './cubic.ts';
import { CubicSegments } from './cubic-segments.ts';
import { DctcpController } from './dctcp.ts';
import { HyStart } from './hystart.ts';
import { HyStartPlusPlus } from './hystart-plus-plus.ts';
import { LossBasedController, type LossBasedOptions } from './loss-based.ts';
import { RenoGrowth } from './reno.ts';
import { ClassicSlowStart, type SlowStart } from './slow-start.ts';
import type { WindowGrowth } from './window-growth.ts';

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

/** 'hystart-auto' is HyStart in segments and HyStart++ in bytes. */
type SlowStartKind = 'classic' | 'hystart' | 'hystart++' | 'hystart-auto';
type IdleRestart = LossBasedOptions['idleRestart'];

const LOSS_BASED_PARAMETERS: readonly ControllerParameter[] = [
  {
    name: 'slowStart',
    description:
      'classic (RFC 5681), hystart (Linux), hystart++ (RFC 9406); auto is classic for reno, ' +
      'for cubic hystart in segments and hystart++ in bytes',
    default: 'auto',
    choices: ['auto', 'classic', 'hystart', 'hystart++'],
  },
  {
    name: 'abcLimit',
    description:
      'L of RFC 3465 for classic slow start, in segments an ACK; 0 is 1 in bytes and no limit in segments',
    default: 0,
    min: 0,
  },
  {
    name: 'abe',
    description: 'a smaller reduction on ECN than on loss (RFC 8511)',
    default: false,
  },
  {
    name: 'idleRestart',
    description:
      'window after idle: initial-window (RFC 5681 §4.1), halve (RFC 2861), validate (RFC 7661); ' +
      'auto is initial-window in bytes, halve in segments',
    default: 'auto',
    choices: ['auto', 'initial-window', 'halve', 'validate'],
  },
];

const CUBIC_PARAMETERS: readonly ControllerParameter[] = [
  ...LOSS_BASED_PARAMETERS,
  { name: 'c', description: 'C of RFC 9438 §5', default: 0.4, min: 0.001, max: 100 },
  { name: 'beta', description: 'beta of RFC 9438 §4.6', default: 0.7, min: 0.5, max: 0.99 },
  { name: 'fastConvergence', description: 'RFC 9438 §4.7', default: true },
  { name: 'renoFriendly', description: 'RFC 9438 §4.3', default: true },
];

type MakePart<Part> = (context: CongestionContext) => Part;

function lossBasedFactory(
  values: ParameterValues,
  slowStart: SlowStartKind,
  makeGrowth: MakePart<WindowGrowth>,
): CongestionControllerFactory {
  const makeSlowStart = slowStartMaker(slowStart, values['abcLimit'] as number);
  const idle = values['idleRestart'] as 'auto' | IdleRestart;
  const ecnBackoff = values['abe'] === true ? 'own-in-avoidance' : 'as-loss';
  const optionsOf = (byDefault: IdleRestart): LossBasedOptions => ({
    ecnBackoff,
    idleRestart: idle === 'auto' ? byDefault : idle,
  });
  const inBytes = optionsOf('initial-window');
  const inSegments = optionsOf('halve');
  return (context) =>
    new LossBasedController(
      context,
      { slowStart: makeSlowStart(context), growth: makeGrowth(context) },
      context.granularity === 'segments' ? inSegments : inBytes,
    );
}

function slowStartMaker(kind: SlowStartKind, abcLimit: number): MakePart<SlowStart> {
  return ({ smss, isPaced, granularity }) => {
    const isInSegments = granularity === 'segments';
    if (kind === 'hystart' || (kind === 'hystart-auto' && isInSegments)) {
      return new HyStart(smss, isPaced);
    }
    if (kind === 'hystart++' || kind === 'hystart-auto') return new HyStartPlusPlus(smss, isPaced);
    const limitByDefault = isInSegments ? Number.POSITIVE_INFINITY : 1;
    return new ClassicSlowStart(smss, abcLimit || limitByDefault);
  };
}

/** What `slowStart` asks for, with the controller's own kind for 'auto'. */
function slowStartOf(values: ParameterValues, auto: SlowStartKind): SlowStartKind {
  const kind = values['slowStart'] as 'auto' | SlowStartKind;
  return kind === 'auto' ? auto : kind;
}

const RENO: ControllerEntry = {
  name: 'reno',
  description: 'Reno: additive increase, halving on loss (RFC 5681)',
  parameters: LOSS_BASED_PARAMETERS,
  create: (values) =>
    lossBasedFactory(
      values,
      slowStartOf(values, 'classic'),
      (context) => new RenoGrowth(context.smss),
    ),
};

const CUBIC: ControllerEntry = {
  name: 'cubic',
  description: 'CUBIC (RFC 9438); with whole segments as Linux counts',
  parameters: CUBIC_PARAMETERS,
  create(values) {
    const options: CubicOptions = {
      c: values['c'] as number,
      beta: values['beta'] as number,
      hasFastConvergence: values['fastConvergence'] as boolean,
      isRenoFriendly: values['renoFriendly'] as boolean,
    };
    return lossBasedFactory(values, slowStartOf(values, 'hystart-auto'), (context) =>
      context.granularity === 'segments'
        ? new CubicSegments(context.smss, options)
        : new CubicGrowth(context.smss, options),
    );
  },
};

const BBR1: ControllerEntry = {
  name: 'bbr',
  description: 'BBR version 1 as in Linux: paced by measured bandwidth and least RTT',
  parameters: [],
  create: () => (context) => new Bbr1Controller(context),
};

const BBR3: ControllerEntry = {
  name: 'bbr3',
  description: 'BBR version 3 (draft-ietf-ccwg-bbr): bounded also by what was lost',
  parameters: [],
  create: () => (context) => new Bbr3Controller(context),
};

const DCTCP: ControllerEntry = {
  name: 'dctcp',
  description: 'DCTCP: Reno that answers ECN by how much was marked (RFC 8257)',
  parameters: [
    ...LOSS_BASED_PARAMETERS.filter(({ name }) => name !== 'abe'),
    {
      name: 'g',
      description: 'gain of the estimate (RFC 8257 §4.2)',
      default: 1 / 16,
      min: 1e-4,
      max: 1,
    },
    {
      name: 'alpha',
      description: 'the estimate at the start (RFC 8257 §3.3)',
      default: 1,
      min: 0,
      max: 1,
    },
  ],
  create(values) {
    const kind = slowStartOf(values, 'classic');
    const makeSlowStart = slowStartMaker(kind, values['abcLimit'] as number);
    const idle = values['idleRestart'] as 'auto' | IdleRestart;
    const dctcp = { gain: values['g'] as number, initialAlpha: values['alpha'] as number };
    const make = (context: CongestionContext) => {
      const byDefault = context.granularity === 'segments' ? 'halve' : 'initial-window';
      const idleRestart = idle === 'auto' ? byDefault : idle;
      const options: LossBasedOptions = { ecnBackoff: 'own', idleRestart };
      return new DctcpController(context, makeSlowStart(context), options, dctcp);
    };
    return Object.assign(make, { preciseEcn: 'ect0' as const });
  },
};

export class ControllerRegistry {
  readonly #entries = new Map<string, ControllerEntry>();

  /** A registry with the built-in controllers. */
  static withBuiltIns(): ControllerRegistry {
    const registry = new ControllerRegistry();
    registry.add(RENO);
    registry.add(CUBIC);
    registry.add(BBR1);
    registry.add(BBR3);
    registry.add(DCTCP);
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
