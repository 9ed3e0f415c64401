/**
 * What a link is built from, and the check of it. Mistakes here are a user's: NetError.
 */
import { NetError } from '../base/errors.ts';
import type { BitsPerSecond, Bytes, Duration } from '../base/units.ts';
import type { QueueDiscipline, QueueEnvironment, QueueLimits } from '../qdisc/queue-discipline.ts';
import type { DeliveryTrace } from './delivery-trace.ts';
import type {
  GilbertElliottConfig,
  ImpairmentConfig,
  OrdinalLossConfig,
  PeriodicLossConfig,
  RatioConfig,
  StateLossConfig,
} from './impairment-config.ts';
import type { LinkScheduleConfig } from './link-schedule.ts';

export interface LinkConfig {
  /** Distinct in its network: it names the place of drops and the link's streams of chance. */
  readonly name: string;
  /** Rounded to whole bits/s; unlimited when Infinity or absent. */
  readonly rate?: BitsPerSecond | undefined;
  /** A recorded link instead of a rate. */
  readonly trace?: DeliveryTrace | undefined;
  /** Propagation; 0 when absent. */
  readonly delayNs?: Duration | undefined;
  /**
   * Of a link that leaves a host: what the host takes over each packet, uniform in 0 … this, without changing
   * their order. Not beside jitter, reordering or a schedule of delays. 0 when absent.
   */
  readonly processingDelayNs?: Duration | undefined;
  /** Longest network-layer packet; no limit when absent. */
  readonly mtuBytes?: Bytes | undefined;
  /**
   * Added to each frame's wire length (14 bytes of Ethernet header, no FCS) when it is sent, not in the
   * queue limit: 24 for preamble, FCS and gap of Ethernet, -14 for a link that carries bare packets.
   * Absent: 0, and TRACE_OVERHEAD_BYTES with a trace.
   */
  readonly overheadBytes?: number | undefined;
  /** Limits of the queue; unlimited when absent. */
  readonly queue?: QueueLimits | undefined;
  /** Another discipline than drop-tail. */
  readonly discipline?: ((environment: QueueEnvironment) => QueueDiscipline) | undefined;
  readonly impairments?: ImpairmentConfig | undefined;
  readonly schedule?: LinkScheduleConfig | undefined;
  /** setUp will be called. */
  readonly isSwitchable?: boolean | undefined;
  /**
   * Hands a frame on when so many bytes of it have arrived: of a link of constant rate and delay into a switch that
   * cuts through.
   */
  readonly headerBytes?: Bytes | undefined;
  /**
   * False: how long frames wait is not recorded, and nobody asks `meter` for it; for a plain link of ten thousand that
   * no result tells of. True when absent.
   */
  readonly recordsWaits?: boolean | undefined;
  /** Keeps the backlog over time. */
  readonly recordsDepth?: boolean | undefined;
}

/** What the length fields of IP can say (RFC 791 §3.1, RFC 8200 §3). */
const MTU_BYTES_MAX = 65_535;

/** Throws NetError for the first value that makes no sense. */
export function checkLinkConfig(config: LinkConfig): void {
  const check = checker(config.name);
  const { rate, trace, queue, schedule } = config;
  checkRate(check, 'rate', rate);
  check(rate === undefined || trace === undefined, 'trace', 'either a rate or a trace', 'both');
  const isDuration = (value: number) => Number.isSafeInteger(value) && value >= 0;
  check(isDuration(config.delayNs ?? 0), 'delay', 'whole nanoseconds from 0', config.delayNs);
  const { processingDelayNs = 0 } = config;
  check(isDuration(processingDelayNs), 'processing', 'whole nanoseconds from 0', processingDelayNs);
  const varies = config.impairments?.jitter ?? config.impairments?.reorder ?? schedule;
  const isFixed = config.rate !== undefined && !config.isSwitchable && !config.discipline;
  check(!queue?.countsUnsent || (isFixed && !schedule), 'queue', 'a constant rate', 'another link');
  check(processingDelayNs === 0 || varies === undefined, 'processing', 'no other variation', 'one');
  const isConstant = config.rate !== undefined && Number.isFinite(config.rate) && !varies;
  const handsOnWhole = config.headerBytes === undefined;
  check(
    handsOnWhole || (isConstant && !config.isSwitchable),
    'cut-through',
    'constant rate and delay',
    'another link',
  );
  const { mtuBytes = MTU_BYTES_MAX } = config;
  check(mtuBytes >= 1 && mtuBytes <= MTU_BYTES_MAX, 'mtu', '1 to 65535 bytes', config.mtuBytes);
  check(Number.isInteger(config.overheadBytes ?? 0), 'overhead', 'bytes', config.overheadBytes);
  for (const limit of [queue?.bytes, queue?.packets]) {
    check(isDuration(limit ?? 0), 'queue', 'a limit from 0', limit);
  }
  if (config.impairments !== undefined) checkImpairments(check, config.impairments);
  if (schedule === undefined) return;
  let last = 0;
  for (const change of schedule.changes) {
    const { atNs } = change;
    check(isDuration(atNs) && atNs >= last, 'schedule', `a time from ${last} ns on`, atNs);
    checkRate(check, 'schedule', change.rate);
    check(change.rate === undefined || trace === undefined, 'schedule', 'no rate', 'a trace');
    check(isDuration(change.delayNs ?? 0), 'schedule', 'a delay from 0', change.delayNs);
    last = atNs;
  }
  const repeatNs = schedule.repeatNs ?? last + 1;
  check(isDuration(repeatNs) && repeatNs > last, 'schedule', `repeat after ${last} ns`, repeatNs);
}

