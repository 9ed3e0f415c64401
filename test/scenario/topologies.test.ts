import { describe, expect, it } from 'vitest';
import { NetError } from '../../src/base/errors.ts';
import { type RunRequest, runScenario } from '../../src/scenario/run-scenario.ts';

const run = (
  scenario: string,
  parameters: Record<string, string> = {},
  more: Partial<RunRequest> = {},
) => runScenario({ scenario, parameters, ...more }).result;

/** Payload of a full frame's 1514 bytes. */
const PAYLOAD_SHARE = 1448 / 1514;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('the parking lot', () => {
  it('fills every bottleneck, and gives the long flow the least', () => {
    const { flows, links } = run('parking-lot', { rate: '20 Mbps', duration: '8 s', rtt: '20 ms' });
    const [long, ...cross] = flows.map(({ goodputMbps }) => goodputMbps);
    expect(cross).toHaveLength(3);
    expect(long).toBeGreaterThan(1);
    for (const goodput of cross) expect(goodput).toBeGreaterThan(long as number);
    expect(links.map(({ name }) => name)).toEqual(['r0-r1', 'r1-r2', 'r2-r3']);
    for (const { utilisation } of links) expect(utilisation).toBeGreaterThan(0.9);
  });

  it('has the stated round trip for the long flow, and a part of it for the others', () => {
    const parameters = { rate: '1 Gbps', size: '20 kB', rtt: '30 ms', processing: '0 s' };
    const { flows } = run('parking-lot', parameters);
    const [long, ...cross] = flows.map(({ minRttMs }) => minRttMs as number);
    expect(long).toBeGreaterThanOrEqual(30);
    expect(long).toBeLessThan(30.2);
    for (const rtt of cross) expect(rtt).toBeCloseTo(10, 0);
  });
});

describe('the star', () => {
  it('carries a permutation at line rate, since no two flows share a link', () => {
    const { flows } = run('star', { hosts: '6', size: '20 MB', profile: 'rfc' });
    expect(flows).toHaveLength(6);
    for (const { goodputMbps, retransmits } of flows) {
      // An ACK of 66 bytes for two full frames goes the same way, and a slow start comes first. (In the linux
      // profile there is an ACK for each while the window grows, and it waits behind the receiver's own data.)
      expect(goodputMbps).toBeGreaterThan(0.96 * 10_000 * PAYLOAD_SHARE);
      expect(retransmits).toBe(0);
    }
  });

  it('ends an incast with every byte delivered, and queue drops at one port only', () => {
    const { flows, links } = run('star', {
      hosts: '33',
      pattern: 'incast',
      size: '100 kB',
      duration: '10 s',
    });
    expect(flows.map(({ deliveredBytes }) => deliveredBytes)).toEqual(flows.map(() => 100_000));
    const dropping = links.filter(({ queueDrops }) => queueDrops > 0).map(({ name }) => name);
    expect(dropping).toEqual(['switch-h1']);
  });

  it('offers the stated load by Poisson arrivals, and tells how long each flow took', () => {
    const { flows } = run('star', {
      hosts: '8',
      rate: '1 Gbps',
      pattern: 'random',
      size: '50 kB',
      load: '40 %',
      duration: '200 ms',
    });
    // 8 hosts at 40 % of 1 Gbps for 0.2 s are 1600 flows; five standard deviations.
    expect(Math.abs(flows.length - 1600)).toBeLessThan(5 * Math.sqrt(1600));
    for (const { fctSeconds, deliveredBytes } of flows) {
      expect(deliveredBytes).toBe(50_000);
      // A handshake and 50 kB at 1 Gbps.
      expect(fctSeconds).toBeGreaterThan(0.0004);
    }
  });
});

describe('leaf and spine', () => {
  it('spreads flows over all spines, each flow on one, and gives the same again', () => {
    const parameters = { leaves: '2', hosts: '8', pattern: 'all-to-all', size: '20 kB' };
    const result = run('leaf-spine', parameters);
    const up = result.links.filter(({ name }) => /^leaf1-spine/.test(name));
    expect(up).toHaveLength(4);
    const forwarded = up.map(({ forwardedPackets }) => forwardedPackets);
    for (const count of forwarded) {
      expect(count).toBeGreaterThan(0.1 * sum(forwarded));
    }
    expect(result.flows).toHaveLength(16 * 15);
    // On one path nothing overtakes.
    expect(sum(result.flows.map(({ spuriousRetransmits }) => spuriousRetransmits))).toBe(0);
    expect(run('leaf-spine', parameters).fingerprint).toBe(result.fingerprint);
  });
});

describe('the fat tree', () => {
  it('has k³/4 hosts and loses nothing at a light load', () => {
    const { flows, links } = run('fat-tree', { size: '30 kB' });
    expect(flows).toHaveLength(16);
    // Links from switches: to 16 hosts, and 32 pairs between switches.
    expect(links).toHaveLength(16 + 64);
    for (const { deliveredBytes } of flows) expect(deliveredBytes).toBe(30_000);
    expect(sum(links.map(({ queueDrops }) => queueDrops))).toBe(0);
  });

  it('draws flows of a published distribution', () => {
    const { flows } = run('fat-tree', {
      size: 'data-mining',
      load: '50 %',
      flows: '10',
      duration: '20 ms',
      drain: '0 s',
    });
    expect(flows).toHaveLength(10);
    // Four in five are of at most 10 kB.
    const done = flows.filter(({ fctSeconds }) => fctSeconds !== null);
    expect(done.length).toBeGreaterThan(4);
  });
});

describe('every topology', () => {
  it.each(['parking-lot', 'star', 'leaf-spine', 'fat-tree'])(
    'runs over IPv6 with real bytes, the same with bytes on every link: %s',
    (scenario) => {
      const parameters = { ip: 'ipv6', payload: 'pattern', size: '100 kB' };
      const result = run(scenario, parameters);
      for (const { deliveredBytes } of result.flows) expect(deliveredBytes).toBe(100_000);
      expect(result.flows[0]?.name).toMatch(/^fd00::/);
      expect(run(scenario, parameters, { wire: 'always' })).toEqual(result);
    },
  );

  it.each([
    ['star', { hosts: '1' }, 'hosts: expected two at least, got 1'],
    ['star', { load: '10 %', size: 'endless' }, 'size: expected sizes with an end'],
    ['star', { size: 'web' }, 'size: expected a size like 64 KiB or 1500 B, or endless, or web-'],
    ['star', { load: '0 %' }, 'load: expected a share above 0 % like 50 %, or none, got "0 %"'],
    ['leaf-spine', { leaves: '300' }, 'leaves: expected at most 256, got 300'],
    ['fat-tree', { k: '5' }, 'k: expected 2 or 4 or'],
    ['parking-lot', { bottlenecks: '0' }, 'bottlenecks: expected a whole number from 1 to 1000'],
    ['tree', {}, 'scenario: expected one of dumbbell, '],
  ])('says in one line what is wrong: %s %o', (scenario, parameters, message) => {
    expect(() => run(scenario, parameters)).toThrow(NetError);
    expect(() => run(scenario, parameters)).toThrow(message);
  });
});
