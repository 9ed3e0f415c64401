/**
 * What an open and idle connection takes: pairs of hosts, every connection with both its ends, opened by real
 * handshakes over a link, each end with an application that has read and written nothing. Heap and typed
 * arrays after a collection, less what the network took before; both ends are ours, so a connection counts twice.
 */
import { FramePool } from '../src/frame/frame-pool.ts';
import { PayloadArena } from '../src/frame/payload-arena.ts';
import { Network } from '../src/net/network.ts';
import { ControllerRegistry } from '../src/recovery/cc/controllers.ts';
import type { Host } from '../src/stack/host.ts';
import { Topology } from '../src/stack/topology.ts';
import { LINUX_PROFILE } from '../src/tcp/config.ts';

const GOAL_BYTES = 2048;
/** Opened at once; then the network settles. */
const BATCH = 100;
/** Fewer than a host has ephemeral ports. */
const CONNECTIONS_A_PORT = 10_000;
const FIRST_PORT = 5001;

const application = { onTransportEvent: () => {} };
const collect = globalThis.gc as () => void;

function bytesInUse(): number {
  collect();
  // Buffers are freed on another thread; the next collection waits for it.
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function createHosts(network: Network): [Host, Host] {
  const controllers = ControllerRegistry.withBuiltIns().factory('cubic');
  const topology = new Topology(network);
  const [client, server] = ['client', 'server'].map((name, index) => {
    const address = `10.0.0.${index + 1}`;
    return topology.addHost({ name, address, tcp: LINUX_PROFILE, controllers });
  }) as [Host, Host];
  const line = { rate: 10e9, delayNs: 1e6 };
  topology.join(client, server, { ...line, name: 'there' }, { ...line, name: 'back' });
  topology.routeByShortestPaths();
  return [client, server];
}

/** Opens the connections. Returns bytes an end, and microseconds of CPU to open one. */
function measure(connections: number): { bytes: number; openUs: number } {
  const pool = new FramePool(1 << 12, new PayloadArena(1 << 16, 1));
  const network = new Network({ seed: 1, pool });
  const [client, server] = createHosts(network);
  const ports = Math.ceil(connections / CONNECTIONS_A_PORT);
  let accepted = 0;
  for (let port = 0; port < ports; port++) {
    server.listen(FIRST_PORT + port, () => {
      accepted++;
      return application;
    });
  }
  const before = bytesInUse();
  const start = process.cpuUsage();
  for (let opened = 0; opened < connections; opened += BATCH) {
    for (let index = 0; index < BATCH; index++) {
      client.connect(server, FIRST_PORT + ((opened + index) % ports), application);
    }
    network.scheduler.runUntil(network.clock.nowNs + 10e6);
  }
  const { user, system } = process.cpuUsage(start);
  if (accepted !== connections) throw new Error(`${accepted} of ${connections} were accepted`);
  const bytes = (bytesInUse() - before) / (2 * connections);
  // Everything is in use until here.
  network.scheduler.runUntil(network.clock.nowNs + 1);
  return { bytes, openUs: (user + system) / connections };
}

// What V8 keeps of the code comes first.
measure(1000);
for (const connections of [10_000, 100_000]) {
  const { bytes, openUs } = measure(connections);
  console.log(
    `${connections} connections, open and idle: ${bytes.toFixed(0)} bytes an end of each ` +
      `(goal <= ${GOAL_BYTES}), ${openUs.toFixed(1)} us of CPU to open one`,
  );
}
