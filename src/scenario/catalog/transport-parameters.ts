/** Parameters of the transport that scenarios with real TCP share, and what they make. */
import type { Duration } from '../../base/units.ts';
import { ecnOf, LINUX_PROFILE, RFC_PROFILE, type TcpConfig } from '../../tcp/config.ts';
import { bulkTraffic } from '../../traffic/bulk.ts';
import { choiceOf, FORMS, orWord, type ParameterValuesOf, parseNames } from '../parameters.ts';
import type { NamedFlow } from '../plan-network.ts';
import { EXPECTED, parseBytes } from '../quantity.ts';
import type { ScenarioContext } from './catalog-entry.ts';

export const AUTO = -1;

/** Of a flow. */
export const SIZE_PARAMETER = {
  ...orWord('endless', Number.POSITIVE_INFINITY, {
    expected: EXPECTED.bytes,
    parse: (text) => {
      const bytes = parseBytes(text);
      return bytes !== undefined && bytes > 0 ? bytes : undefined;
    },
  }),
  default: 'endless',
  description: 'bytes of each flow; the run ends when all are done, at the latest with `duration`',
};

export const TRANSPORT_PARAMETERS = {
  cc: {
    expected: 'names of controllers like reno,cubic',
    parse: parseNames,
    default: 'cubic',
    description: 'congestion controllers, dealt to the flows in turn',
  },
  profile: {
    ...choiceOf(['linux', 'rfc'] as const),
    default: 'linux',
    description: 'of TCP: what a current Linux does, or what the texts say',
  },
  pacing: {
    ...choiceOf(['off', 'on'] as const),
    default: 'off',
    description:
      'whether controllers that do not pace by themselves are paced at a ratio of cwnd/SRTT',
  },
  ecn: {
    ...choiceOf(['off', 'on', 'accecn'] as const),
    default: 'off',
    description:
      'whether senders ask for ECN (RFC 3168), or AccECN (RFC 9768); a discipline with `ecn` marks then',
  },
  ip: {
    ...choiceOf(['ipv4', 'ipv6'] as const),
    default: 'ipv4',
    description: 'family of all addresses',
  },
  payload: {
    ...choiceOf(['zeros', 'pattern'] as const),
    default: 'zeros',
    description: 'what flows carry: lengths that stand for zeros, or bytes of a pattern',
  },
  processing: {
    ...orWord('auto', AUTO, FORMS.duration),
    default: 'auto',
    description:
      'time hosts take over a packet, uniform from 0 to this; auto: one full frame at the slowest link; 0 s: none',
  },
};

type Values = ParameterValuesOf<typeof TRANSPORT_PARAMETERS>;

export function tcpOf({ profile, pacing, ecn }: Values): TcpConfig {
  return {
    ...(profile === 'rfc' ? RFC_PROFILE : LINUX_PROFILE),
    usesPacing: pacing === 'on',
    ...ecnOf(ecn),
  };
}

/** `auto`, or what was said. */
export const processingOf = ({ processing }: Values, auto: Duration): Duration =>
  processing === AUTO ? auto : processing;

/** Whether flows carry bytes, which take room. */
export const hasBytes = ({ payload }: Values): boolean => payload === 'pattern';

/** A bulk transfer, but for its controller. */
export type BulkFlow = Pick<NamedFlow, 'from' | 'to' | 'startNs' | 'sizeBytes'>;

/** What dealing adds to a flow. */
export type DealtFlow = Pick<NamedFlow, 'port' | 'cc' | 'controllers' | 'traffic'>;

const PORT = 5001;

/** Deals the controllers in turn, by the flow's index. Throws NetError for a controller that there is not. */
export function controllerDeal(
  { cc }: Pick<Values, 'cc'>,
  { controllers }: ScenarioContext,
): (index: number) => Omit<DealtFlow, 'traffic'> {
  const deals = cc.map((name) => ({
    port: PORT,
    cc: name,
    controllers: controllers.factory(name),
  }));
  return (index) => deals[index % deals.length] as Omit<DealtFlow, 'traffic'>;
}

/** Deals controllers to bulk flows in turn. Throws NetError for a controller that there is not. */
export function dealControllers<Flow extends Pick<BulkFlow, 'sizeBytes'>>(
  values: Values,
  flows: readonly Flow[],
  context: ScenarioContext,
): (Flow & DealtFlow)[] {
  const deal = controllerDeal(values, context);
  return flows.map((flow, index) => ({
    ...flow,
    ...deal(index),
    traffic: bulkTraffic(flow.sizeBytes, values.payload),
  }));
}
