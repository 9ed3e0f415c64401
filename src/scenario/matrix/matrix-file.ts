/**
 * The file of a matrix: controllers × paths × loads × seeds of one scenario of the catalogue. Paths and
 * loads are sets of the scenario's parameters, written as in `sluice run --set`; what they hold is checked
 * before anything runs, so that a mistake costs no time.
 */
import { z } from 'zod';
import { NetError } from '../../base/errors.ts';
import { findScenario } from '../catalog/catalog.ts';
import { completeTexts, type ParameterTexts } from '../parameters.ts';
import { EXPECTED, parseDuration } from '../quantity.ts';
import { describeIssue } from '../schema.ts';

const parameterText = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const parameterSets = z
  .record(z.string().min(1), z.record(z.string(), parameterText))
  .refine((sets) => Object.keys(sets).length > 0, { error: 'expected at least one' });

const controllers = z.union([
  z.array(z.string().min(1)).min(1),
  // A name for a mixture: { name: 'cubic against bbr', cc: 'cubic,bbr' }.
  z.array(z.strictObject({ name: z.string().min(1), cc: z.string().min(1) })).min(1),
]);

const matrix = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  /** A name of the catalogue. */
  scenario: z.string().default('dumbbell'),
  controllers,
  paths: parameterSets,
  loads: parameterSets,
  /** 5: seeds 1 to 5; or a list. */
  seeds: z.union([z.int().min(1).max(10_000), z.array(z.int().min(0)).min(1)]).default(5),
  /** At the start of each run, not measured. */
  warmup: z.string().default('2 s'),
  /** The controller that others are compared with; the first one when absent. */
  baseline: z.string().optional(),
  /** The path that goodput on the others is set against: one without what they suffer. */
  reference: z.string().optional(),
});

/** A matrix as it is written. */
export type MatrixInput = z.input<typeof matrix>;

export interface MatrixSpec {
  readonly name: string;
  readonly description: string;
  readonly scenario: string;
  readonly controllers: readonly { readonly name: string; readonly cc: string }[];
  readonly paths: Readonly<Record<string, ParameterTexts>>;
  readonly loads: Readonly<Record<string, ParameterTexts>>;
  readonly seeds: readonly number[];
  readonly warmupNs: number;
  readonly baseline: string;
  readonly reference?: string;
}

/**
 * Checks a matrix.
 * @param source named in errors: the file
 * @throws NetError with one line for the first thing that is wrong
 */
export function parseMatrix(source: string, input: unknown): MatrixSpec {
  const checked = matrix.safeParse(input, { reportInput: true });
  if (!checked.success) {
    throw new NetError('ERR_MATRIX', `${source}: ${describeIssue(checked.error.issues)}`);
  }
  const { data } = checked;
  const named = data.controllers.map((entry) =>
    typeof entry === 'string' ? { name: entry, cc: entry } : entry,
  );
  const warmupNs = parseDuration(data.warmup);
  if (warmupNs === undefined) throw mistake(source, 'warmup', EXPECTED.duration, data.warmup);
  const names = named.map(({ name }) => name);
  const baseline = data.baseline ?? (names[0] as string);
  if (!names.includes(baseline)) {
    throw mistake(source, 'baseline', `one of ${names.join(', ')}`, baseline);
  }
  const pathNames = Object.keys(data.paths);
  if (data.reference !== undefined && !pathNames.includes(data.reference)) {
    throw mistake(source, 'reference', `one of ${pathNames.join(', ')}`, data.reference);
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw mistake(source, 'controllers', 'each name once', twice);
  const spec: MatrixSpec = {
    name: data.name,
    description: data.description ?? '',
    scenario: data.scenario,
    controllers: named,
    paths: data.paths,
    loads: data.loads,
    seeds: typeof data.seeds === 'number' ? countUp(data.seeds) : data.seeds,
    warmupNs,
    baseline,
    ...(data.reference !== undefined && { reference: data.reference }),
  };
  checkParameters(source, spec);
  return spec;
}

const countUp = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

function mistake(source: string, where: string, expected: string, got: string): NetError {
  return new NetError(
    'ERR_MATRIX',
    `${source}: ${where}: expected ${expected}, got ${JSON.stringify(got)}`,
  );
}

/** Every text of every path and load is one of the scenario's and can be read. */
function checkParameters(source: string, spec: MatrixSpec): void {
  const { parameters } = findScenario(spec.scenario);
  for (const [kind, sets] of Object.entries({ paths: spec.paths, loads: spec.loads })) {
    for (const [name, texts] of Object.entries(sets)) {
      try {
        const complete = completeTexts(parameters, texts);
        for (const given of Object.keys(texts)) {
          const parameter = parameters[given];
          const text = complete[given] as string;
          if (parameter?.parse(text) === undefined) {
            throw NetError.value(given, parameter?.expected ?? 'a parameter', text);
          }
        }
      } catch (error) {
        if (!(error instanceof NetError)) throw error;
        throw new NetError('ERR_MATRIX', `${source}: ${kind}.${name}: ${error.message}`);
      }
    }
  }
}
