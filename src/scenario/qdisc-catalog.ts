/**
 * The queue disciplines by their names, with the parameters of their texts as defaults. The names are those
 * of tc where tc has the discipline. `limit` goes with each and is read by qdisc-spec.
 */
import { NetError } from '../base/errors.ts';
import type { Duration } from '../base/units.ts';
import { Codel } from '../qdisc/codel.ts';
import type { CodelConfig } from '../qdisc/codel-rows.ts';
import { Drr } from '../qdisc/drr.ts';
import { DualPi2 } from '../qdisc/dual-pi2.ts';
import { Fifo } from '../qdisc/fifo.ts';
import { FqCodel } from '../qdisc/fq-codel.ts';
import { FqPie } from '../qdisc/fq-pie.ts';
import { Pie } from '../qdisc/pie.ts';
import type { PieConfig } from '../qdisc/pie-rows.ts';
import { Red } from '../qdisc/red.ts';
import { StepMarking } from '../qdisc/step-marking.ts';
import { StrictPriority } from '../qdisc/strict-priority.ts';
import { TokenBucketPolicer } from '../qdisc/token-bucket-policer.ts';
import { TokenBucketShaper } from '../qdisc/token-bucket-shaper.ts';
import { choiceOf, FORMS, orWord, type ParameterValuesOf } from './parameters.ts';
import { defineQdisc, type QdiscEntry, switchOf } from './qdisc-entry.ts';
import { EXPECTED, parseBytes, parsePackets, parseRatio } from './quantity.ts';

const size = {
  expected: EXPECTED.bytes,
  parse: (text: string) => {
    const bytes = parseBytes(text);
    return bytes !== undefined && bytes > 0 ? bytes : undefined;
  },
};

interface Length {
  readonly bytes?: number;
  readonly packets?: number;
}

const length = {
  expected: 'a queue length like 30 KB or 20 packets',
  parse: (text: string): Length | undefined => {
    const bytes = size.parse(text);
    if (bytes !== undefined) return { bytes };
    const packets = parsePackets(text);
    return packets !== undefined && packets > 0 ? { packets } : undefined;
  },
};

const hertz = {
  expected: 'a number above 0 like 0.125',
  parse: (text: string) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
    return value > 0 ? value : undefined;
  },
};

const share = { expected: EXPECTED.ratio, parse: parseRatio };

/** RFC 8289 §5.3. */
const CODEL_PARAMETERS = {
  target: { ...FORMS.positiveDuration, default: '5 ms', description: 'acceptable standing delay' },
  interval: {
    ...FORMS.positiveDuration,
    default: '100 ms',
    description: 'about the longest round trip; a standing queue lasts longer',
  },
  ce_threshold: {
    ...orWord('none', null, FORMS.duration),
    default: 'none',
    description: 'marks every frame that waited longer',
  },
};

/** RFC 8290 §5.2. */
const FLOW_PARAMETERS = {
  flows: { ...FORMS.count, default: '1024', description: 'queues that flows are hashed to' },
  quantum: { ...size, default: '1514 B', description: 'what a flow sends in its turn' },
};

/** No frame waits that long. */
const NO_THRESHOLD_NS: Duration = Number.MAX_SAFE_INTEGER;

interface CodelValues {
  readonly target: Duration;
  readonly interval: Duration;
  readonly ce_threshold: Duration | null;
  readonly ecn: boolean;
}

const codelConfig = (values: CodelValues): CodelConfig => ({
  targetNs: values.target,
  intervalNs: values.interval,
  ceThresholdNs: values.ce_threshold ?? NO_THRESHOLD_NS,
  usesEcn: values.ecn,
});

const fifo = defineQdisc({
  name: 'fifo',
  description: 'first in, first out',
  parameters: {
    drop: {
      ...choiceOf(['tail', 'head'] as const),
      default: 'tail',
      description: 'which frame goes when the queue is full: the arriving one, or the oldest',
    },
  },
  create: (environment, { drop }) => new Fifo(environment, drop),
});

