/**
 * The scenario file of a network: nodes, links, routes and traffic, for `sluice run`. It checks form and units, as
 * schema.ts does for paths; build-network resolves names. Links have all fields of a path's links.
 */
import { z } from 'zod';
import { NetError } from '../base/errors.ts';
import { parseIpAddress } from '../base/ip-address.ts';
import type { Instant } from '../base/units.ts';
import { SIZE_DISTRIBUTIONS } from '../traffic/size-distribution.ts';
import { parseNames } from './parameters.ts';
import { PFC_FORM } from './pfc-spec.ts';
import { EXPECTED, parseBytes, parseDuration, parseRate, parseRatio } from './quantity.ts';
import { describeIssue, field, isEitherRateOrTrace, link } from './schema.ts';
import { BALANCE_FORM, FORWARDING_FORM, SHARED_BUFFER_FORM } from './switch-options.ts';

const positive = (value: number | undefined) =>
  value !== undefined && value > 0 ? value : undefined;

const duration = field(EXPECTED.duration, parseDuration);
const instant = field(
  EXPECTED.duration,
  (text): Instant | undefined => parseDuration(text) as number,
);
const positiveInstant = field(`${EXPECTED.duration}, above 0`, (text): Instant | undefined =>
  positive(parseDuration(text)),
);
const positiveDuration = field(`${EXPECTED.duration}, above 0`, (text) =>
  positive(parseDuration(text)),
);
const positiveBytes = field(EXPECTED.bytes, (text) => positive(parseBytes(text)));
const cc = field('names of controllers like reno,cubic', parseNames);
const SIZE_NAMES = SIZE_DISTRIBUTIONS.map(({ name }) => name);
/** Bytes, a distribution, or Infinity. */
const size = field(`${EXPECTED.bytes}, endless, ${SIZE_NAMES.join(' or ')}`, (text) => {
  if (text.trim() === 'endless') return Number.POSITIVE_INFINITY;
  const known = SIZE_DISTRIBUTIONS.find(({ name }) => name === text.trim());
  return known ?? positive(parseBytes(text));
});

const node = z.union([
  z.enum(['host', 'switch', 'router']),
  z.strictObject({
    kind: z.enum(['host', 'switch', 'router']).default('host'),
    /** So many, NAME1, NAME2 and so on; NAME stands for all of them. */
    count: z.int().min(1).max(65_000).optional(),
    address: field('an IPv4 or IPv6 address', (text) =>
      parseIpAddress(text) === undefined ? undefined : text,
    ).optional(),
    /** Of a switch: pauses its senders instead of dropping (IEEE 802.1Qbb). */
    pfc: field(PFC_FORM.expected, PFC_FORM.parse).optional(),
    /** Of a switch: when it sends a frame on. */
    forwarding: field(FORWARDING_FORM.expected, FORWARDING_FORM.parse).optional(),
    /** Of a switch: how it chooses among equal paths. */
    balance: field(BALANCE_FORM.expected, BALANCE_FORM.parse).optional(),
    /** Of a switch: memory that its ports share. */
    sharedBuffer: field(SHARED_BUFFER_FORM.expected, SHARED_BUFFER_FORM.parse).optional(),
  }),
]);

/** The name of a node or of a group. */
const name = z.string().min(1);
const names = z.union([name.transform((one) => [one]), z.array(name).min(1)]);

const networkLink = z
  .strictObject({
    from: name,
    to: name,
    ...link.shape,
    /** Of crossing it, for shortest paths. */
    cost: z.int().min(1).max(65_535).optional(),
    /** The way back, where it differs; false when there is none. */
    back: z
      .union([
        z.literal(false),
        z.strictObject(link.shape).refine(isEitherRateOrTrace.check, isEitherRateOrTrace.error),
      ])
      .optional(),
  })
  .refine(isEitherRateOrTrace.check, isEitherRateOrTrace.error);

const route = z.strictObject({ at: name, to: name, via: names });

/** RFC 2474; its class selector is the priority of flow control. */
const dscp = z.int().min(0).max(63).optional();

