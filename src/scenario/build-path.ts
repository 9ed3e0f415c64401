/**
 * From a checked scenario to what a run is built of: links with all numbers resolved, and the capacity of
 * the frame pool and the payload arena as sums of what each part can hold.
 */
import { NetError } from '../base/errors.ts';
import type { BitsPerSecond, Bytes, Duration } from '../base/units.ts';
import { DeliveryTrace } from '../net/delivery-trace.ts';
import type { LinkConfig } from '../net/link-config.ts';
import type { QueueLimits } from '../qdisc/queue-discipline.ts';
import { limitsOf, type QueueSpec } from './queue-spec.ts';
import type { LinkSpec, ScenarioSpec } from './schema.ts';

/** Texts of the trace files a scenario names, by the name it uses. */
export type TraceTexts = ReadonlyMap<string, string>;

/** A link and where it is captured. */
export interface PathLink {
  readonly config: LinkConfig;
  readonly capture: LinkSpec['capture'];
}

export interface PathPlan {
  readonly toServer: readonly PathLink[];
  readonly toClient: readonly PathLink[];
  readonly frameCapacity: number;
  readonly arenaBytes: Bytes;
}

/** Names of the trace files that buildPath will ask for. */
export function traceNames(spec: ScenarioSpec): string[] {
  const links = [...(spec.path.toClient ?? []), ...(spec.path.toServer ?? [])];
  return links.flatMap((link) => (link.trace === undefined ? [] : [link.trace]));
}

/** What a queue holds when nothing is said: the default of tc netem, in frames. */
const DEFAULT_QUEUE: QueueSpec = { packets: 1000 };
/** Network-layer bytes of a frame that is not to be split, when nothing is said. */
export const DEFAULT_MTU_BYTES = 1500;

/** Throws NetError when parts of the scenario do not fit each other. */
export function buildPath(spec: ScenarioSpec, traces: TraceTexts): PathPlan {
  const down = spec.path.toClient ?? [];
  const up = spec.path.toServer ?? [];
  const roundTripNs = totalDelayNs(down) + totalDelayNs(up);
  const build = (specs: readonly LinkSpec[], direction: string) =>
    specs.map((link, index): PathLink => {
      const ordinal = specs.length > 1 ? `-${index + 1}` : '';
      const name = link.name ?? `${direction}${ordinal}`;
      return { config: buildLink(name, link, roundTripNs, traces), capture: link.capture };
    });
  const toClient = build(down, 'toClient');
  const toServer = build(up, 'toServer');
  const all = [...toClient, ...toServer];
  const names = new Set(all.map((link) => link.config.name));
  if (names.size < all.length) {
    throw NetError.value(
      'path',
      'a different name for each link',
      all.map((l) => l.config.name).join(),
    );
  }
  return {
    toClient,
    toServer,
    frameCapacity: frameCapacity(all),
    arenaBytes: arenaBytes([toClient, toServer]),
  };
}

function totalDelayNs(links: readonly LinkSpec[]): Duration {
  return links.reduce((sum, link) => sum + (link.delay?.delayNs ?? 0), 0);
}

/** `roundTripNs`: what a queue in bdp is a multiple of; 0 when nobody knows. */
export function buildLink(
  name: string,
  spec: LinkSpec,
  roundTripNs: Duration,
  traces: TraceTexts,
): LinkConfig {
  const trace =
    spec.trace === undefined
      ? undefined
      : DeliveryTrace.parse(spec.trace, traces.get(spec.trace) ?? '');
  const rate = spec.rate ?? trace?.meanBitsPerSecond ?? Number.POSITIVE_INFINITY;
  const { delay, loss, duplicate, corrupt, reorder, schedule, qdisc } = spec;
  const limit = qdisc?.limit ?? spec.queue ?? qdisc?.defaultLimit ?? DEFAULT_QUEUE;
  checkReorder(name, spec);
  return {
    name,
    rate: trace === undefined ? rate : undefined,
    trace,
    delayNs: delay?.delayNs,
    mtuBytes: spec.mtu,
    overheadBytes: spec.overhead,
    queue: resolveQueue(name, limit, rate, roundTripNs),
    discipline: qdisc?.create,
    impairments: {
      ...(loss && { loss }),
      ...(duplicate && { duplicate }),
      ...(corrupt && { corrupt }),
      ...(reorder && { reorder }),
      ...(delay?.jitter && { jitter: delay.jitter }),
    },
    schedule: schedule && {
      changes: schedule.changes.map(({ at, delay: delayNs, rate, up }) => ({
        atNs: at,
        rate,
        delayNs,
        up,
      })),
      repeatNs: schedule.every,
    },
    recordsDepth: true,
  };
}