type Check = (holds: boolean, field: string, expected: string, got: unknown) => void;

function checker(name: string): Check {
  return (holds, field, expected, got) => {
    if (!holds) throw NetError.value(`link ${name}: ${field}`, expected, got);
  };
}

function checkRate(check: Check, field: string, rate: BitsPerSecond | undefined): void {
  const isRate = rate === undefined || rate === Number.POSITIVE_INFINITY;
  check(isRate || (rate >= 1 && rate <= 1e13), field, '1 to 10^13 bits/s, or Infinity', rate);
}

function checkImpairments(check: Check, config: ImpairmentConfig): void {
  const { loss, duplicate, corrupt, reorder, jitter } = config;
  const isRatio = (value: number) => value >= 0 && value <= 1;
  const checkRatio = (field: string, value: RatioConfig) => {
    check(isRatio(value.ratio), field, 'a share from 0 to 1', value.ratio);
    checkCorrelation(check, field, value.correlation);
  };
  if (loss?.kind === 'random') checkRatio('loss', loss);
  else if (loss?.kind === 'state' || loss?.kind === 'gemodel') checkChain(check, loss);
  else if (loss !== undefined) checkPattern(check, loss);
  if (duplicate !== undefined) checkRatio('duplicate', duplicate);
  if (reorder !== undefined) {
    checkRatio('reorder', reorder);
    check(
      Number.isInteger(reorder.gap) && reorder.gap >= 1,
      'reorder gap',
      '1 or more',
      reorder.gap,
    );
  }
  if (corrupt !== undefined) {
    checkRatio('corrupt', corrupt);
    const { bits } = corrupt;
    check(Number.isInteger(bits) && bits >= 1 && bits <= 1024, 'corrupt bits', '1 to 1024', bits);
  }
  if (jitter !== undefined) {
    check(jitter.spreadNs >= 0, 'jitter', 'nanoseconds from 0', jitter.spreadNs);
    checkCorrelation(check, 'jitter', jitter.correlation);
  }
}

function checkCorrelation(check: Check, field: string, correlation: number): void {
  const holds = correlation >= 0 && correlation < 1;
  check(holds, `${field} correlation`, 'a share from 0 to below 1', correlation);
}

/** Losses at stated places. */
function checkPattern(check: Check, loss: OrdinalLossConfig | PeriodicLossConfig): void {
  const isOrdinal = (value: number) => Number.isSafeInteger(value) && value >= 1;
  if (loss.kind === 'periodic') {
    check(isOrdinal(loss.every), 'loss every', 'a whole number from 1', loss.every);
    check(isOrdinal(loss.first), 'loss first', 'a whole number from 1', loss.first);
    return;
  }
  let last = 0;
  for (const ordinal of loss.ordinals) {
    const holds = isOrdinal(ordinal) && ordinal > last;
    check(holds, 'loss ordinals', `a whole number above ${last}`, ordinal);
    last = ordinal;
  }
}

function checkChain(check: Check, loss: StateLossConfig | GilbertElliottConfig): void {
  const { kind: _, ...chances } = loss;
  for (const [name, value] of Object.entries(chances)) {
    check(value >= 0 && value <= 1, `loss ${name}`, 'a chance from 0 to 1', value);
  }
  if (loss.kind === 'gemodel') return;
  const { p13, p14, p31, p32 } = loss;
  // The last bits of a sum such as 0.7 + 0.3 are not the user's mistake.
  check(p13 + p14 <= 1 + 1e-9, 'loss p13 + p14', 'at most 1', p13 + p14);
  check(p31 + p32 <= 1 + 1e-9, 'loss p31 + p32', 'at most 1', p31 + p32);
}
