/**
 * Which parts a link is made of, by its configuration: what gives its frames their times, where they travel,
 * and the transmitter that a link of many ways needs. Cold.
 */
import { type EventSink, SourceClass } from '../engine/scheduler.ts';
import { Fifo } from '../qdisc/fifo.ts';
import type { QueueEnvironment } from '../qdisc/queue-discipline.ts';
import { ETHERNET_HEADER_BYTES } from '../wire/ethernet.ts';
import type { TransmitterParts } from './analytic-transmitter.ts';
import { EventedTransmitter } from './evented-transmitter.ts';
import { HeaderLine, type HeaderTiming } from './header-line.ts';
import { JitterProcess } from './jitter-process.ts';
import { ConstantLine, type Line, OrderedSpread } from './line.ts';
import type { LinkConfig } from './link-config.ts';
import type { Network } from './network.ts';
import { ProbedQueue } from './probed-queue.ts';
import { RateSerializer } from './rate-serializer.ts';
import { ReorderProcess } from './reorder-process.ts';
import type { Serializer } from './serializer.ts';
import { TraceSerializer } from './trace-serializer.ts';
import { VaryingLine } from './varying-line.ts';

/** Which of a link's sources fired. */
export const enum LinkEvent {
  Delivery = 0,
  Transmitter = 1,
  Schedule = 2,
}

/** Whether anything about a link can change, or its queue or its line are others than those of a row. */
export function isOfParts(network: Network, config: LinkConfig): boolean {
  const { trace, discipline, isSwitchable, schedule, impairments, queue, headerBytes } = config;
  const isProbed = network.queueProbe !== undefined && queue?.countsUnsent !== true;
  return (
    (trace ?? discipline ?? schedule ?? headerBytes) !== undefined ||
    (impairments?.jitter ?? impairments?.reorder) !== undefined ||
    isSwitchable === true ||
    isProbed
  );
}

export function createSerializer(network: Network, config: LinkConfig): Serializer {
  return config.trace === undefined
    ? new RateSerializer(network.clock, config.rate ?? Number.POSITIVE_INFINITY)
    : new TraceSerializer(network.clock, config.trace);
}

export function createLine(network: Network, link: EventSink, config: LinkConfig): Line {
  const { scheduler, pool, random } = network;
  const { name, impairments, schedule } = config;
  const source = scheduler.register(link, LinkEvent.Delivery, SourceClass.Delivery);
  const delayNs = config.delayNs ?? 0;
  const varies = schedule?.changes.some((change) => change.delayNs !== undefined) ?? false;
  const jitter = impairments?.jitter;
  const reorder = impairments?.reorder;
  if (jitter === undefined && reorder === undefined && !varies) {
    const { processingDelayNs = 0 } = config;
    const spread =
      processingDelayNs > 0
        ? new OrderedSpread(random.fork(`${name} processing`), processingDelayNs)
        : undefined;
    const timing = headerTimingOf(config);
    return timing === undefined
      ? new ConstantLine(scheduler, source, pool, delayNs, spread)
      : new HeaderLine(scheduler, source, pool, { delayNs, spread, timing });
  }
  return new VaryingLine(scheduler, source, pool, {
    delayNs,
    jitter: jitter && new JitterProcess(random.fork(`${name} jitter`), jitter),
    reorder: reorder && new ReorderProcess(random.fork(`${name} reorder`), reorder),
  });
}

/** Undefined for a link that hands frames on whole. */
export function headerTimingOf({
  headerBytes,
  rate,
  overheadBytes = 0,
}: LinkConfig): HeaderTiming | undefined {
  if (headerBytes === undefined) return undefined;
  return { headerBytes, overheadBytes, rate: rate ?? Number.POSITIVE_INFINITY };
}

export function createEvented(
  parts: TransmitterParts,
  link: EventSink,
  config: LinkConfig,
): EventedTransmitter {
  const { network, place } = parts;
  const environment = createEnvironment(network, place, config);
  const create = config.discipline ?? ((given: QueueEnvironment) => new Fifo(given));
  const { queueProbe } = network;
  const queue =
    queueProbe === undefined
      ? create(environment)
      : new ProbedQueue(network, queueProbe, environment, create);
  const source = network.scheduler.register(
    link,
    LinkEvent.Transmitter,
    SourceClass.TransmitComplete,
  );
  return new EventedTransmitter(parts, queue, source, config.headerBytes !== undefined);
}

/** Of a link whose MTU is not stated: RFC 894. */
const DEFAULT_MTU_BYTES = 1500;

function createEnvironment(network: Network, place: number, config: LinkConfig): QueueEnvironment {
  return {
    pool: network.pool,
    clock: network.clock,
    random: network.random.fork(`${config.name} queue`),
    outcomes: network,
    place,
    limits: config.queue ?? {},
    rate: config.trace?.meanBitsPerSecond ?? config.rate ?? Number.POSITIVE_INFINITY,
    longestFrameBytes: (config.mtuBytes ?? DEFAULT_MTU_BYTES) + ETHERNET_HEADER_BYTES,
  };
}
