/**
 * `dumbbell`: bulk flows, each between a pair of hosts of its own, that share one bottleneck with a queue of
 * any discipline. Both ways have the same rate and queue; loss is from senders to receivers only. One flow per listed
 * controller unless `flows` says more. Access links are fast and short, so that the bottleneck is one.
 */
import { NetError } from '../../base/errors.ts';
import type { BitsPerSecond, Duration } from '../../base/units.ts';
import { FramePool } from '../../frame/frame-pool.ts';
import { PayloadArena } from '../../frame/payload-arena.ts';
import { Network } from '../../net/network.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import { buildDumbbell, type DumbbellConfig } from '../../stack/dumbbell.ts';
import type { Host } from '../../stack/host.ts';
import { EcnMode, LINUX_PROFILE, RFC_PROFILE, type TcpConfig } from '../../tcp/config.ts';
import { FlowMeter } from '../../tcp/flow-meter.ts';
import type { FlowPlan, RunPlan } from '../flow-run.ts';
import { NETEM_EXPECTED, parseLoss } from '../netem.ts';
import { choiceOf, FORMS, orWord, type ParameterValuesOf, parseNames } from '../parameters.ts';
import { QDISC_FORM } from '../qdisc-spec.ts';
import { EXPECTED, parseBytes } from '../quantity.ts';
import { limitsOf } from '../queue-spec.ts';
import { TraceTaps } from '../trace-taps.ts';
import { type BuiltScenario, defineScenario, type ScenarioContext } from './catalog-entry.ts';

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
  cc: {
    expected: 'names of controllers like reno,cubic',
    parse: parseNames,
    default: 'cubic',
    description: 'congestion controllers, dealt to the flows in turn',
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
  size: {
    ...orWord('endless', Number.POSITIVE_INFINITY, {
      expected: EXPECTED.bytes,
      parse: (text) => {
        const bytes = parseBytes(text);
        return bytes !== undefined && bytes > 0 ? bytes : undefined;
      },
    }),
    default: 'endless',
    description:
      'bytes of each flow; the run ends when all are done, at the latest with `duration`',
  },
  profile: {
    ...choiceOf(['linux', 'rfc'] as const),
    default: 'linux',
    description: 'of TCP: what a current Linux does, or what the texts say',
  },
  ecn: {
    ...choiceOf(['off', 'on'] as const),
    default: 'off',
    description: 'whether senders ask for ECN (RFC 3168); a discipline with `ecn` marks then',
  },
  pacing: {
    ...choiceOf(['off', 'on'] as const),
    default: 'off',
    description:
      'whether controllers that do not pace by themselves are paced at a ratio of cwnd/SRTT',
  },
  processing: {
    ...orWord('auto', -1, FORMS.duration),
    default: 'auto',
    description:
      'time hosts take over a packet, uniform from 0 to this; auto: one full frame at the bottleneck; 0 s: none',
  },
};

type Values = ParameterValuesOf<typeof parameters>;

/** A full frame without FCS. */
const FRAME_BYTES = 1514;
/** Payload of a full segment with timestamps. */
const SEGMENT_BYTES = 1448;
const ACCESS_RATE: BitsPerSecond = 10e9;
/** Access links are this much faster than a bottleneck near their usual rate. */
const ACCESS_FACTOR = 10;
const ACCESS_DELAY_NS: Duration = 1000;
const PORT = 5001;
/** Between the points of time series, as long as there are not too many. */
const SAMPLE_NS: Duration = 100e6;
const SAMPLES_MAX = 2000;
const FRAMES_MAX = 1 << 22;
/** For captures and frames that carry bytes; memory is touched only as it is used. */
const ARENA_CHUNK_BYTES = 1 << 20;
const ARENA_CHUNKS = 256;

const AUTO = -1;

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
  const profile = values.profile === 'rfc' ? RFC_PROFILE : LINUX_PROFILE;
  const tcp: TcpConfig = {
    ...profile,
    usesPacing: values.pacing === 'on',
    ...(values.ecn === 'on' && { ecn: EcnMode.Request }),
  };
  const factories = cc.map((name) => context.controllers.factory(name));
  const arena = new PayloadArena(ARENA_CHUNK_BYTES, ARENA_CHUNKS);
  const pool = new FramePool(frameCapacity(flowCount, tcp), arena);
  const { seed, wireAlways } = context;
  const network = new Network({ seed, pool, wireAlways });
  const meter = new FlowMeter();
  const taps = new TraceTaps(network, context.trace);
  const frameNs = Math.round((FRAME_BYTES * 8e9) / rate);
  const processingDelayNs = values.processing === AUTO ? frameNs : values.processing;
  const accessDelayNs = Math.min(ACCESS_DELAY_NS, Math.floor(rtt / 8));
  const { topology, left, right, bottleneck, bottleneckBack } = buildDumbbell(network, {
    pairs: flowCount,
    host: { tcp, controllers: factories[0] as CongestionControllerFactory, meter },
    ...bottlenecks(values, rtt - 4 * accessDelayNs),
    accessRate: Math.max(ACCESS_RATE, ACCESS_FACTOR * rate),
    accessDelayNs,
    processingDelayNs,
    watch: (point, to) => taps.tap(point, to),
  });
  const flows = left.map(
    (from, index): FlowPlan => ({
      from,
      to: right[index] as Host,
      port: PORT,
      cc: cc[index % cc.length] as string,
      controllers: factories[index % cc.length] as CongestionControllerFactory,
      startNs: index * values.stagger,
      sizeBytes: values.size,
    }),
  );
  const plan: RunPlan = {
    network,
    meter,
    flows,
    links: topology.links,
    reportedLinks: [bottleneck, bottleneckBack],
    endNs: duration,
    sampleNs: Math.max(SAMPLE_NS, Math.ceil(duration / SAMPLES_MAX)),
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

/** All frames that can be on links: a window of data of each flow, an ACK for each, and a handshake. */
function frameCapacity(flowCount: number, tcp: TcpConfig): number {
  const window = Math.ceil(tcp.sendBufferBytesMax / SEGMENT_BYTES);
  return Math.min(FRAMES_MAX, flowCount * (2 * window + 16));
}