const flowFields = {
  name: z.string().min(1).optional(),
  dscp,
  from: names,
  to: names,
  cc: cc.optional(),
  start: instant.optional(),
  /** Between the start of one flow and the next. */
  stagger: duration.optional(),
} as const;

const traffic = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bulk'),
    ...flowFields,
    size: size.optional(),
    /** Flows of each pair. */
    count: z.int().min(1).max(1_000_000).optional(),
  }),
  z.strictObject({
    kind: z.literal('request-response'),
    ...flowFields,
    request: positiveBytes.optional(),
    response: size.optional(),
    requests: z.int().min(1).optional(),
    think: duration.optional(),
    count: z.int().min(1).max(1_000_000).optional(),
  }),
  z.strictObject({
    kind: z.literal('on-off'),
    ...flowFields,
    on: positiveDuration.optional(),
    off: positiveDuration.optional(),
    rate: field(EXPECTED.rate, parseRate).optional(),
    times: z.enum(['constant', 'exponential']).optional(),
    count: z.int().min(1).max(1_000_000).optional(),
  }),
  z.strictObject({
    kind: z.literal('poisson'),
    from: flowFields.from,
    to: flowFields.to,
    name: flowFields.name,
    dscp,
    cc: flowFields.cc,
    start: flowFields.start,
    size,
    /** Mean time between two flows; or a load of a link. */
    interval: positiveDuration.optional(),
    load: field('a share above 0 % like 50 %', (text) => positive(parseRatio(text))).optional(),
    /** The link that the load is of. */
    of: name.optional(),
    /** No flow starts from then on. */
    until: positiveInstant.optional(),
    /** At most so many flows. */
    count: z.int().min(1).max(1_000_000).optional(),
  }),
]);

const tcp = z.strictObject({
  profile: z.enum(['linux', 'rfc']).optional(),
  pacing: z.enum(['off', 'on']).optional(),
  ecn: z.enum(['off', 'on', 'accecn']).optional(),
  /** Longest packet a host sends; its links may say less. */
  mtu: positiveBytes.optional(),
});

export const network = z.strictObject({
  name: z.string().optional(),
  seed: z.int().min(0).optional(),
  wire: z.enum(['lazy', 'always']).optional(),
  duration: positiveInstant,
  /** What queues in bdp are multiples of. */
  rtt: positiveDuration.optional(),
  /** Of addresses that are not given. */
  ip: z.enum(['ipv4', 'ipv6']).optional(),
  payload: z.enum(['zeros', 'pattern']).optional(),
  /** Time hosts take over a packet, uniform from 0; one full frame at the slowest link when absent. */
  processing: duration.optional(),
  cc: cc.optional(),
  tcp: tcp.optional(),
  nodes: z.record(name, node).refine((nodes) => Object.keys(nodes).length > 0, {
    error: 'expected at least one node',
  }),
  links: z.array(networkLink).min(1),
  routing: z.enum(['shortest-paths', 'static']).optional(),
  routes: z.array(route).optional(),
  traffic: z.array(traffic).min(1),
  /** Links that the result tells of; all that leave no host when absent. */
  report: z.array(name).min(1).optional(),
  /** Where delivered packets are counted; on all links to hosts when absent. */
  bottleneck: name.optional(),
});

export type NetworkSpec = z.output<typeof network>;
/** A network as it is written: texts with units. */
export type NetworkInput = z.input<typeof network>;
export type NetworkLinkSpec = z.output<typeof networkLink>;
export type TrafficSpec = z.output<typeof traffic>;

/** Whether an input means to be a network and not a path. */
export function isNetworkInput(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false;
  return 'nodes' in input || 'links' in input || 'traffic' in input;
}

/**
 * Checks the scenario of a network.
 * @param source named in errors: the file
 * @throws NetError with one line for the first thing that is wrong
 */
export function parseNetwork(source: string, input: unknown): NetworkSpec {
  const result = network.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw new NetError('ERR_SCENARIO', `${source}: ${describeIssue(result.error.issues)}`);
}
