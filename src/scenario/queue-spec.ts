/** The limit of a queue as a scenario writes it: in bytes, in packets, or in BDPs of the path it is on. */
import type { BitsPerSecond, Bytes, Duration } from '../base/units.ts';
import type { QueueLimits } from '../qdisc/queue-discipline.ts';
import { parseBdp, parseBytes, parsePackets } from './quantity.ts';

/** `bdp` is resolved against the path. */
export interface QueueSpec {
  readonly bytes?: number;
  readonly packets?: number;
  readonly bdp?: number;
}

/** Undefined for a text that is no limit. */
export function parseQueue(text: string): QueueSpec | undefined {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes > 0 ? { bytes } : undefined;
  const packets = parsePackets(text);
  if (packets !== undefined) return packets > 0 ? { packets } : undefined;
  const bdp = parseBdp(text);
  return bdp === undefined || bdp <= 0 ? undefined : { bdp };
}

/** The limits themselves, on a path of this rate and round trip. */
export function limitsOf(
  { bytes, packets, bdp }: QueueSpec,
  rate: BitsPerSecond,
  roundTripNs: Duration,
): QueueLimits {
  return {
    ...(bytes !== undefined && { bytes }),
    ...(packets !== undefined && { packets }),
    ...(bdp !== undefined && { bytes: bytesOfBdp(bdp, rate, roundTripNs) }),
  };
}

/** Bytes of so many bandwidth-delay products; at least 1. */
function bytesOfBdp(bdp: number, rate: BitsPerSecond, roundTripNs: Duration): Bytes {
  return Math.max(1, Math.ceil((bdp * rate * roundTripNs) / 8e9));
}
