/**
 * `incast`: servers behind one switch answer a client at once through one port (Vasudevan et al., SIGCOMM 2009).
 * Connections are open before; at one instant every server sends its response. Cures are parameters: a short
 * RTOmin, pacing, jitter, a larger buffer. Times count from that instant.
 */
import { NetError } from '../../base/errors.ts';
import type { Bytes } from '../../base/units.ts';
import { RandomSource } from '../../engine/random.ts';
import type { QueueLimits } from '../../qdisc/queue-discipline.ts';
import {
  SharedBuffer,
  type SharedBufferPolicy,
  SharedBufferPort,
} from '../../qdisc/shared-buffer.ts';
import { StepMarking } from '../../qdisc/step-marking.ts';
import { type GraphLink, type GraphPlan, type LinkKind, linkPair } from '../../stack/graph-plan.ts';
import { hostAddress } from '../../stack/host-address.ts';
import { synchronisedTraffic } from '../../traffic/synchronised.ts';
import { FORMS, orWord, type ParameterValuesOf } from '../parameters.ts';
import { flowControlOf, PFC_FORM } from '../pfc-spec.ts';
import { type NamedFlow, planNetwork, processingDelayFor } from '../plan-network.ts';
import { QDISC_FORM } from '../qdisc-spec.ts';
import { limitsOf } from '../queue-spec.ts';
import { SWITCH_PARAMETERS } from '../switch-options.ts';
import { type BuiltScenario, defineScenario, type ScenarioContext } from './catalog-entry.ts';
import {
  AUTO,
  controllerDeal,
  hasBytes,
  processingOf,
  SIZE_PARAMETER,
  TRANSPORT_PARAMETERS,
  tcpOf,
} from './transport-parameters.ts';

const parameters = {
  senders: { ...FORMS.count, default: '32', description: 'servers that answer at once' },
  bytes: { ...SIZE_PARAMETER, default: '64 KiB', description: 'of each response' },
  rate: { ...FORMS.rate, default: '10 Gbps', description: 'of all links' },
  delay: {
    ...FORMS.duration,
    default: '5 us',
    description: 'propagation of each link; a round trip has four',
  },
  buffer: {
    ...FORMS.queue,
    default: '1 MiB',
    description: 'limit of what waits at the port to the client',
  },
  queue: {
    ...QDISC_FORM,
    default: 'fifo',
    description: 'discipline of the port to the client, under the limit of `buffer`',
  },
  ecnThreshold: {
    ...orWord('none', null, FORMS.queue),
    default: 'none',
    description: 'K: the port to the client marks beyond it (DCTCP); flows then ask for ECN',
  },
  sharedBuffer: {
    expected: 'none, a multiple α like 1 or 0.5, or abm 0.5',
    parse: parseSharing,
    default: 'none',
    description:
      'α: all ports share `buffer`, each up to α times what is free (abm: over the congested ports)',
  },
  forwarding: SWITCH_PARAMETERS.forwarding,
  pfc: {
    ...PFC_FORM,
    default: 'none',
    description:
      'the switch pauses who sends too much (IEEE 802.1Qbb) and loses nothing; `buffer` is then what its ports share',
  },
  rtoMin: {
    ...orWord('profile', AUTO, FORMS.positiveDuration),
    default: 'profile',
    description:
      'least retransmission timeout, like 10 ms; profile: 200 ms of Linux, 1 s of RFC 6298',
  },
  jitter: {
    ...FORMS.duration,
    default: '0 s',
    description: 'servers begin at random within this time',
  },
  duration: {
    ...FORMS.positiveDuration,
    default: '1000 s',
    description: 'after which the run ends',
  },
  ...TRANSPORT_PARAMETERS,
};

type Values = ParameterValuesOf<typeof parameters>;

const SENDERS_MAX = 60_000;
/** Bits of a SYN on the line: connections are opened one after the other, so that none is lost. */
const HANDSHAKE_BITS = 8 * 100;
/** Handshakes in flight at a time take less than the buffer of any switch. */
const HANDSHAKE_SPACING = 4;
/** A full frame without FCS. */
const FRAME_BYTES = 1514;
const CLIENT = 'client';
const PORT_LINK = `switch-${CLIENT}`;

export const incast = defineScenario({
  name: 'incast',
  description: 'many servers answer one client at once through one port of a switch',
  parameters,
  build,
});

