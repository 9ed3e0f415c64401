/** What `sluice list` does. Loaded when it is called. */
import { formatTable } from '../../base/text-table.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { CATALOG } from '../../scenario/catalog/catalog.ts';
import { parseMatrix } from '../../scenario/matrix/matrix-file.ts';
import type { Parameters } from '../../scenario/parameters.ts';
import { QDISCS } from '../../scenario/qdisc-catalog.ts';
import type { ListOptions } from '../commands/list.ts';
import { readDocument } from '../scenario-files.ts';
import { standardMatrix, standardMatrixNames } from '../standard-matrices.ts';

interface Listed {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly default: unknown;
    readonly expected?: string;
    readonly description: string;
  }[];
}

interface Describable {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
}

export async function runList(options: ListOptions): Promise<void> {
  const scenarios = CATALOG.map(describe);
  const qdiscs = QDISCS.map(describe);
  const controllers = ControllerRegistry.withBuiltIns().entries.map(
    ({ name, description, parameters }): Listed => ({ name, description, parameters }),
  );
  const matrices = await Promise.all(standardMatrixNames().map(describeMatrix));
  if (options.json === true) {
    const all = { scenarios, controllers, qdiscs, matrices };
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  const parts = [
    'Scenarios',
    ...scenarios.map(formatListed),
    '',
    'Controllers',
    ...controllers.map(formatListed),
    '',
    'Queue disciplines (a `limit` like 1000packets, 64KiB or 1bdp goes with each)',
    ...qdiscs.map(formatListed),
    '',
    'Matrices',
    ...matrices.map(({ name, description }) => `  ${name}: ${description}`),
  ];
  process.stdout.write(`${parts.join('\n')}\n`);
}

async function describeMatrix(name: string): Promise<Pick<Listed, 'name' | 'description'>> {
  const { description } = parseMatrix(name, await readDocument(standardMatrix(name) ?? name));
  return { name, description };
}

/** What scenarios and queue disciplines have in common. */
function describe({ name, description, parameters }: Describable): Listed {
  const listed = Object.entries(parameters).map(([parameter, { parse: _, ...facts }]) => ({
    name: parameter,
    ...facts,
  }));
  return { name, description, parameters: listed };
}

function formatListed({ name, description, parameters }: Listed): string {
  const rows = parameters.map((parameter) => [
    `    ${parameter.name}`,
    String(parameter.default),
    parameter.description,
  ]);
  return `  ${name}: ${description}\n${formatTable(rows, 3)}`;
}
