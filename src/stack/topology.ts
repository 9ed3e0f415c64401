/**
 * The dumbbell: pairs of hosts, senders on the left and receivers on the right, each with an access link of
 * its own, and one bottleneck each way between two switches. The left and right hosts are in 10.0.0.0/16 and
 * 10.1.0.0/16. What it is made of is net/'s and this folder's; this says how it is joined. Cold.
 */
import { NetError } from '../base/errors.ts';
import type { BitsPerSecond, Duration } from '../base/units.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { Link } from '../net/link.ts';
import type { LinkConfig } from '../net/link-config.ts';
import type { Network } from '../net/network.ts';
import { Switch } from '../net/switch.ts';
import { Host, type HostConfig } from './host.ts';

export interface DumbbellConfig {
  readonly pairs: number;
  readonly host: Omit<HostConfig, 'name' | 'address'>;
  /** From left to right, and back. */
  readonly bottleneck: LinkConfig;
  readonly bottleneckBack: LinkConfig;
  readonly accessRate: BitsPerSecond;
  /** Propagation of each access link; a round trip crosses four. */
  readonly accessDelayNs: Duration;
  /** See LinkConfig; of all hosts. */
  readonly processingDelayNs: Duration;
  /** Puts something, a tap say, in front of where frames would go: into a bottleneck, or out of it. */
  readonly watch?: (point: WatchPoint, to: FrameSink) => FrameSink;
}

/** Both are on the left: what a capture at the senders' side of the bottleneck sees. */
export type WatchPoint = 'into bottleneck' | 'out of bottleneck back';

export interface Dumbbell {
  readonly left: readonly Host[];
  readonly right: readonly Host[];
  readonly bottleneck: Link;
  readonly bottleneckBack: Link;
  /** All links, for their conservation. */
  readonly links: readonly Link[];
}

const PAIRS_MAX = 65_000;

/** Throws NetError for more pairs than there are addresses, or a link that makes no sense. */
export function buildDumbbell(network: Network, config: DumbbellConfig): Dumbbell {
  const { pairs, watch = (_, to) => to } = config;
  if (pairs > PAIRS_MAX) throw NetError.value('flows', `at most ${PAIRS_MAX}`, pairs);
  const leftSwitch = new Switch(network, 'left switch');
  const rightSwitch = new Switch(network, 'right switch');
  const bottleneck = new Link(network, config.bottleneck);
  const bottleneckBack = new Link(network, config.bottleneckBack);
  bottleneck.connect(rightSwitch);
  bottleneckBack.connect(watch('out of bottleneck back', leftSwitch));
  leftSwitch.routes.setDefaultRoute(watch('into bottleneck', bottleneck));
  rightSwitch.routes.setDefaultRoute(bottleneckBack);
  const links = [bottleneck, bottleneckBack];
  const left: Host[] = [];
  const right: Host[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const subnet = `${pair >> 8}.${pair & 255}`;
    left.push(attach(`sender ${pair}`, `10.0.${subnet}`, leftSwitch));
    right.push(attach(`receiver ${pair}`, `10.1.${subnet}`, rightSwitch));
  }
  return { left, right, bottleneck, bottleneckBack, links };

  /** A host with a link to its switch and one back. */
  function attach(name: string, address: string, to: Switch): Host {
    const host = new Host(network, { ...config.host, name, address });
    const access = { rate: config.accessRate, delayNs: config.accessDelayNs };
    const { processingDelayNs } = config;
    const up = new Link(network, { ...access, name: `${name} up`, processingDelayNs });
    const down = new Link(network, { ...access, name: `${name} down` });
    host.routes.setDefaultRoute(up);
    up.connect(to);
    to.routes.addRoute(host.address, down);
    down.connect(host);
    links.push(up, down);
    return host;
  }
}
