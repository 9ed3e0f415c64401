/**
 * Priority-based flow control over a topology (IEEE 802.1Qbb): which links speak it, what stands at their ends, how
 * much headroom each ingress needs, and what came of it. A link into a switch with flow control is counted there;
 * its sender, a host or another such switch, obeys. A router or another switch does not, so that what it sends can
 * be lost. Cold.
 */
import { NetError } from '../base/errors.ts';
import type { Bytes } from '../base/units.ts';
import type { FrameSink } from '../frame/frame-sink.ts';
import { FlowControlPort, NO_INGRESS } from '../net/flow-control-port.ts';
import type { Link } from '../net/link.ts';
import type { LinkConfig } from '../net/link-config.ts';
import type { Network } from '../net/network.ts';
import { Switch } from '../net/switch.ts';
import { IngressBuffer } from '../qdisc/ingress-buffer.ts';
import { PausablePort } from '../qdisc/pausable-port.ts';
import { SharedBuffer } from '../qdisc/shared-buffer.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import { PAUSE_FRAME_BYTES } from '../wire/mac-control.ts';
import { Host } from './host.ts';
import type { TopologyNode } from './topology.ts';

/** One link that speaks flow control, with its ends. */
export interface ControlledLink {
  readonly from: TopologyNode;
  readonly to: TopologyNode;
  readonly config: LinkConfig;
  /** What pauses stop: undefined where the sender does not obey. */
  readonly port: PausablePort | undefined;
  /** Behind its line: undefined where nobody takes pause frames nor counts. */
  readonly end: FlowControlPort | undefined;
  /** Its number at `to`, or NO_INGRESS. */
  readonly ingress: number;
  link: Link | undefined;
  entrance: FrameSink | undefined;
  /** The link the other way. */
  back: ControlledLink | undefined;
}

/** Of a link whose MTU is not stated: RFC 894. */
const DEFAULT_MTU_BYTES = 1500;

export class FlowControl {
  /** In the order in which they were added. */
  readonly links: ControlledLink[] = [];
  readonly byName = new Map<string, ControlledLink>();
  readonly #network: Network;
  readonly #buffers = new Map<Switch, IngressBuffer>();
  /** By sender and receiver: links that nothing has been joined with yet. */
  readonly #unpaired = new Map<TopologyNode, Map<TopologyNode, ControlledLink[]>>();

  constructor(network: Network) {
    this.#network = network;
  }

  /** Of a switch that speaks it. */
  bufferOf(node: TopologyNode): IngressBuffer | undefined {
    if (!(node instanceof Switch) || node.config.pfc === undefined) return undefined;
    const known = this.#buffers.get(node);
    if (known !== undefined) return known;
    const { bufferBytes, xoff, xonBelowBytes } = node.config.pfc;
    const added = new IngressBuffer(new SharedBuffer(bufferBytes, xoff), xonBelowBytes);
    this.#buffers.set(node, added);
    return added;
  }

