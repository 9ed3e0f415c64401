/**
 * A queue discipline as a scenario writes it, beside the limit in `queue` or with its own:
 * `fq_codel limit 1000 packets noecn`.
 */
import { NetError } from '../base/errors.ts';
import type { QueueDiscipline, QueueEnvironment } from '../qdisc/queue-discipline.ts';
import { QDISCS } from './qdisc-catalog.ts';
import { readWords } from './qdisc-entry.ts';
import { EXPECTED } from './quantity.ts';
import { parseQueue, type QueueSpec } from './queue-spec.ts';

export interface QdiscSpec {
  /** As `tc` would show it. */
  readonly name: string;
  /** Its own limit; undefined to take the link's `queue`. */
  readonly limit: QueueSpec | undefined;
  /** What it holds when nobody says anything. */
  readonly defaultLimit: QueueSpec;
  /** Undefined for drop-tail, which links have by themselves. */
  readonly create: ((environment: QueueEnvironment) => QueueDiscipline) | undefined;
}

const EXPECTED_QDISC = `a queue discipline like fq_codel, or codel target 5ms interval 100ms ecn (${QDISCS.map(
  ({ name }) => name,
).join(', ')})`;

/** Undefined for a text that names no discipline. Throws NetError for a mistake in its parameters. */
export function parseQdisc(text: string): QdiscSpec | undefined {
  const [name = '', ...words] = text.trim().split(/\s+/);
  const entry = QDISCS.find((known) => known.name === name.toLowerCase().replaceAll('-', '_'));
  if (entry === undefined) return undefined;
  const { limit, rest } = takeLimit(entry.name, words);
  const texts = readWords(`qdisc ${entry.name}`, entry.parameters, rest);
  const isDropTail = entry.name === 'fifo' && texts['drop'] === 'tail';
  return {
    name: entry.name,
    limit,
    defaultLimit: { packets: entry.limitPackets },
    create: isDropTail ? undefined : entry.prepare(texts),
  };
}

/** For parameters and fields. */
export const QDISC_FORM = { expected: EXPECTED_QDISC, parse: parseQdisc };

/** `limit VALUE` anywhere, its value of one word or two. */
function takeLimit(
  name: string,
  words: readonly string[],
): { limit: QueueSpec | undefined; rest: readonly string[] } {
  const at = words.indexOf('limit');
  if (at < 0) return { limit: undefined, rest: words };
  for (const count of [2, 1]) {
    const limit = parseQueue(words.slice(at + 1, at + 1 + count).join(' '));
    if (limit !== undefined) return { limit, rest: words.toSpliced(at, count + 1) };
  }
  throw NetError.value(`qdisc ${name}: limit`, EXPECTED.queue, words[at + 1] ?? 'nothing');
}