const codel = defineQdisc({
  name: 'codel',
  description: 'controlled delay (RFC 8289)',
  parameters: { ...CODEL_PARAMETERS, ecn: switchOf(false, 'mark instead of dropping') },
  create: (environment, values) => new Codel(environment, codelConfig(values)),
});

const fqCodel = defineQdisc({
  name: 'fq_codel',
  description: 'flow queueing with CoDel on each flow (RFC 8290)',
  limitPackets: 10_240,
  parameters: {
    ...FLOW_PARAMETERS,
    ...CODEL_PARAMETERS,
    ecn: switchOf(true, 'mark instead of dropping'),
  },
  create: (environment, values) =>
    new FqCodel(environment, {
      flows: values.flows,
      quantumBytes: values.quantum,
      ...codelConfig(values),
    }),
});

const red = defineQdisc({
  name: 'red',
  description: 'random early detection (Floyd and Jacobson 1993), gentle, also adaptive (2001)',
  parameters: {
    min: {
      ...orWord('auto', null, length),
      default: 'auto',
      description: 'average length below which nothing is dropped; auto: 5 packets, or by `target`',
    },
    max: {
      ...orWord('auto', null, length),
      default: 'auto',
      description: 'average length at which the chance is `probability`; auto: 3 times `min`',
    },
    probability: { ...share, default: '10 %', description: 'chance of a drop at `max`' },
    weight: {
      ...orWord('auto', null, share),
      default: 'auto',
      description: 'of a new length in the average; auto: 0.2 %, or a second with `adaptive`',
    },
    avpkt: { ...size, default: '1000 B', description: 'a typical packet, for idle times' },
    target: {
      ...FORMS.positiveDuration,
      default: '5 ms',
      description: 'queueing delay that `adaptive` derives `min` from',
    },
    gentle: switchOf(true, 'the chance rises to 1 at twice `max`, not at once'),
    adaptive: switchOf(false, 'moves `probability` to keep the average halfway'),
    ecn: switchOf(false, 'mark instead of dropping, below the top of the slope'),
  },
  check: ({ min, max }) => {
    if (min === null || max === null) {
      if (max !== null) throw NetError.value('qdisc red: max', 'a min beside it', 'none');
      return;
    }
    const least = min.bytes ?? min.packets ?? 0;
    const most = (min.bytes === undefined ? max.packets : max.bytes) ?? 0;
    if (most <= least) throw NetError.value('qdisc red: max', 'more than min, in its unit', most);
  },
  create: (environment, values) => {
    const { min, max } = values;
    const unit = min?.bytes === undefined ? 'packets' : 'bytes';
    return new Red(environment, {
      unit,
      min: min?.bytes ?? min?.packets,
      max: max?.bytes ?? max?.packets,
      weight: values.weight ?? undefined,
      probability: values.probability,
      isGentle: values.gentle,
      isAdaptive: values.adaptive,
      targetNs: values.target,
      usesEcn: values.ecn,
      averagePacketBytes: values.avpkt,
    });
  },
});

const step = defineQdisc({
  name: 'step',
  description: 'marks every arriving frame while the queue is longer than K (RFC 8257 §3.1)',
  parameters: {
    threshold: { ...length, default: '20 packets', description: 'K' },
  },
  create: (environment, { threshold }) => new StepMarking(environment, threshold),
});

/** RFC 8033 Appendix A and B. */
const PIE_PARAMETERS = {
  target: {
    ...FORMS.positiveDuration,
    default: '15 ms',
    description: 'QDELAY_REF, the delay aimed at',
  },
  tupdate: {
    ...FORMS.positiveDuration,
    default: '15 ms',
    description: 'between updates of the chance',
  },
  alpha: { ...hertz, default: '0.125', description: 'weight of the distance from the target' },
  beta: { ...hertz, default: '1.25', description: 'weight of the change of the delay' },
  burst: { ...FORMS.duration, default: '150 ms', description: 'MAX_BURST, let in without drops' },
  ecn_prob: { ...share, default: '10 %', description: 'chance above which `ecn` does not help' },
  derandomize: switchOf(true, 'spaces drops more evenly (§5.4)'),
  cap: switchOf(true, 'caps the growth of the chance (§5.5)'),
};

