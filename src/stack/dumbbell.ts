/**
 * The dumbbell: pairs of hosts, senders on the left and receivers on the right, each with an access link of
 * its own, and one bottleneck each way between two switches. Cold.
 */
import { NetError } from '../base/errors.ts';
import type { BitsPerSecond, Duration } from '../base/units.ts';
import type { Link } from '../net/link.ts';
import type { LinkConfig } from '../net/link-config.ts';
import type { Network } from '../net/network.ts';
import type { Switch } from '../net/switch.ts';
import type { Host, HostConfig } from './host.ts';
import { hostAddress, type IpFamily } from './host-address.ts';
import { Topology, type Watch } from './topology.ts';

export interface DumbbellConfig {
  readonly pairs: number;
  /** IPv4 when absent. */
  readonly family?: IpFamily;
  readonly host: Omit<HostConfig, 'name' | 'address'>;
  /** From left to right, and back. */
  readonly bottleneck: LinkConfig;
  readonly bottleneckBack: LinkConfig;
  readonly accessRate: BitsPerSecond;
  /** Propagation of each access link; a round trip crosses four. */
  readonly accessDelayNs: Duration;
  /** Added to a round trip of each pair, half each way on the sender's links; nothing where absent. */
  readonly extraDelayNs?: readonly Duration[];
  /** See LinkConfig; of all hosts. */
  readonly processingDelayNs: Duration;
  /** What a capture at the senders' side of the bottleneck sees: into it, and out of the way back. */
  readonly watch?: Watch;
}

export interface Dumbbell {
  readonly topology: Topology;
  readonly left: readonly Host[];
  readonly right: readonly Host[];
  readonly bottleneck: Link;
  readonly bottleneckBack: Link;
}

const PAIRS_MAX = 65_000;
/** Groups of addresses. */
const LEFT = 0;
const RIGHT = 1;

/** Throws NetError for more pairs than there are addresses, or a link that makes no sense. */
export function buildDumbbell(network: Network, config: DumbbellConfig): Dumbbell {
  const { pairs, family = 'ipv4', watch } = config;
  if (pairs > PAIRS_MAX) throw NetError.value('flows', `at most ${PAIRS_MAX}`, pairs);
  const topology = new Topology(network, watch);
  const leftSwitch = topology.addSwitch('left switch');
  const rightSwitch = topology.addSwitch('right switch');
  const bottleneck = topology.addLink(leftSwitch, rightSwitch, config.bottleneck, {
    capture: 'in',
  });
  const bottleneckBack = topology.addLink(rightSwitch, leftSwitch, config.bottleneckBack, {
    capture: 'out',
  });
  const left: Host[] = [];
  const right: Host[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const extraNs = config.extraDelayNs?.[pair - 1] ?? 0;
    left.push(attach(`sender ${pair}`, hostAddress(family, LEFT, pair), leftSwitch, extraNs));
    right.push(attach(`receiver ${pair}`, hostAddress(family, RIGHT, pair), rightSwitch, 0));
  }
  topology.routeByShortestPaths();
  return { topology, left, right, bottleneck, bottleneckBack };

  /** A host with a link to its switch and one back. */
  function attach(name: string, address: string, to: Switch, extraNs: Duration): Host {
    const host = topology.addHost({ ...config.host, name, address });
    const { accessRate: rate, accessDelayNs, processingDelayNs } = config;
    const upNs = accessDelayNs + Math.floor(extraNs / 2);
    const downNs = accessDelayNs + Math.ceil(extraNs / 2);
    topology.join(
      host,
      to,
      { rate, delayNs: upNs, name: `${name} up`, processingDelayNs },
      { rate, delayNs: downNs, name: `${name} down` },
    );
    return host;
  }
}