  /**
   * What a link is to be built of, and what its line is to lead to; undefined for one that does not speak it.
   * `port` is where it enters the node.
   * Throws NetError for a link that cannot.
   */
  prepare(
    from: TopologyNode,
    to: TopologyNode,
    config: LinkConfig,
    port: FrameSink,
  ):
    | { readonly config: LinkConfig; readonly to: FrameSink; readonly made: () => ControlledLink }
    | undefined {
    const sending = this.bufferOf(from);
    const counting = this.bufferOf(to);
    if (sending === undefined && counting === undefined) return undefined;
    const obeys = sending !== undefined || from instanceof Host;
    const hears = counting !== undefined || to instanceof Host;
    if (obeys) check(config);
    let leaving: PausablePort | undefined;
    const own = pfcOf(from) ?? pfcOf(to);
    const { losslessPriorities = 0, quanta = 0 } = pfcOf(to) ?? own ?? {};
    const ingress = counting?.addIngress() ?? NO_INGRESS;
    const end = hears ? new FlowControlPort(this.#network, port, ingress, quanta) : undefined;
    return {
      config: obeys
        ? {
            ...config,
            discipline: (environment) => {
              leaving = new PausablePort(environment, {
                losslessPriorities: pfcOf(from)?.losslessPriorities ?? losslessPriorities,
                ingress: sending,
                mark: pfcOf(from)?.mark,
              });
              return leaving;
            },
          }
        : config,
      to: end ?? port,
      made: () => ({
        from,
        to,
        config,
        port: leaving,
        end,
        ingress,
        link: undefined,
        entrance: undefined,
        back: undefined,
      }),
    };
  }

  /** The link has been built: it is joined with the one the other way, when that is there. */
  add(controlled: ControlledLink, link: Link, entrance: FrameSink): void {
    controlled.link = link;
    controlled.entrance = entrance;
    const { from, to } = controlled;
    this.links.push(controlled);
    this.byName.set(link.name, controlled);
    const back = this.#unpaired.get(to)?.get(from)?.shift();
    if (back === undefined) {
      const ofSender = this.#unpaired.get(from) ?? new Map<TopologyNode, ControlledLink[]>();
      this.#unpaired.set(from, ofSender);
      ofSender.set(to, [...(ofSender.get(to) ?? []), controlled]);
      return;
    }
    controlled.back = back;
    back.back = controlled;
    this.#join(controlled, back);
    this.#join(back, controlled);
  }

  /** What arrives by `there` can pause what leaves by `back`, and the other way round. */
  #join(there: ControlledLink, back: ControlledLink): void {
    const { end, ingress, to } = there;
    if (end === undefined || back.port === undefined) return;
    const { link, entrance, port, config } = back;
    if (link === undefined || entrance === undefined) return;
    const rates = { rate: config.rate ?? 0, ownRate: there.config.rate ?? 0 };
    end.connectBack({ link, entrance, port, ...rates });
    const counted = this.bufferOf(to)?.ingresses[ingress];
    if (counted === undefined || there.port === undefined) return;
    counted.requests = end;
    counted.headroomBytes = pfcOf(to)?.headroomBytes ?? headroomFor(there.config, config);
  }
}

const pfcOf = (node: TopologyNode) => (node instanceof Switch ? node.config.pfc : undefined);

function check({ name, discipline, rate, schedule, isSwitchable }: LinkConfig): void {
  const fail = (what: string, expected: string, got: string) => {
    throw NetError.value(`link ${name}: ${what}`, `${expected} beside pfc`, got);
  };
  if (discipline !== undefined) fail('qdisc', 'fifo', 'another');
  if (rate === undefined || !Number.isFinite(rate)) fail('rate', 'a rate', 'none');
  if (schedule !== undefined || isSwitchable === true) fail('schedule', 'none', 'one');
}

/**
 * What can still come by a link after its far end has asked for a pause: the pause waits for a full frame on the way
 * back, is sent and travels; what the sender has sent meanwhile and until then, with the time that a host takes over
 * each, is on the line; one frame more is in transmission; and one was too much to begin with (IEEE 802.1Qbb).
 */
export function headroomFor(there: LinkConfig, back: LinkConfig): Bytes {
  const rate = there.rate ?? 0;
  const backRate = back.rate ?? 0;
  const waitBytes = longestFrame(back) + PAUSE_FRAME_BYTES + 2 * (back.overheadBytes ?? 0);
  const waitNs = Math.ceil((waitBytes * 8e9) / backRate);
  const lineNs = (there.delayNs ?? 0) + (there.processingDelayNs ?? 0) + (back.delayNs ?? 0);
  const onTheWay = Math.ceil(((lineNs + waitNs + (back.processingDelayNs ?? 0)) * rate) / 8e9);
  return onTheWay + 2 * longestFrame(there);
}

const longestFrame = ({ mtuBytes = DEFAULT_MTU_BYTES }: LinkConfig): Bytes =>
  mtuBytes + ETHERNET_HEADER_BYTES;
