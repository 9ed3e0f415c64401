/**
 * The queue disciplines by their names, with the parameters of their texts as defaults. The names are those
 * of tc where tc has the discipline. `limit` goes with each and is read by qdisc-spec.
 */
import { NetError } from '../base/errors.ts';
import type { Duration } from '../base/units.ts';
import { Codel } from '../qdisc/codel.ts';
import type { CodelConfig } from '../qdisc/codel-rows.ts';
import { Fifo } from '../qdisc/fifo.ts';
import { FqCodel } from '../qdisc/fq-codel.ts';
import { Red } from '../qdisc/red.ts';
import { StepMarking } from '../qdisc/step-marking.ts';
import { choiceOf, FORMS, orWord } from './parameters.ts';
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

export const QDISCS: readonly QdiscEntry[] = [fifo, red, codel, fqCodel, step];