type PieValues = ParameterValuesOf<typeof PIE_PARAMETERS> & { readonly ecn: boolean };

const pieConfig = (values: PieValues): PieConfig => ({
  targetNs: values.target,
  updateNs: values.tupdate,
  alpha: values.alpha,
  beta: values.beta,
  burstNs: values.burst,
  usesEcn: values.ecn,
  ecnChanceMax: values.ecn_prob,
  isDerandomized: values.derandomize,
  capsGrowth: values.cap,
});

const pie = defineQdisc({
  name: 'pie',
  description: 'proportional integral controller enhanced (RFC 8033)',
  parameters: { ...PIE_PARAMETERS, ecn: switchOf(false, 'mark instead of dropping') },
  create: (environment, values) => new Pie(environment, pieConfig(values)),
});

const fqPie = defineQdisc({
  name: 'fq_pie',
  description: 'flow queueing with PIE on each flow',
  limitPackets: 10_240,
  parameters: {
    ...FLOW_PARAMETERS,
    ...PIE_PARAMETERS,
    ecn: switchOf(false, 'mark instead of dropping'),
  },
  create: (environment, values) =>
    new FqPie(environment, {
      flows: values.flows,
      quantumBytes: values.quantum,
      ...pieConfig(values),
    }),
});

const drr = defineQdisc({
  name: 'drr',
  description: 'deficit round robin over flows (Shreedhar and Varghese 1995)',
  parameters: FLOW_PARAMETERS,
  create: (environment, { flows, quantum }) =>
    new Drr(environment, { flows, quantumBytes: quantum }),
});

const prio = defineQdisc({
  name: 'prio',
  description: 'strict priority of three bands by DSCP: CS4 and above, the rest, CS1 and LE',
  parameters: {},
  create: (environment) => new StrictPriority(environment),
});

const BUCKET_PARAMETERS = {
  rate: { ...FORMS.rate, default: '1 Mbps', description: 'of the tokens' },
  burst: { ...size, default: '15140 B', description: 'tokens that are kept; no frame is longer' },
};

const tbf = defineQdisc({
  name: 'tbf',
  description: 'token-bucket shaper: frames wait for tokens',
  parameters: BUCKET_PARAMETERS,
  create: (environment, { rate, burst }) =>
    new TokenBucketShaper(environment, { rate, burstBytes: burst }),
});

const police = defineQdisc({
  name: 'police',
  description: 'token-bucket policer: frames without tokens are dropped',
  parameters: BUCKET_PARAMETERS,
  create: (environment, { rate, burst }) =>
    new TokenBucketPolicer(environment, { rate, burstBytes: burst }),
});

const dualPi2 = defineQdisc({
  name: 'dualpi2',
  description: 'dual queue, coupled PI2, for L4S beside classic traffic (RFC 9332)',
  limitPackets: 10_000,
  parameters: {
    target: {
      ...FORMS.positiveDuration,
      default: '15 ms',
      description: 'delay of classic traffic',
    },
    tupdate: { ...FORMS.positiveDuration, default: '16 ms', description: 'between updates' },
    rtt_max: {
      ...FORMS.positiveDuration,
      default: '100 ms',
      description: 'the gains follow from it',
    },
    coupling: {
      ...hertz,
      default: '2',
      description: "k, of L4S marks to the root of classic ones'",
    },
    min_th: { ...FORMS.duration, default: '800 us', description: 'delay where L4S marks begin' },
    range: { ...FORMS.duration, default: '400 us', description: 'from there to marking all' },
  },
  create: (environment, values) =>
    new DualPi2(environment, {
      targetNs: values.target,
      updateNs: values.tupdate,
      rttNsMax: values.rtt_max,
      coupling: values.coupling,
      rampStartNs: values.min_th,
      rampNs: values.range,
    }),
});

export const QDISCS: readonly QdiscEntry[] = [
  fifo,
  red,
  codel,
  fqCodel,
  pie,
  fqPie,
  dualPi2,
  step,
  drr,
  prio,
  tbf,
  police,
];
