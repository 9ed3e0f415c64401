/**
 * `parking-lot`: bottlenecks in a row between routers. Long flows cross them all, and each bottleneck has cross flows
 * of its own: what does a flow get that has to win several times? All bottlenecks are alike, and share the
 * round trip of the long flows evenly, so that of a cross flow is a part of it.
 */
import type { Duration } from '../../base/units.ts';
import type { GraphLink } from '../../stack/graph-plan.ts';
import { planParkingLot } from '../../stack/parking-lot.ts';
import { FORMS, type ParameterValuesOf } from '../parameters.ts';
import { planNetwork, processingDelayFor } from '../plan-network.ts';
import { QDISC_FORM } from '../qdisc-spec.ts';
import { limitsOf } from '../queue-spec.ts';
import { type BuiltScenario, defineScenario, type ScenarioContext } from './catalog-entry.ts';
import {
  dealControllers,
  hasBytes,
  processingOf,
  SIZE_PARAMETER,
  TRANSPORT_PARAMETERS,
  tcpOf,
} from './transport-parameters.ts';

const parameters = {
  rate: { ...FORMS.rate, default: '100 Mbps', description: 'of each bottleneck, each way' },
  rtt: {
    ...FORMS.positiveDuration,
    default: '40 ms',
    description: 'propagation there and back, of the long flows',
  },
  queue: {
    ...FORMS.queue,
    default: '1 bdp',
    description: 'limit of what waits at each bottleneck; a bdp is that of the long flows',
  },
  qdisc: {
    ...QDISC_FORM,
    default: 'fifo',
    description: 'queue discipline at each bottleneck; its own limit counts before `queue`',
  },
  bottlenecks: { ...FORMS.smallCount, default: '3', description: 'how many, in a row' },
  long: { ...FORMS.smallCount, default: '1', description: 'flows over all bottlenecks' },
  cross: { ...FORMS.smallCount, default: '1', description: 'flows over each bottleneck alone' },
  size: SIZE_PARAMETER,
  duration: { ...FORMS.positiveDuration, default: '10 s', description: 'length of the run' },
  stagger: {
    ...FORMS.duration,
    default: '100 ms',
    description: 'between the starts of one flow and the next',
  },
  ...TRANSPORT_PARAMETERS,
};

type Values = ParameterValuesOf<typeof parameters>;

/** Links of hosts are this much faster than a bottleneck, and this long. */
const ACCESS_FACTOR = 10;
const ACCESS_DELAY_NS: Duration = 1000;

export const parkingLot = defineScenario({
  name: 'parking-lot',
  description: 'bulk flows over one and over several bottlenecks in a row',
  parameters,
  build,
});

/** At the senders' side of the first bottleneck: into it, and out of the way back. */
function withCapture(link: GraphLink): GraphLink {
  if (link.config.name === 'r0-r1') return { ...link, capture: 'in' };
  return link.config.name === 'r1-r0' ? { ...link, capture: 'out' } : link;
}

function build(values: Values, context: ScenarioContext): BuiltScenario {
  const { rate, rtt, bottlenecks, qdisc, queue, size, stagger } = values;
  const accessNs = Math.min(ACCESS_DELAY_NS, Math.floor(rtt / 8));
  const bottleneck = {
    rate,
    delayNs: Math.max(0, Math.round((rtt - 4 * accessNs) / 2 / bottlenecks)),
    queue: limitsOf(qdisc.limit ?? queue, rate, rtt),
    discipline: qdisc.create,
  };
  const access = { rate: ACCESS_FACTOR * rate, delayNs: accessNs };
  const lot = planParkingLot({
    bottlenecks,
    longFlows: values.long,
    crossFlows: values.cross,
    family: values.ip,
    bottleneck,
    bottleneckBack: bottleneck,
    up: access,
    down: access,
  });
  const flows = lot.pairs.map(([from, to], index) => ({
    from,
    to,
    startNs: index * stagger,
    sizeBytes: size,
  }));
  return planNetwork(
    {
      graph: { ...lot.plan, links: lot.plan.links.map(withCapture) },
      tcp: tcpOf(values),
      flows: dealControllers(values, flows, context),
      reportedLinks: lot.bottlenecks,
      countedLinks: lot.bottlenecks.slice(-1),
      endNs: values.duration,
      processingDelayNs: processingOf(values, processingDelayFor(lot.plan.links)),
      hasBytes: hasBytes(values),
    },
    context,
  );
}
