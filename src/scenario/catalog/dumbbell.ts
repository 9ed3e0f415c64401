/**
 * `dumbbell`: bulk flows, each between a pair of hosts of its own, that share one bottleneck with a queue of
 * any discipline. Both ways have the same rate and queue; loss is from senders to receivers only. One flow per listed
 * controller unless `flows` says more. Access links are fast and short, so that the bottleneck is one.
 */
import { NetError } from '../../base/errors.ts';
import type { BitsPerSecond, Duration } from '../../base/units.ts';
import { buildDumbbell, type DumbbellConfig } from '../../stack/dumbbell.ts';
import type { Host } from '../../stack/host.ts';
import type { FlowPlan, RunPlan } from '../flow-run.ts';
import { NETEM_EXPECTED, parseLoss } from '../netem.ts';
import { FORMS, orWord, type ParameterValuesOf } from '../parameters.ts';
import { createNetwork, sampleIntervalNs } from '../plan-network.ts';
import { QDISC_FORM } from '../qdisc-spec.ts';
import { limitsOf } from '../queue-spec.ts';
import { type BuiltScenario, defineScenario, type ScenarioContext } from './catalog-entry.ts';
import {
  AUTO,
  type DealtFlow,
  dealControllers,
  hasBytes,
  processingOf,
  SIZE_PARAMETER,
  TRANSPORT_PARAMETERS,
  tcpOf,
} from './transport-parameters.ts';

const parameters = {
  rate: { ...FORMS.rate, default: '100 Mbps', description: 'of the bottleneck, each way' },
  rtt: {
    ...FORMS.positiveDuration,
    default: '40 ms',
    description: 'propagation there and back',
  },
  queue: {
    ...FORMS.queue,
    default: '1 bdp',
    description: 'limit of what waits at the bottleneck',
  },
  qdisc: {
    ...QDISC_FORM,
    default: 'fifo',
    description:
      'queue discipline at the bottleneck, each way; its own limit counts before `queue`',
  },
  loss: {
    expected: `${NETEM_EXPECTED.loss}, or none`,
    parse: (text: string) => (text.trim() === 'none' ? null : parseLoss(text)),
    default: 'none',
    description: 'random loss from senders to receivers, before the queue',
  },
  flows: {
    ...orWord('auto', -1, FORMS.count),
    default: 'auto',
    description: 'number of flows; auto: one per listed controller',
  },
  duration: { ...FORMS.positiveDuration, default: '10 s', description: 'length of the run' },
  stagger: {
    ...FORMS.duration,
    default: '100 ms',
    description: 'between the starts of one flow and the next',
  },
  size: SIZE_PARAMETER,
  ...TRANSPORT_PARAMETERS,
};

type Values = ParameterValuesOf<typeof parameters>;

/** A full frame without FCS. */
const FRAME_BYTES = 1514;
const ACCESS_RATE: BitsPerSecond = 10e9;
/** Access links are this much faster than a bottleneck near their usual rate. */
const ACCESS_FACTOR = 10;
const ACCESS_DELAY_NS: Duration = 1000;

export const dumbbell = defineScenario({
  name: 'dumbbell',
  description: 'bulk flows that share one bottleneck',
  parameters,
  build,
});

function build(values: Values, context: ScenarioContext): BuiltScenario {
  const { rate, rtt, cc, duration } = values;
  const flowCount = values.flows === AUTO ? cc.length : values.flows;
  if (flowCount < cc.length) {
    throw NetError.value('flows', `at least ${cc.length}, one per controller`, flowCount);
  }
  const tcp = tcpOf(values);
  const bulk = Array.from({ length: flowCount }, (_, index) => ({
    startNs: index * values.stagger,
    sizeBytes: values.size,
  }));
  const dealt = dealControllers(values, bulk, context);
  const { network, meter, taps } = createNetwork(context, flowCount, tcp, hasBytes(values));
  const processingDelayNs = processingOf(values, Math.round((FRAME_BYTES * 8e9) / rate));
  const accessDelayNs = Math.min(ACCESS_DELAY_NS, Math.floor(rtt / 8));
  const { topology, left, right, bottleneck, bottleneckBack } = buildDumbbell(network, {
    pairs: flowCount,
    host: { tcp, controllers: (dealt[0] as DealtFlow).controllers, meter },
    family: values.ip,
    ...bottlenecks(values, rtt - 4 * accessDelayNs),
    accessRate: Math.max(ACCESS_RATE, ACCESS_FACTOR * rate),
    accessDelayNs,
    processingDelayNs,
    watch: (point, to) => taps.tap(point, to),
  });
  const flows = dealt.map(
    (flow, index): FlowPlan => ({ ...flow, from: left[index] as Host, to: right[index] as Host }),
  );
  const plan: RunPlan = {
    network,
    meter,
    flows,
    links: topology.links,
    reportedLinks: [bottleneck, bottleneckBack],
    endNs: duration,
    sampleNs: sampleIntervalNs(duration),
  };
  return { plan, taps, processingDelayNs };
}

function bottlenecks(
  { rate, rtt, queue, qdisc, loss }: Values,
  roundTripNs: Duration,
): Pick<DumbbellConfig, 'bottleneck' | 'bottleneckBack'> {
  const limit = limitsOf(qdisc.limit ?? queue, rate, rtt);
  const discipline = qdisc.create;
  const there = Math.floor(roundTripNs / 2);
  return {
    bottleneck: {
      name: 'bottleneck',
      rate,
      delayNs: there,
      queue: limit,
      discipline,
      impairments: loss === null ? undefined : { loss },
    },
    bottleneckBack: {
      name: 'bottleneck back',
      rate,
      delayNs: roundTripNs - there,
      queue: limit,
      discipline,
    },
  };
}
