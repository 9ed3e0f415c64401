/**
 * `nstat | grep …` of scripts: the counters that have moved since the last look, one a line with its growth, and
 * whether every pattern of the pipe finds one. Names are those of Linux's MIBs.
 */
import { TCP_COUNTER_NAMES } from '../tcp/counters.ts';

/** Counters of the MIB proper; the others are TcpExt's. */
const TCP_MIB_COUNT = 9;
const NAME_WIDTH = 32;
const VALUE_WIDTH = 16;

const NAMES = TCP_COUNTER_NAMES.map((name, index) =>
  index < TCP_MIB_COUNT ? `Tcp${name}` : `TcpExt${name}`,
);

/** The counter that a pattern names and that nobody counts here; undefined when there is none. */
export function unknownCounter(patterns: readonly string[]): string | undefined {
  for (const pattern of patterns) {
    const [name] = /\b(?:Tcp|Ip|Udp|Icmp|MPTcp)[A-Z]\w*/.exec(pattern) ?? [];
    if (name !== undefined && !NAMES.some((known) => known.startsWith(name))) return name;
  }
  return undefined;
}

/** Lines of counters that grew, through all patterns. A pattern is a text, not an expression. */
export function findCounters(
  now: Float64Array,
  before: Float64Array,
  patterns: readonly string[],
): string[] {
  return NAMES.flatMap((name, index) => {
    const growth = (now[index] as number) - (before[index] as number);
    if (growth === 0) return [];
    const line = `${name.padEnd(NAME_WIDTH)}${String(growth).padEnd(VALUE_WIDTH)}   0.0`;
    return patterns.every((pattern) => line.includes(pattern)) ? [line] : [];
  });
}
