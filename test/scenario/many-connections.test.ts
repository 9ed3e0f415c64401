import { describe, expect, it } from 'vitest';
import { FramePool } from '../../src/frame/frame-pool.ts';
import { PayloadArena } from '../../src/frame/payload-arena.ts';
import { Network } from '../../src/net/network.ts';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import { buildGraph } from '../../src/stack/graph-plan.ts';
import type { Host } from '../../src/stack/host.ts';
import { planStar } from '../../src/stack/star.ts';
import type { Application } from '../../src/stack/tcp-service.ts';
import { discard, writeZeros } from '../../src/tcp/commands.ts';
import { LINUX_PROFILE } from '../../src/tcp/config.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import { TransportEvent } from '../../src/tcp/events.ts';

const CLIENTS = 4;
const MESSAGE_BYTES = 100;
const PORT = 80;

/** Reads what comes, and says how much. */
class Counter implements Application {
  establishedCount = 0;
  readBytes = 0;

  onTransportEvent(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Established) this.establishedCount++;
    else if (event === TransportEvent.Readable) this.readBytes += discard(connection, 1 << 20);
  }
}

/** `perClient` connections from each client to one server; then a message on each, in another order. */
function connectMany(perClient: number) {
  const pool = new FramePool(1 << 20, new PayloadArena(1 << 16, 4));
  const network = new Network({ seed: 1, pool });
  const link = { rate: 10e9, delayNs: 10_000 };
  const plan = planStar({ hosts: CLIENTS + 1, family: 'ipv4', up: link, down: link });
  const controllers = ControllerRegistry.withBuiltIns().factory('cubic');
  const tcp = { ...LINUX_PROFILE, backlog: 1 << 20 };
  const { host, topology } = buildGraph(network, plan, { tcp, controllers });
  const server = host('h1');
  const served = new Counter();
  server.listen(PORT, () => served);
  const clients = Array.from({ length: CLIENTS }, (_, index) => host(`h${index + 2}`));
  const counter = new Counter();
  const connections = clients.map((client) => openAll(client, server, counter, perClient));
  network.scheduler.runUntil(5e9);
  const establishing = network.scheduler.eventCount;
  for (let index = perClient - 1; index >= 0; index--) {
    for (const ofClient of connections) writeZeros(ofClient[index] as TcpConnection, MESSAGE_BYTES);
  }
  for (const client of clients) client.pump();
  network.scheduler.runUntil(10e9);
  for (const each of topology.links) each.assertConserved();
  return {
    established: [counter.establishedCount, served.establishedCount],
    readBytes: served.readBytes,
    retransmits: connections.flat().reduce((sum, each) => sum + each.totalRetransmits, 0),
    events: [establishing, network.scheduler.eventCount - establishing],
  };
}

function openAll(client: Host, server: Host, application: Application, count: number) {
  return Array.from({ length: count }, () => {
    const connection = client.connect(server, PORT, application);
    if (typeof connection === 'number') throw new Error('no port is left');
    return connection;
  });
}

describe('a host with 100,000 connections', () => {
  it('opens them all, finds each by its four ends, and takes no more events for one than with 10,000', () => {
    const small = connectMany(2500);
    const large = connectMany(25_000);
    for (const [many, result] of [
      [10_000, small],
      [100_000, large],
    ] as const) {
      expect(result.established).toEqual([many, many]);
      expect(result.readBytes).toBe(many * MESSAGE_BYTES);
      expect(result.retransmits).toBe(0);
    }
    for (const [index, events] of large.events.entries()) {
      expect(events / (small.events[index] as number)).toBeLessThan(10.5);
    }
  });
});
