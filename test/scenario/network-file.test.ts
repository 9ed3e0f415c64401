import { describe, expect, it } from 'vitest';
import { NetError } from '../../src/base/errors.ts';
import type { NetworkInput } from '../../src/scenario/network-schema.ts';
import { type RunRequest, runScenario } from '../../src/scenario/run-scenario.ts';

/** Two clients behind a router, a server behind another, a bottleneck between them. */
const office = (more: Partial<NetworkInput> = {}): NetworkInput => ({
  name: 'office',
  duration: '10 s',
  rtt: '20 ms',
  nodes: {
    clients: { count: 2 },
    server: { address: '192.0.2.7' },
    gateway: 'router',
    isp: 'router',
  },
  links: [
    { from: 'clients', to: 'gateway', rate: '1 Gbps' },
    {
      name: 'line',
      from: 'gateway',
      to: 'isp',
      rate: '10 Mbps',
      delay: '10 ms',
      queue: '1 bdp',
      back: { rate: '20 Mbps' },
    },
    { from: 'isp', to: 'server', rate: '10 Gbps' },
  ],
  bottleneck: 'line',
  traffic: [{ kind: 'bulk', from: 'clients', to: 'server', size: '500 kB', cc: 'reno,cubic' }],
  ...more,
});

const run = (
  scenario: NetworkInput,
  parameters: Record<string, string> = {},
  more: Partial<RunRequest> = {},
) => runScenario({ scenario, parameters, ...more }).result;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('a network of a scenario file', () => {
  it('runs, with groups, names, both ways of links, and a bottleneck', () => {
    const result = run(office());
    expect(result.scenario).toBe('office');
    expect(result.flows.map(({ cc, deliveredBytes }) => [cc, deliveredBytes])).toEqual([
      ['reno', 500_000],
      ['cubic', 500_000],
    ]);
    expect(result.flows[0]?.name).toMatch(/^10\.0\.0\.1:\d+ > 192\.0\.2\.7:\d+$/);
    const names = result.links.map(({ name }) => name);
    expect(names).toEqual([
      'gateway-clients1',
      'gateway-clients2',
      'line',
      'line back',
      'isp-server',
    ]);
    const delivered = sum(result.flows.map((flow) => Math.ceil(flow.deliveredBytes / 1448)));
    expect(result.engine.deliveredPackets).toBeGreaterThanOrEqual(delivered);
    expect(result.flows[0]?.minRttMs).toBeGreaterThanOrEqual(20);
    expect(run(office(), {}, { wire: 'always' })).toEqual(result);
  });

  it('takes changes of any field by its path', () => {
    const parameters = { 'links.line.rate': '2 Mbps', 'traffic.0.size': '100 kB', seed: '9' };
    const result = run(office(), parameters);
    expect(result.parameters).toEqual(parameters);
    expect(result.seed).toBe(9);
    const [flow] = result.flows;
    expect(flow?.deliveredBytes).toBe(100_000);
    expect(flow?.goodputMbps).toBeLessThan(2);
    expect(
      run(office(), { 'links.1.rate': '2 Mbps', 'traffic.0.size': '100 kB', seed: '9' })
        .fingerprint,
    ).toBe(result.fingerprint);
  });

  it('applies impairments of a link in its direction', () => {
    const { links } = run(office(), {
      'links.line.loss': '2 %',
      'links.line.back': '{"loss": "0 %"}',
    });
    const losses = new Map(links.map(({ name, randomLosses }) => [name, randomLosses]));
    expect(losses.get('line')).toBeGreaterThan(0);
    expect(losses.get('line back')).toBe(0);
  });

  it('announces segments that fit the links of hosts, and finds the path MTU beyond — RFC 1191', () => {
    const { flows } = run(office(), { 'links.line.mtu': '1000 B', 'links.0.mtu': '1400 B' });
    for (const { deliveredBytes } of flows) expect(deliveredBytes).toBe(500_000);
  });

  it('measures transactions of request and response', () => {
    const { flows, transactions } = run(
      office({
        traffic: [
          {
            kind: 'request-response',
            from: 'clients1',
            to: 'server',
            request: '300 B',
            response: '20 kB',
            requests: 5,
            think: '50 ms',
          },
        ],
      }),
    );
    expect(flows).toHaveLength(1);
    expect(flows[0]?.deliveredBytes).toBe(100_000);
    expect(flows[0]?.fctSeconds).toBeGreaterThan(0.12);
    expect(transactions?.[0]).toMatchObject({ flow: flows[0]?.name, count: 5 });
    // A round trip, and 20 kB at 20 Mbps.
    expect(transactions?.[0]?.minMs).toBeGreaterThan(28);
  });

  it('turns traffic on and off, at its rate while on', () => {
    const { flows } = run(
      office({
        traffic: [
          {
            kind: 'on-off',
            from: 'clients1',
            to: 'server',
            rate: '4 Mbps',
            on: '100 ms',
            off: '300 ms',
            times: 'constant',
          },
        ],
      }),
    );
    // A quarter of the time at 4 Mbps, from the end of the handshake on.
    expect(flows[0]?.goodputMbps).toBeGreaterThan(0.95);
    expect(flows[0]?.goodputMbps).toBeLessThan(1.05);
    expect(flows[0]?.fctSeconds).toBeNull();
  });

  it('draws Poisson arrivals for a load of a link', () => {
    const { flows, links } = run(
      office({
        traffic: [
          {
            kind: 'poisson',
            from: 'server',
            to: 'clients',
            size: '10 kB',
            load: '50 %',
            of: 'line back',
          },
        ],
      }),
    );
    // 50 % of 20 Mbps over 10 s are 1250 flows of 10 kB; five standard deviations.
    expect(Math.abs(flows.length - 1250)).toBeLessThan(5 * Math.sqrt(1250));
    const line = links.find(({ name }) => name === 'line back');
    expect(line?.utilisation).toBeGreaterThan(0.45);
    expect(line?.utilisation).toBeLessThan(0.7);
  });

  it('follows static routes instead of shortest paths', () => {
    const ring = (routes: NetworkInput['routes']): NetworkInput => ({
      duration: '5 s',
      nodes: { a: {}, b: {}, r1: 'router', r2: 'router', r3: 'router' },
      links: [
        { from: 'a', to: 'r1', rate: '1 Gbps', delay: '1 ms' },
        { from: 'r1', to: 'r2', rate: '1 Gbps', delay: '1 ms' },
        { from: 'r2', to: 'b', rate: '1 Gbps', delay: '1 ms' },
        { from: 'r1', to: 'r3', rate: '1 Gbps', delay: '1 ms' },
        { from: 'r3', to: 'r2', rate: '1 Gbps', delay: '1 ms' },
      ],
      routes: routes ?? [],
      traffic: [{ kind: 'bulk', from: 'a', to: 'b', size: '50 kB' }],
    });
    const over = (input: NetworkInput, link: string) =>
      run(input).links.find(({ name }) => name === link)?.forwardedPackets ?? 0;
    expect(over(ring([]), 'r1-r3')).toBe(0);
    const detour = ring([{ at: 'r1', to: 'b', via: 'r3' }]);
    expect(over(detour, 'r1-r3')).toBeGreaterThan(30);
    expect(over(detour, 'r2-r1')).toBeGreaterThan(0);
    expect(
      over(
        {
          ...ring([]),
          links: [
            ...ring([]).links,
            { from: 'r1', to: 'r2', name: 'dear', rate: '1 Gbps', cost: 9 },
          ],
        },
        'dear',
      ),
    ).toBe(0);
  });

  it.each([
    [
      { 'links.0.rate': '5' },
      'network: links.0.rate: expected a rate like 20 Mbps or 1 Gbps, or unlimited, got 5',
    ],
    [{ 'links.7.rate': '5 Mbps' }, '--set links.7.rate: expected links.7 to be there (0, line, 2)'],
    [{ 'links.0.to': 'lan' }, 'links.0.to: expected a node (clients1, clients2, clients, server'],
    [
      { 'links.0.to': 'clients' },
      'links.0.to: expected one node, since from is a group, got "clients"',
    ],
    [{ 'links.2.name': 'line' }, 'nodes and links: expected a different name for each, got "line"'],
    [{ 'nodes.isp': 'hub' }, 'nodes.isp: expected one of'],
    [{ 'nodes.isp': '{"kind": "host"}', 'nodes.x': '5' }, 'nodes.x: '],
    [
      { 'nodes.server.address': '192.0.2.300' },
      'nodes.server.address: expected an IPv4 or IPv6 address, got "192.0.2.300"',
    ],
    [
      { 'traffic.0.kind': 'web' },
      'traffic.0.kind: expected one of bulk, request-response, on-off, poisson, got "web"',
    ],
    [{ 'traffic.0.from': 'isp' }, 'traffic.0.from: expected a host, got "isp, a router"'],
    [
      { 'traffic.0.to': 'clients1' },
      'traffic.0.to: expected another host than from, got "clients1"',
    ],
    [{ 'traffic.0.cc': 'vegas9' }, 'controller: expected one of reno, cubic'],
    [{ 'links.2.queue': '1 bdp', rtt: '0 s' }, 'rtt: expected a duration'],
    [{ report: '["x"]' }, 'report.0: expected a link (clients1-gateway, gateway-clients1'],
    [
      { routes: '[{"at": "gateway", "to": "server", "via": "server"}]' },
      'routes.0.via: expected a node that gateway has a link to, got "server"',
    ],
    [{ colour: 'red' }, 'network: scenario: unknown key "colour"'],
  ])('says in one line what is wrong with %o', (parameters, message) => {
    expect(() => run(office(), parameters)).toThrow(NetError);
    expect(() => run(office(), parameters)).toThrow(message);
  });
});
