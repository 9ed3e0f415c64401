/**
 * Quantities with units, as scenarios and options write them: `20 Mbps`, `40 ms`, `64 KiB`, `1 %`.
 * k M G T are powers of 1000 and Ki Mi Gi Ti of 1024; `B` is bytes, `b` and `bps` are bits. A bare
 * number is refused, since nobody can tell what it counts. Every function returns undefined for a text
 * that is no such quantity; the caller knows where it stands and what to say.
 */
import type { BitsPerSecond, Bytes, Duration } from '../base/units.ts';

const PREFIXES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
const DURATION_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  min: 60e9,
  h: 3600e9,
};
const NUMBER = String.raw`(\d+(?:\.\d+)?(?:e[+-]?\d+)?)`;
const DURATION = new RegExp(`^${NUMBER}\\s*(ns|us|µs|μs|ms|s|min|h)$`);
const RATE = new RegExp(`^${NUMBER}\\s*([kKMGT]|[KMGT]i)?(bps|b/s|bit/s|bit|Bps|B/s)$`);
const BYTES = new RegExp(`^(-?)${NUMBER}\\s*([kKMGT]|[KMGT]i)?(B|b)$`);
const PACKETS = /^(\d+)\s*(?:packets?|p)$/;
const PERCENT = new RegExp(`^${NUMBER}\\s*%$`);
const BDP = new RegExp(`^${NUMBER}\\s*bdp$`);
const FACTOR = new RegExp(`^${NUMBER}\\s*x?$`);

/** What each quantity looks like, for error messages. */
export const EXPECTED = {
  duration: 'a duration like 20 ms, 1.5 s or 250 us',
  rate: 'a rate like 20 Mbps or 1 Gbps',
  bytes: 'a size like 64 KiB or 1500 B',
  queue: 'a queue limit like 64 KiB, 100 packets or 1 bdp',
  ratio: 'a share from 0 % to 100 % like 1 % or 0.5 %',
  factor: 'a factor like 2x or 0.5x',
} as const;

/** Nanoseconds, rounded. */
export function parseDuration(text: string): Duration | undefined {
  const match = DURATION.exec(text.trim());
  if (match === null) return undefined;
  const ns = Math.round(Number(match[1]) * (DURATION_NS[match[2] as string] as number));
  return Number.isSafeInteger(ns) ? ns : undefined;
}

export function parseRate(text: string): BitsPerSecond | undefined {
  const match = RATE.exec(text.trim());
  if (match === null) return undefined;
  const isBytes = (match[3] as string).startsWith('B');
  const rate = Number(match[1]) * (PREFIXES[match[2] ?? ''] as number) * (isBytes ? 8 : 1);
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}

/** Whole bytes; a negative size only where the caller allows it. */
export function parseBytes(text: string): Bytes | undefined {
  const match = BYTES.exec(text.trim());
  if (match === null) return undefined;
  const size =
    Number(match[2]) * (PREFIXES[match[3] ?? ''] as number) * (match[4] === 'b' ? 1 / 8 : 1);
  if (!Number.isSafeInteger(size)) return undefined;
  return match[1] === '-' ? -size : size;
}

/** 0 to 1 from `0 %` to `100 %`. */
export function parseRatio(text: string): number | undefined {
  const match = PERCENT.exec(text.trim());
  if (match === null) return undefined;
  const ratio = Number(match[1]) / 100;
  return ratio <= 1 ? ratio : undefined;
}

export function parsePackets(text: string): number | undefined {
  const match = PACKETS.exec(text.trim());
  return match === null ? undefined : Number(match[1]);
}

/** A multiple of the path's bandwidth-delay product, which only the path can resolve. */
export function parseBdp(text: string): number | undefined {
  const match = BDP.exec(text.trim());
  return match === null ? undefined : Number(match[1]);
}

/** A speed such as `2x`; greater than zero. */
export function parseFactor(text: string): number | undefined {
  const match = FACTOR.exec(text.trim());
  if (match === null) return undefined;
  const factor = Number(match[1]);
  return factor > 0 && Number.isFinite(factor) ? factor : undefined;
}
