/**
 * `dumbbell`: bulk flows, each between a pair of hosts of its own, that share one bottleneck with a queue of
 * any discipline. Both ways have the same rate and queue; loss is from senders to receivers only. One flow per listed
 * controller unless `flows` says more. Access links are fast and short, so that the bottleneck is one.
 */
import { NetError } from '../../base/errors.ts';
import type { BitsPerSecond, Duration } from '../../base/units.ts';
import type { Network } from '../../net/network.ts';
import { buildDumbbell, type Dumbbell, type DumbbellConfig } from '../../stack/dumbbell.ts';
import type { Host } from '../../stack/host.ts';
import type { RunPlan } from '../flow-run.ts';
import { LatencyProbe } from '../latency-probe.ts';
import { NETEM_EXPECTED, parseLoss } from '../netem.ts';
import { FORMS, orWord, type ParameterValuesOf } from '../parameters.ts';
import { createNetwork, sampleIntervalNs } from '../plan-network.ts';
import { QDISC_FORM } from '../qdisc-spec.ts';
import { limitsOf } from '../queue-spec.ts';
import { parseRateSteps, RATE_STEPS_EXPECTED, type RateStep } from '../rate-steps.ts';
import type { FlowPlan } from '../running-flow.ts';
import { type BuiltScenario, defineScenario, type ScenarioContext } from './catalog-entry.ts';
import { addEchoedDatagrams } from './dumbbell-datagrams.ts';
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

/** No RTTs of their own. */
const SAME: readonly Duration[] = [];
/** No changes. */
const CONSTANT: readonly RateStep[] = [];

const parameters = {
  rate: { ...FORMS.rate, default: '100 Mbps', description: 'of the bottleneck, each way' },
  rtt: {
    ...FORMS.positiveDuration,
    default: '40 ms',
    description: 'propagation there and back',
  },
  rtts: {
    ...orWord('same', SAME, {
      expected: 'durations above 0 like 20 ms,80 ms',
      parse: parseDurations,
    }),
    default: 'same',
    description: 'propagation of each flow instead, dealt in turn; `bdp` stays a multiple of `rtt`',
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
  steps: {
    ...orWord('none', CONSTANT, { expected: RATE_STEPS_EXPECTED, parse: parseRateSteps }),
    default: 'none',
    description: 'changes of `rate` during the run, each way',
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
  probe: {
    ...orWord('none', 0, FORMS.positiveDuration),
    default: 'none',
    description: 'between small packets that are echoed beside the flows, for latency under load',
  },
  ...TRANSPORT_PARAMETERS,
};

/** Of `rtts`. */
function parseDurations(text: string): readonly Duration[] | undefined {
  const durations = text.split(',').map((each) => FORMS.positiveDuration.parse(each) ?? 0);
  return durations.includes(0) ? undefined : durations;
}

type Values = ParameterValuesOf<typeof parameters>;

/** A full frame without FCS. */
const FRAME_BYTES = 1514;
const ACK_FRAME_BYTES = 66;
/** Of the probe, which is as large as an ACK. */
const PROBE_PAYLOAD_BYTES = 24;
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
  const { rate, rtt, rtts, cc, duration } = values;
  const flowCount = values.flows === AUTO ? Math.max(cc.length, rtts.length) : values.flows;
  if (flowCount < cc.length) {
    throw NetError.value('flows', `at least ${cc.length}, one per controller`, flowCount);
  }
  const tcp = tcpOf(values);
  const bulk = Array.from({ length: flowCount }, (_, index) => ({
    startNs: index * values.stagger,
    sizeBytes: values.size,
  }));
  const dealt = dealControllers(values, bulk, context);
  // Two links of the bottleneck, and each pair of hosts has four.
  const size = { flows: flowCount, links: 2 + 4 * flowCount };
  const { network, meter, taps } = createNetwork(context, size, tcp, hasBytes(values));
  const processingDelayNs = processingOf(values, Math.round((FRAME_BYTES * 8e9) / rate));
  const shortestNs = rtts.length === 0 ? rtt : Math.min(...rtts.slice(0, flowCount));
  const accessDelayNs = Math.min(ACCESS_DELAY_NS, Math.floor(shortestNs / 8));
  const line = buildDumbbell(network, {
    pairs: flowCount,
    host: { tcp, controllers: (dealt[0] as DealtFlow).controllers, meter },
    family: values.ip,
    ...bottlenecks(values, shortestNs - 4 * accessDelayNs),
    accessRate: Math.max(ACCESS_RATE, ACCESS_FACTOR * rate),
    accessDelayNs,
    extraDelayNs: bulk.map((_, index) => (rtts[index % rtts.length] ?? shortestNs) - shortestNs),
    processingDelayNs,
    watch: (point, to) => taps.tap(point, to),
  });
  const { topology, left, right, bottleneck, bottleneckBack } = line;
  const sendingNs = Math.ceil(((FRAME_BYTES + ACK_FRAME_BYTES) * 8e9) / rate);
  const flows = dealt.map(
    (flow, index): FlowPlan => ({
      ...flow,
      from: left[index] as Host,
      to: right[index] as Host,
      baseRttNs: (rtts[index % rtts.length] ?? shortestNs) + sendingNs,
    }),
  );
  const plan: RunPlan = {
    network,
    meter,
    flows,
    links: topology.links,
    reportedLinks: [bottleneck, bottleneckBack],
    endNs: duration,
    sampleNs: sampleIntervalNs(duration),
    baseRttNs: shortestNs,
    ...(values.probe > 0 && {
      probe: addProbe(network, line, values, shortestNs - 4 * accessDelayNs),
    }),
    ...(values.steps.length > 0 && { rates: [{ atNs: 0, rate }, ...values.steps] }),
  };
  return { plan, taps, processingDelayNs };
}

/** From switch to switch and back. */
function addProbe(
  network: Network,
  line: Dumbbell,
  { rate, probe: intervalNs, duration }: Values,
  propagationNs: Duration,
): LatencyProbe {
  const probe = new LatencyProbe(propagationNs + 2 * Math.ceil((ACK_FRAME_BYTES * 8e9) / rate));
  const flow = {
    name: 'probe',
    source: '10.0.255.1',
    destination: '10.1.255.1',
    sourcePort: 7,
    destinationPort: 7,
    pace: { payloadBytes: PROBE_PAYLOAD_BYTES, intervalNs },
  };
  const source = addEchoedDatagrams(network, line, flow, (rttNs) => probe.onRoundTrip(rttNs));
  source.run(0, 0 + duration);
  return probe;
}

function bottlenecks(
  { rate, rtt, queue, qdisc, loss, steps }: Values,
  roundTripNs: Duration,
): Pick<DumbbellConfig, 'bottleneck' | 'bottleneckBack'> {
  const there = Math.floor(roundTripNs / 2);
  const both = {
    rate,
    queue: limitsOf(qdisc.limit ?? queue, rate, rtt),
    discipline: qdisc.create,
    ...(steps.length > 0 && { schedule: { changes: steps } }),
  };
  return {
    bottleneck: {
      ...both,
      name: 'bottleneck',
      delayNs: there,
      impairments: loss === null ? undefined : { loss },
    },
    bottleneckBack: { ...both, name: 'bottleneck back', delayNs: roundTripNs - there },
  };
}
