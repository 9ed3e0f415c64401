/**
 * The scenario file: one schema for YAML, JSON and objects from code. It checks form and units and gives
 * a PathSpec with numbers; what only the whole path knows (a queue in BDP, the text of a trace) is
 * resolved in build.ts. Every error is one line: where in the file, what was expected, what was got.
 */
import { z } from 'zod';
import { NetError } from '../base/errors.ts';
import { CidrBlock } from '../base/ip-address.ts';
import type { Instant } from '../base/units.ts';
import {
  NETEM_EXPECTED,
  parseCorrupt,
  parseDelay,
  parseDuplicate,
  parseLoss,
  parseReorder,
} from './netem.ts';
import { QDISC_FORM } from './qdisc-spec.ts';
import { EXPECTED, parseBytes, parseDuration, parseFactor, parseRate } from './quantity.ts';
import { parseQueue } from './queue-spec.ts';

/**
 * A string field read by `parse`; `expected` completes "expected …, got …". A `parse` that throws NetError has
 * found out more and speaks for itself.
 */
export function field<T>(expected: string, parse: (text: string) => T | undefined) {
  return z
    .string({ error: `expected ${expected}` })
    .meta({ description: expected })
    .transform((text, context): T => {
      const issue = { code: 'custom', message: `expected ${expected}`, input: text } as const;
      try {
        const value = parse(text);
        if (value !== undefined) return value;
        context.issues.push(issue);
      } catch (error) {
        if (!(error instanceof NetError)) throw error;
        context.issues.push({ ...issue, message: error.message, params: { isWhole: true } });
      }
      return z.NEVER;
    })
    .meta({ description: expected });
}

const parsePositiveBytes = (text: string) => {
  const bytes = parseBytes(text);
  return bytes !== undefined && bytes > 0 ? bytes : undefined;
};

const parseRateOrUnlimited = (text: string) =>
  text.trim() === 'unlimited' ? Number.POSITIVE_INFINITY : parseRate(text);

const duration = field(EXPECTED.duration, parseDuration);
const instant = field(
  EXPECTED.duration,
  (text): Instant | undefined => parseDuration(text) as number,
);
const rate = field(`${EXPECTED.rate}, or unlimited`, parseRateOrUnlimited);

const change = z.strictObject({
  at: instant,
  rate: rate.optional(),
  delay: duration.optional(),
  up: z.boolean().optional(),
});

const schedule = z.strictObject({
  changes: z.array(change).min(1),
  every: duration.optional(),
});

const captureSide = z.enum(['in', 'out', 'both']);

/** Parsers of a link's fields that are written as one text, by field; the command's options use them too. */
export const linkFields = {
  rate,
  delay: field(NETEM_EXPECTED.delay, parseDelay),
  queue: field(EXPECTED.queue, parseQueue),
  qdisc: field(QDISC_FORM.expected, QDISC_FORM.parse),
  mtu: field(EXPECTED.bytes, parsePositiveBytes),
  overhead: field('bytes a frame like 24 B or -14 B', parseBytes),
  loss: field(NETEM_EXPECTED.loss, parseLoss),
  duplicate: field(NETEM_EXPECTED.duplicate, parseDuplicate),
  corrupt: field(NETEM_EXPECTED.corrupt, parseCorrupt),
  reorder: field(NETEM_EXPECTED.reorder, parseReorder),
  trace: z.string().meta({ description: 'file of a Mahimahi delivery trace' }),
} as const;

/** A field of a link that is written as one text. */
export type LinkField = keyof typeof linkFields;

/** A trace is the rate of its link. */
export const isEitherRateOrTrace = {
  check: ({ rate, trace }: { rate?: number | undefined; trace?: string | undefined }) =>
    rate === undefined || trace === undefined,
  error: { error: 'expected either rate or trace: a trace is the rate' },
} as const;

