/** Networks of TCP hosts small enough to test routing with. */
import { FramePool } from '../../src/frame/frame-pool.ts';
import { PayloadArena } from '../../src/frame/payload-arena.ts';
import { Network } from '../../src/net/network.ts';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import type { Host } from '../../src/stack/host.ts';
import type { Application } from '../../src/stack/tcp-service.ts';
import { Topology, type TopologyNode, type Watch } from '../../src/stack/topology.ts';
import { LINUX_PROFILE, type TcpConfig } from '../../src/tcp/config.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import { BulkReader, BulkSender } from '../../src/traffic/bulk.ts';

export interface TopologyOptions {
  readonly seed?: number;
  readonly wireAlways?: boolean;
  readonly watch?: Watch;
}

/** An empty topology with a network of its own. */
export function createTopology({ seed = 1, wireAlways = false, watch }: TopologyOptions = {}) {
  const pool = new FramePool(1 << 16, new PayloadArena(1 << 17, 64));
  return new Topology(new Network({ seed, pool, wireAlways }), watch);
}

/** A host with Linux's defaults, but for `changes`. */
export function addHost(
  topology: Topology,
  name: string,
  address: string,
  changes: Partial<TcpConfig> = {},
): Host {
  const controllers = ControllerRegistry.withBuiltIns().factory('cubic');
  return topology.addHost({ name, address, tcp: { ...LINUX_PROFILE, ...changes }, controllers });
}

/** Fast links both ways, named after their ends. */
export function joinFast(topology: Topology, a: TopologyNode, b: TopologyNode, mtuBytes?: number) {
  const link = { rate: 1e9, delayNs: 1e5, mtuBytes };
  const name = `${a.name}-${b.name}`;
  return topology.join(a, b, { ...link, name: `${name} there` }, { ...link, name: `${name} back` });
}

export interface Transfer {
  readonly sender: TcpConnection;
  readonly reader: BulkReader;
  receiver: TcpConnection | undefined;
}

/** Opens a connection; there is a port for it. */
export function connect(from: Host, to: Host, port: number, application: Application) {
  const connection = from.connect(to, port, application);
  if (typeof connection === 'number') throw new Error('no port is left');
  return connection;
}

/** Starts to send `bytes` from one host to another. */
export function startTransfer(from: Host, to: Host, bytes: number, port = 80): Transfer {
  const { clock } = from;
  const reader = new BulkReader(clock, bytes);
  const transfer: { -readonly [Key in keyof Transfer]?: Transfer[Key] } = { reader };
  to.listen(port, (connection) => {
    transfer.receiver = connection;
    return reader;
  });
  transfer.sender = connect(from, to, port, new BulkSender(bytes));
  return transfer as Transfer;
}
