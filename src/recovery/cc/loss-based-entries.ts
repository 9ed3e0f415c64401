/** The loss-based controllers by name: Reno and CUBIC, with their kinds of slow start. Cold. */
import { changeFields } from '../../base/changing-fields.ts';
import type { CongestionContext, CongestionControllerFactory } from '../congestion.ts';
import type { ControllerEntry, ControllerParameter, ParameterValues } from './controllers.ts';
import { CubicGrowth, type CubicOptions } from './cubic.ts';
import { CubicSegments } from './cubic-segments.ts';
import { HyStart } from './hystart.ts';
import { HyStartPlusPlus } from './hystart-plus-plus.ts';
import { LossBasedController, type LossBasedOptions } from './loss-based.ts';
import { RenoGrowth } from './reno.ts';
import { ClassicSlowStart, type SlowStart } from './slow-start.ts';
import type { WindowGrowth } from './window-growth.ts';

/** 'hystart-auto' is HyStart in segments and HyStart++ in bytes. */
type SlowStartKind = 'classic' | 'hystart' | 'hystart-6.13' | 'hystart++' | 'hystart-auto';
type IdleRestart = LossBasedOptions['idleRestart'];

export const LOSS_BASED_PARAMETERS: readonly ControllerParameter[] = [
  {
    name: 'slowStart',
    description:
      'classic (RFC 5681), hystart (Linux; hystart-6.13 before version 6.14), hystart++ (RFC 9406); auto is classic for reno, ' +
      'for cubic hystart in segments and hystart++ in bytes',
    default: 'auto',
    choices: ['auto', 'classic', 'hystart', 'hystart-6.13', 'hystart++'],
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
  const ecnBackoff = values['abe'] === true ? 'own-in-avoidance' : 'as-loss';
  const make = (context: CongestionContext) => {
    const slowStart = makeSlowStart(context);
    const growth = makeGrowth(context);
    const options: LossBasedOptions = { ecnBackoff, idleRestart: idleRestartOf(values, context) };
    const controller = new LossBasedController(context, { slowStart, growth }, options);
    for (const part of [slowStart, growth, controller]) changeFields(part);
    return controller;
  };
  return Object.assign(make, { waitsForData: true });
}

export function slowStartMaker(kind: SlowStartKind, abcLimit: number): MakePart<SlowStart> {
  return ({ smss, isPaced, granularity }) => {
    const isInSegments = granularity === 'segments';
    if (kind === 'hystart' || (kind === 'hystart-auto' && isInSegments)) {
      return new HyStart(smss, isPaced);
    }
    if (kind === 'hystart-6.13') return new HyStart(smss, isPaced, false);
    if (kind === 'hystart++' || kind === 'hystart-auto') return new HyStartPlusPlus(smss, isPaced);
    const limitByDefault = isInSegments ? Number.POSITIVE_INFINITY : 1;
    return new ClassicSlowStart(smss, abcLimit || limitByDefault);
  };
}

/** What `idleRestart` asks for, with the granularity's own choice for 'auto'. */
export function idleRestartOf(
  values: ParameterValues,
  { granularity }: CongestionContext,
): IdleRestart {
  const idle = values['idleRestart'] as 'auto' | IdleRestart;
  if (idle !== 'auto') return idle;
  return granularity === 'segments' ? 'halve' : 'initial-window';
}

/** What `slowStart` asks for, with the controller's own kind for 'auto'. */
export function slowStartOf(values: ParameterValues, auto: SlowStartKind): SlowStartKind {
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

export const LOSS_BASED_ENTRIES: readonly ControllerEntry[] = [RENO, CUBIC];