function build(values: Values, context: ScenarioContext): BuiltScenario {
  const { senders, rate, delay, bytes } = values;
  if (senders > SENDERS_MAX) throw NetError.value('senders', `at most ${SENDERS_MAX}`, senders);
  if (!Number.isFinite(bytes)) throw NetError.value('bytes', 'responses with an end', 'endless');
  const servers = Array.from({ length: senders }, (_, index) => `server ${index + 1}`);
  const graph = planIncast(values, servers);
  const spacingNs = Math.ceil((HANDSHAKE_SPACING * HANDSHAKE_BITS * 1e9) / rate);
  // All have their answers, and delayed ACKs are over.
  const beginNs = senders * spacingNs + 8 * delay + 100e6;
  const random = RandomSource.fromSeed(context.seed).fork('incast');
  const deal = controllerDeal(values, context);
  const together = synchronisedTraffic(bytes, beginNs, values.payload);
  const flows = servers.map((from, index): NamedFlow => {
    const lateNs = Math.floor(random.nextDouble() * values.jitter);
    const { port, cc, controllers } = deal(index);
    return {
      from,
      to: CLIENT,
      port,
      cc,
      controllers,
      startNs: index * spacingNs,
      sizeBytes: bytes,
      traffic:
        lateNs === 0 ? together : synchronisedTraffic(bytes, beginNs + lateNs, values.payload),
    };
  });
  const tcp = tcpOf(values.ecnThreshold === null ? values : { ...values, ecn: 'on' });
  const { rtoMin } = values;
  return planNetwork(
    {
      graph,
      tcp: rtoMin === AUTO ? tcp : { ...tcp, rtt: { ...tcp.rtt, rtoMinNs: rtoMin } },
      flows,
      reportedLinks: [PORT_LINK],
      countedLinks: [PORT_LINK],
      endNs: beginNs + values.duration,
      processingDelayNs: processingOf(values, processingDelayFor(graph.links)),
      hasBytes: hasBytes(values),
    },
    context,
  );
}

/** Null for ports with buffers of their own. */
function parseSharing(text: string): SharedBufferPolicy | null | undefined {
  if (text.trim() === 'none') return null;
  const match = /^(abm\s+)?(\d+(?:\.\d+)?)$/.exec(text.trim());
  const alpha = Number(match?.[2]);
  if (match === null || !(alpha > 0)) return undefined;
  return { kind: match[1] === undefined ? 'dynamic' : 'abm', alpha };
}

/** The servers share one TCP: ten thousand of their own would be most of the memory. */
function planIncast(values: Values, servers: readonly string[]): GraphPlan {
  const { senders, rate, delay, ip, pfc, forwarding } = values;
  const link = { rate, delayNs: delay };
  const { toClient, toServer } = switchPorts(values);
  const back = { ...link, ...toServer };
  return {
    nodes: [
      {
        name: 'switch',
        kind: 'switch',
        switch: {
          ...forwarding,
          pfc: pfc === null ? undefined : flowControlOf(pfc, bufferBytesOf(values), markOf(values)),
        },
      },
      { name: CLIENT, kind: 'host', address: hostAddress(ip, 1, 1), connections: senders },
      ...servers.map((name, index) => ({
        name,
        kind: 'host' as const,
        address: hostAddress(ip, 0, index + 1),
        connections: index === 0 ? senders : undefined,
        sharesTcpOf: index === 0 ? undefined : servers[0],
      })),
    ],
    links: [
      ...linkPair(CLIENT, 'switch', link, { ...link, ...toClient, recordsDepth: true }).map(
        (each): GraphLink => (each.from === CLIENT ? each : { ...each, capture: 'both' }),
      ),
      ...servers.flatMap((name) => linkPair(name, 'switch', link, back)),
    ],
  };
}

/** What the ports of the switch do with frames that have to wait. */
function switchPorts(values: Values): {
  toClient: Pick<LinkKind, 'queue' | 'discipline'>;
  toServer: Pick<LinkKind, 'queue' | 'discipline'>;
} {
  const { rate, delay, buffer, queue, sharedBuffer, pfc } = values;
  const limits = limitsOf(buffer, rate, 4 * delay);
  const mark = markOf(values);
  if (queue.create !== undefined && (mark ?? sharedBuffer ?? pfc ?? undefined) !== undefined) {
    throw NetError.value('queue', 'fifo beside ecnThreshold, sharedBuffer or pfc', queue.name);
  }
  if (pfc !== null) {
    if (sharedBuffer === null) return { toClient: { queue: limits }, toServer: {} };
    throw NetError.value('sharedBuffer', 'none beside pfc, which has alpha', 'another');
  }
  if (sharedBuffer !== null) {
    const shared = new SharedBuffer(bufferBytesOf(values), sharedBuffer);
    return {
      toClient: { discipline: (environment) => new SharedBufferPort(environment, shared, mark) },
      toServer: { discipline: (environment) => new SharedBufferPort(environment, shared) },
    };
  }
  if (mark === undefined)
    return { toClient: { queue: limits, discipline: queue.create }, toServer: {} };
  const marking: LinkKind['discipline'] = (environment) => new StepMarking(environment, mark);
  return { toClient: { queue: limits, discipline: marking }, toServer: {} };
}

/** What all ports share, where they do. */
function bufferBytesOf({ buffer, rate, delay }: Values): Bytes {
  const { bytes, packets = 0 } = limitsOf(buffer, rate, 4 * delay);
  return bytes ?? packets * FRAME_BYTES;
}

/** K. */
function markOf({ ecnThreshold, rate, delay }: Values): QueueLimits | undefined {
  return ecnThreshold === null ? undefined : limitsOf(ecnThreshold, rate, 4 * delay);
}
