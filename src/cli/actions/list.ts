/** What `sluice list` does. Loaded when it is called. */
import { formatTable } from '../../base/text-table.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { CATALOG } from '../../scenario/catalog/catalog.ts';
import { parseMatrix } from '../../scenario/matrix/matrix-file.ts';
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

export async function runList(options: ListOptions): Promise<void> {
  const scenarios = CATALOG.map(
    ({ name, description, parameters }): Listed => ({
      name,
      description,
      parameters: Object.entries(parameters).map(([parameter, { parse: _, ...facts }]) => ({
        name: parameter,
        ...facts,
      })),
    }),
  );
  const controllers = ControllerRegistry.withBuiltIns().entries.map(
    ({ name, description, parameters }): Listed => ({ name, description, parameters }),
  );
  const matrices = await Promise.all(standardMatrixNames().map(describeMatrix));
  if (options.json === true) {
    const all = { scenarios, controllers, matrices };
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
    'Matrices',
    ...matrices.map(({ name, description }) => `  ${name}: ${description}`),
  ];
  process.stdout.write(`${parts.join('\n')}\n`);
}

async function describeMatrix(name: string): Promise<Pick<Listed, 'name' | 'description'>> {
  const { description } = parseMatrix(name, await readDocument(standardMatrix(name) ?? name));
  return { name, description };
}

function formatListed({ name, description, parameters }: Listed): string {
  const rows = parameters.map((parameter) => [
    `    ${parameter.name}`,
    String(parameter.default),
    parameter.description,
  ]);
  return `  ${name}: ${description}\n${formatTable(rows, 3)}`;
}
