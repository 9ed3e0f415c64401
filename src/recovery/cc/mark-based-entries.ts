/** The controllers by name that answer ECN by how much was marked: DCTCP and Prague. Cold. */
import type {
  CongestionContext,
  CongestionController,
  CongestionControllerFactory,
} from '../congestion.ts';
import type { ControllerEntry, ControllerParameter, ParameterValues } from './controllers.ts';
import { DctcpController, type DctcpOptions } from './dctcp.ts';
import type { LossBasedOptions } from './loss-based.ts';
import {
  idleRestartOf,
  LOSS_BASED_PARAMETERS,
  slowStartMaker,
  slowStartOf,
} from './loss-based-entries.ts';
import { PragueController } from './prague.ts';
import type { SlowStart } from './slow-start.ts';

const PARAMETERS: readonly ControllerParameter[] = [
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
];

type MakeController = (
  context: CongestionContext,
  slowStart: SlowStart,
  options: LossBasedOptions,
  dctcp: DctcpOptions,
) => CongestionController;

function factoryOf(
  values: ParameterValues,
  needs: Pick<CongestionControllerFactory, 'preciseEcn' | 'usesAccurateEcn'>,
  make: MakeController,
): CongestionControllerFactory {
  const kind = slowStartOf(values, 'classic');
  const makeSlowStart = slowStartMaker(kind, values['abcLimit'] as number);
  const dctcp = { gain: values['g'] as number, initialAlpha: values['alpha'] as number };
  const factory = (context: CongestionContext) => {
    const idleRestart = idleRestartOf(values, context);
    return make(context, makeSlowStart(context), { ecnBackoff: 'own', idleRestart }, dctcp);
  };
  return Object.assign(factory, needs);
}

const DCTCP: ControllerEntry = {
  name: 'dctcp',
  description: 'DCTCP: Reno that answers ECN by how much was marked (RFC 8257)',
  parameters: PARAMETERS,
  create: (values) =>
    factoryOf(values, { preciseEcn: 'ect0' }, (...parts) => new DctcpController(...parts)),
};

const PRAGUE: ControllerEntry = {
  name: 'prague',
  description:
    'Prague, for L4S queues (RFC 9331 §4; its own text not verified, constants as in Linux)',
  parameters: [
    ...PARAMETERS,
    {
      name: 'transition',
      description: 'rounds after slow start until paths below 25 ms are treated as of 25 ms',
      default: 500,
      min: 0,
      max: 1e6,
    },
  ],
  create: (values) =>
    factoryOf(
      values,
      { preciseEcn: 'ect1', usesAccurateEcn: true },
      (context, slowStart, options, dctcp) => {
        const transitionRounds = values['transition'] as number;
        return new PragueController(context, slowStart, options, { ...dctcp, transitionRounds });
      },
    ),
};

export const MARK_BASED_ENTRIES: readonly ControllerEntry[] = [DCTCP, PRAGUE];