export const link = z
  .strictObject({
    name: z.string().min(1).optional(),
    rate: linkFields.rate.optional(),
    delay: linkFields.delay.optional(),
    queue: linkFields.queue.optional(),
    qdisc: linkFields.qdisc.optional(),
    mtu: linkFields.mtu.optional(),
    overhead: linkFields.overhead.optional(),
    loss: linkFields.loss.optional(),
    duplicate: linkFields.duplicate.optional(),
    corrupt: linkFields.corrupt.optional(),
    reorder: linkFields.reorder.optional(),
    trace: linkFields.trace.optional(),
    schedule: schedule.optional(),
    capture: captureSide.optional(),
  })
  .refine(isEitherRateOrTrace.check, isEitherRateOrTrace.error);

const links = z.union([link.transform((one) => [one]), z.array(link).min(1)]);

/** Of a path, for replays. */
export const scenario = z.strictObject({
  name: z.string().optional(),
  seed: z.int().min(0).optional(),
  wire: z.enum(['lazy', 'always']).optional(),
  path: z.strictObject({ toClient: links.optional(), toServer: links.optional() }),
  replay: z
    .strictObject({
      inside: z
        .array(
          field('an address block like 10.0.0.0/8', (text) => {
            try {
              return CidrBlock.parse(text);
            } catch {
              return undefined;
            }
          }),
        )
        .min(1)
        .optional(),
      speed: field(EXPECTED.factor, parseFactor).optional(),
      loop: z.int().min(1).optional(),
    })
    .optional(),
});

export type LinkSpec = z.output<typeof link>;
export type ScenarioSpec = z.output<typeof scenario>;
/** A scenario as it is written: texts with units. */
export type ScenarioInput = z.input<typeof scenario>;

/**
 * Checks a scenario.
 * @param source named in errors: the file, or the option it came from
 * @throws NetError with one line for the first thing that is wrong
 */
export function parseScenario(source: string, input: unknown): ScenarioSpec {
  const result = scenario.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw new NetError('ERR_SCENARIO', `${source}: ${describeIssue(result.error.issues)}`);
}

type Issue = z.core.$ZodIssue;

/** Its message says what was expected and what was got. */
export function speaksForItself(issue: Issue): boolean {
  return issue.code === 'custom' && issue.params?.['isWhole'] === true;
}

/** A branch that took the input itself and stumbled over a part of it; undefined when no branch is meant. */
function branchThatGotFurthest(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const branches = issue.errors as readonly (readonly Issue[])[];
  const isAboutAll = ([first]: readonly Issue[]) =>
    first?.path.length === 0 && (first.code === 'invalid_type' || first.code === 'invalid_value');
  return branches.find((branch) => !isAboutAll(branch)) ?? branches[0];
}

/** A union of kinds, and none that there is. */
function describeKind(
  where: string,
  { discriminator, input, message }: z.core.$ZodIssueInvalidUnion,
) {
  const kinds = message
    .replace(/^.*Expected /, '')
    .replaceAll("'", '')
    .replaceAll(' | ', ', ');
  const kind = (input as Readonly<Record<string, unknown>> | undefined)?.[discriminator ?? ''];
  return `${where}: expected one of ${kinds}, got ${showInput(kind)}`;
}

/** One line for the first issue of a schema; within a union, the branch that got furthest speaks. */
export function describeIssue(
  issues: readonly Issue[],
  prefix: readonly PropertyKey[] = [],
): string {
  const issue = issues[0] as Issue;
  const path = [...prefix, ...issue.path];
  const where = path.length === 0 ? 'scenario' : path.map(String).join('.');
  if (issue.code === 'invalid_union') {
    const branch = branchThatGotFurthest(issue);
    if (branch !== undefined) return describeIssue(branch, path);
    if (issue.discriminator !== undefined) return describeKind(where, issue);
  }
  if (issue.code === 'unrecognized_keys') {
    return `${where}: unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
  }
  if (speaksForItself(issue)) return `${where}: ${issue.message}`;
  const message = issue.message
    .replace(/^[A-Z][a-z ]+: (?=expected)/, '')
    .replace(/, received \w+$/, '');
  return `${where}: ${message}, got ${showInput(issue.input)}`;
}

function showInput(input: unknown): string {
  if (input === undefined) return 'nothing';
  const shown = stringify(input);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}

/** JSON of a value; a YAML alias can make it contain itself, which JSON has no form for. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'a value that contains itself';
  }
}