/** As tc netem: without a delay, nothing is on the way to be overtaken. */
function checkReorder(name: string, { reorder, delay, schedule }: LinkSpec): void {
  const scheduled = (schedule?.changes ?? []).map((change) => change.delay);
  const delays = [delay?.delayNs, delay?.jitter?.spreadNs, ...scheduled];
  if (reorder === undefined || delays.some((ns) => (ns ?? 0) > 0)) return;
  throw NetError.value(`link ${name}: reorder`, 'a delay, in which to be overtaken', 'no delay');
}

function resolveQueue(
  name: string,
  queue: QueueSpec,
  rate: BitsPerSecond,
  roundTripNs: Duration,
): QueueLimits {
  if (queue.bdp !== undefined && (!Number.isFinite(rate) || roundTripNs === 0)) {
    const got = Number.isFinite(rate) ? 'no delay' : 'no rate';
    throw NetError.value(
      `link ${name}: queue in bdp`,
      'a link with a rate and a path with a delay',
      got,
    );
  }
  return limitsOf(queue, rate, roundTripNs);
}

/** Shortest Ethernet frame without FCS. */
const FRAME_BYTES_MIN = 60;
/** Longest frame a queue in packets can be full of, for the time it takes to drain. */
const FRAME_BYTES_MAX = 65_549;
/** Frames in flight on a line whose rate is unlimited: what a path can hold is then up to the capture. */
const UNLIMITED_FRAMES = 1 << 18;
const FRAMES_MAX = 1 << 22;
/** Fastest capture that is read: 10 Gbit/s. Faster ones fill the arena only if frames stay in the path. */
const CAPTURE_BYTES_PER_NS = 1.25;
const ARENA_BYTES_MIN = 64 << 20;
const ARENA_BYTES_MAX = 2 ** 31 - (4 << 20);

/** Longest time a frame spends on the line of a link: five standard deviations of jitter, all schedules. */
function lineDelayNs(config: LinkConfig): Duration {
  const scheduled = config.schedule?.changes.map((change) => change.delayNs ?? 0) ?? [];
  const base = scheduled.reduce((most, delayNs) => Math.max(most, delayNs), config.delayNs ?? 0);
  return base + 5 * (config.impairments?.jitter?.spreadNs ?? 0);
}

const rateOf = (config: LinkConfig): BitsPerSecond =>
  config.trace?.meanBitsPerSecond ?? config.rate ?? Number.POSITIVE_INFINITY;

/** Frames all queues and lines can hold together. */
function frameCapacity(links: readonly PathLink[]): number {
  let frames = 1024; // entering and leaving, and slack
  for (const { config } of links) {
    const { bytes = Number.POSITIVE_INFINITY, packets = Number.POSITIVE_INFINITY } =
      config.queue ?? {};
    const queued = Math.min(packets, Math.ceil(bytes / FRAME_BYTES_MIN));
    const onLine = (rateOf(config) * lineDelayNs(config)) / 8e9 / FRAME_BYTES_MIN;
    frames += queued; // the queue
    frames += Math.min(UNLIMITED_FRAMES, Math.ceil(onLine)) || 0; // the line; 0 * Infinity is none
    frames += UNLIMITED_FRAMES / 16; // copies the link makes, bursts on an unlimited rate
  }
  return Math.min(FRAMES_MAX, frames);
}

/** Bytes of captures that frames in the path can hold on to: the longest stay times the fastest capture. */
function arenaBytes(directions: readonly (readonly PathLink[])[]): Bytes {
  let longestNs = 0;
  for (const links of directions) {
    let stayNs = 0;
    for (const { config } of links) {
      const { bytes, packets = 0 } = config.queue ?? {};
      stayNs += ((bytes ?? packets * FRAME_BYTES_MAX) * 8e9) / rateOf(config); // the queue drains
      stayNs += lineDelayNs(config); // the line
    }
    longestNs = Math.max(longestNs, stayNs);
  }
  const needed = ARENA_BYTES_MIN + longestNs * CAPTURE_BYTES_PER_NS;
  return Math.min(ARENA_BYTES_MAX, Math.ceil(needed));
}
