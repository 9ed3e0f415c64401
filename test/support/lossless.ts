/** Frames into a switch that pauses its senders: two hosts, links to be configured, times at capture points. */
import type { Instant } from '../../src/base/units.ts';
import { FRAME_SHIFT, FrameWord, MetaBit, MetaShift } from '../../src/frame/frame-record.ts';
import type { FrameSink } from '../../src/frame/frame-sink.ts';
import type { LinkConfig } from '../../src/net/link-config.ts';
import type { FlowControlConfig } from '../../src/net/switch-config.ts';
import type { Host } from '../../src/stack/host.ts';
import { Topology } from '../../src/stack/topology.ts';
import { buildFrame, createNetwork } from './network.ts';
import { addHost } from './topology.ts';

const UDP = 17;

export const LOSSLESS: FlowControlConfig = {
  bufferBytes: 1_000_000,
  xoff: { kind: 'static', portBytes: 10_000 },
  xonBelowBytes: 3028,
  quanta: 0xffff,
  losslessPriorities: 0xff,
};

export interface LosslessPathOptions {
  readonly pfc?: Partial<FlowControlConfig>;
  readonly up?: Partial<LinkConfig>;
  readonly back?: Partial<LinkConfig>;
  readonly down?: Partial<LinkConfig>;
  readonly frames?: number;
  readonly wireAlways?: boolean;
}

/** 10.0.0.1 → switch → 10.0.0.2, the second link ten times slower. `times` by capture point, pause frames apart. */
export function losslessPath(options: LosslessPathOptions = {}) {
  const { pfc = {}, up = {}, back = {}, down = {}, frames = 4096, wireAlways = false } = options;
  const network = createNetwork({ frames, wireAlways });
  const times = new Map<string, Instant[]>();
  const { words } = network.pool;
  const topology = new Topology(network, (point, to): FrameSink => {
    return {
      deliver(frame) {
        const isIp = (words[(frame << FRAME_SHIFT) + FrameWord.Meta] & MetaBit.NotIp) === 0;
        const key = isIp ? point : `${point} pauses`;
        times.set(key, [...(times.get(key) ?? []), network.clock.nowNs]);
        to.deliver(frame);
      },
    };
  });
  const sender = addHost(topology, 'sender', '10.0.0.1');
  const receiver = addHost(topology, 'receiver', '10.0.0.2');
  const middle = topology.addSwitch('switch', { pfc: { ...LOSSLESS, ...pfc } });
  const fast = { rate: 10e9, delayNs: 1000 };
  const capture = { capture: 'both' } as const;
  const { there, back: reverse } = topology.join(
    sender,
    middle,
    { ...fast, ...up, name: 'up' },
    { ...fast, ...back, name: 'back' },
    capture,
  );
  const slow = { rate: 1e9, delayNs: 1000 };
  const { there: last } = topology.join(
    middle,
    receiver,
    { ...slow, ...down, name: 'down' },
    { ...fast, ...back, name: 'answers' },
    capture,
  );
  topology.routeByShortestPaths();
  const send = (host: Host, length: number, dscp = 0) => {
    const frame = buildFrame(network, length, 0);
    const at = frame << FRAME_SHIFT;
    words[at + FrameWord.Meta] = UDP | (dscp << (MetaShift.TrafficClass + 2));
    if (host === receiver) {
      const source = words[at + FrameWord.Src];
      words[at + FrameWord.Src] = words[at + FrameWord.Dst];
      words[at + FrameWord.Dst] = source;
    }
    host.send(frame);
  };
  const ingress = () => topology.flowControl.bufferOf(middle)?.ingresses[0];
  return {
    network,
    topology,
    sender,
    receiver,
    middle,
    up: there,
    back: reverse,
    down: last,
    times,
    send,
    ingress,
  };
}
