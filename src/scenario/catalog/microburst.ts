/**
 * `microburst`: a rack whose hosts send each other short messages (web search, data mining, or of one size), and
 * one port to a host looked at closely: utilisation in bins from 1 µs to 1 s, how long bursts and gaps last, the
 * deepest buffer. What a counter of a second shows stands beside it.
 */
import { NetError } from '../../base/errors.ts';
import type { Bytes } from '../../base/units.ts';
import type { QueueLimits } from '../../qdisc/queue-discipline.ts';
import { planStar } from '../../stack/star.ts';
import { FORMS, orWord } from '../parameters.ts';
import { planNetwork, processingDelayFor } from '../plan-network.ts';
import { limitsOf } from '../queue-spec.ts';
import { defineScenario } from './catalog-entry.ts';
import { FABRIC_TRAFFIC_PARAMETERS, fabricTraffic } from './fabric-traffic.ts';
import {
  dealControllers,
  hasBytes,
  processingOf,
  TRANSPORT_PARAMETERS,
  tcpOf,
} from './transport-parameters.ts';

const PORT = 'switch-h1';
const { pattern, size, load, duration, ...rest } = FABRIC_TRAFFIC_PARAMETERS;

export const microburst = defineScenario({
  name: 'microburst',
  description: 'a rack of hosts with short messages, and the bursts at the port to the first',
  parameters: {
    hosts: { ...FORMS.count, default: '32', description: 'of the rack' },
    rate: { ...FORMS.rate, default: '10 Gbps', description: 'of all links' },
    delay: { ...FORMS.duration, default: '2 us', description: 'propagation of each link' },
    queue: {
      ...FORMS.queue,
      default: '1 MiB',
      description: 'limit of what waits at each port of the switch',
    },
    bound: {
      ...orWord('none', null, FORMS.queue),
      default: 'none',
      description: 'what the queue to the first host may never exceed: the run fails if it does',
    },
    pattern: { ...pattern, default: 'incast' },
    size: { ...size, default: '32 KB' },
    load: { ...load, default: '15 %' },
    duration: { ...duration, default: '2 s' },
    ...rest,
    ...TRANSPORT_PARAMETERS,
  },
  build: (values, context) => {
    const { hosts, rate, delay, queue, bound, ip: family } = values;
    if (hosts > 65_000) throw NetError.value('hosts', 'at most 65000', hosts);
    const up = { rate, delayNs: delay };
    const down = { ...up, queue: limitsOf(queue, rate, 4 * delay) };
    const graph = planStar({ hosts, family, up, down });
    const names = graph.nodes.filter(({ kind }) => kind === 'host').map(({ name }) => name);
    const { flows, endNs } = fabricTraffic(values, names, rate, context.seed);
    const links = graph.links.map((link) =>
      link.config.name === PORT
        ? { ...link, capture: 'out' as const, config: { ...link.config, recordsDepth: true } }
        : link,
    );
    return planNetwork(
      {
        graph: { ...graph, links },
        tcp: tcpOf(values),
        flows: dealControllers(values, flows, context),
        queueBoundBytes: bound === null ? undefined : boundBytes(limitsOf(bound, rate, 4 * delay)),
        reportedLinks: [PORT],
        countedLinks: [PORT],
        burstLink: { name: PORT, rate },
        endNs,
        processingDelayNs: processingOf(values, processingDelayFor(graph.links)),
        hasBytes: hasBytes(values),
      },
      context,
    );
  },
});

/** A full frame without FCS. */
const FRAME_BYTES = 1514;

const boundBytes = ({ bytes, packets = 0 }: QueueLimits): Bytes => bytes ?? packets * FRAME_BYTES;
