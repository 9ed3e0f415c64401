import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import type { Host } from '../../../src/stack/host.ts';
import type { TcpConfig } from '../../../src/tcp/config.ts';
import { TcpError } from '../../../src/tcp/errors.ts';
import {
  addHost,
  connect,
  createTopology,
  joinFast,
  startTransfer,
} from '../../support/topology.ts';

const MINUTE_NS = 60e9;
const FAMILIES = [
  ['IPv4', '10.0.0.', 20],
  ['IPv6', 'fd00::', 40],
] as const;

/** a - r1 - r2 - r3 - b, with an MTU between r2 and r3. */
function createChain(
  prefix: string,
  options: { mtuBytes?: number; tcp?: Partial<TcpConfig>; wireAlways?: boolean } = {},
) {
  const topology = createTopology({ wireAlways: options.wireAlways ?? false });
  const a = addHost(topology, 'a', `${prefix}1`, options.tcp);
  const b = addHost(topology, 'b', `${prefix}2`);
  const routers = [11, 12, 13].map((n) => topology.addRouter(`r${n}`, `${prefix}${n}`));
  const [r1, r2, r3] = routers as [(typeof routers)[0], (typeof routers)[0], (typeof routers)[0]];
  joinFast(topology, a, r1);
  joinFast(topology, r1, r2);
  joinFast(topology, r2, r3, options.mtuBytes);
  joinFast(topology, r3, b);
  topology.routeByShortestPaths();
  return { topology, network: topology.network, a, b, r1, r2, r3 };
}

function expectConserved({ topology }: { topology: ReturnType<typeof createTopology> }) {
  for (const link of topology.links) link.assertConserved();
  expect(topology.network.pool.inUse).toBe(0);
}

describe.each(FAMILIES)('a router of %s', (_, prefix, headerBytes) => {
  it('forwards there and back, and takes one from the TTL — RFC 1812 §5.3.1, RFC 8200 §3', () => {
    // Three routers: a TTL of 4 just suffices.
    const chain = createChain(prefix, { tcp: { ttl: 4 } });
    const { reader, sender } = startTransfer(chain.a, chain.b, 100_000);
    chain.network.scheduler.runUntil(2 * MINUTE_NS);
    expect(reader.completedNs).toBeLessThan(1e9);
    expect(sender.totalRetransmits).toBe(0);
    expectConserved(chain);
  });

  it('tells the source when the TTL runs out — RFC 792, RFC 4443 §3.3', () => {
    const chain = createChain(prefix, { tcp: { ttl: 3 } });
    const { sender } = startTransfer(chain.a, chain.b, 1000);
    chain.network.scheduler.runUntil(MINUTE_NS);
    expect(sender.error).toBe(TcpError.HostUnreachable);
    expect(chain.r3.errors.sent).toBe(1);
    expect(chain.network.dropCount(chain.r3.place, DropReason.TtlExpired)).toBe(1);
    expectConserved(chain);
  });

  it('tells the source when no route leads on — RFC 1812 §5.2.7.1, RFC 4443 §3.1', () => {
    const chain = createChain(prefix);
    const stray = { ...chain.b, address: chain.network.addresses.internText(`${prefix}99`) };
    const connection = connect(chain.a, stray as unknown as Host, 80, { onTransportEvent() {} });
    chain.network.scheduler.runUntil(MINUTE_NS);
    expect(connection.error).toBe(TcpError.NetworkUnreachable);
    expect(chain.network.dropCount(chain.r1.place, DropReason.NoRoute)).toBe(1);
    expectConserved(chain);
  });

  it.each([false, true])(
    'tells the source how long a packet may be, which adapts — RFC 1191, RFC 8201 (wire always: %s)',
    (wireAlways) => {
      const chain = createChain(prefix, { mtuBytes: 1300, wireAlways });
      const { reader, sender } = startTransfer(chain.a, chain.b, 200_000);
      chain.network.scheduler.runUntil(5 * MINUTE_NS);
      expect(reader.completedNs).toBeLessThan(1e9);
      expect(sender.smss).toBe(1300 - headerBytes - 20 - 12);
      const tooBig = chain.network.dropCount(chain.r2.place, DropReason.MtuExceeded);
      expect(tooBig).toBeGreaterThan(0);
      expect(chain.r2.errors.sent).toBe(tooBig);
      expectConserved(chain);
    },
  );

  it('sends no more than a rate of messages, but all that say too big — RFC 1812 §4.3.2.8', () => {
    const chain = createChain(prefix, { tcp: { ttl: 3 } });
    for (let port = 1; port <= 200; port++) {
      connect(chain.a, chain.b, port, { onTransportEvent() {} });
    }
    chain.network.scheduler.runUntil(0.9e9);
    const { sent, withheld } = chain.r3.errors;
    expect(sent + withheld).toBe(200);
    // A burst of 50, and one more for each of the milliseconds that the 200 take.
    expect(sent).toBeGreaterThanOrEqual(50);
    expect(sent).toBeLessThan(60);
  });
});

describe('a router', () => {
  it('drops packets whose IPv4 header is damaged — RFC 1812 §5.2.2', () => {
    const topology = createTopology();
    const a = addHost(topology, 'a', '10.0.0.1');
    const b = addHost(topology, 'b', '10.0.0.2');
    const router = topology.addRouter('r', '10.0.0.3');
    const link = { rate: 1e9, delayNs: 1e5 };
    const corrupt = { ratio: 0.2, correlation: 0, bits: 1 };
    topology.addLink(a, router, { ...link, name: 'a out', impairments: { corrupt } });
    topology.addLink(router, a, { ...link, name: 'a in' });
    joinFast(topology, router, b);
    topology.routeByShortestPaths();
    const { reader, sender } = startTransfer(a, b, 1_000_000);
    topology.network.scheduler.runUntil(30 * MINUTE_NS);
    expect(reader.completedNs).toBeLessThan(30 * MINUTE_NS);
    expect(sender.totalRetransmits).toBeGreaterThan(0);
    // Headers are a small part of what is hit: most damage is the host's to find.
    const atRouter = topology.network.dropsAt(router.place);
    const atHost = topology.network.dropsAt(b.place);
    expect(atRouter).toBeGreaterThan(0);
    expect(atHost).toBeGreaterThan(atRouter);
    expectConserved({ topology });
  });
});
