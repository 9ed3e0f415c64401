/** What `sluice list` does. Loaded when it is called. */
import { formatTable } from '../../base/text-table.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { CATALOG } from '../../scenario/catalog/catalog.ts';
import type { ListOptions } from '../commands/list.ts';

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

export function runList(options: ListOptions): void {
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
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ scenarios, controllers }, undefined, 2)}\n`);
    return;
  }
  const parts = [
    'Scenarios',
    ...scenarios.map(formatListed),
    '',
    'Controllers',
    ...controllers.map(formatListed),
  ];
  process.stdout.write(`${parts.join('\n')}\n`);
}

function formatListed({ name, description, parameters }: Listed): string {
  const rows = parameters.map((parameter) => [
    `    ${parameter.name}`,
    String(parameter.default),
    parameter.description,
  ]);
  return `  ${name}: ${description}\n${formatTable(rows, 3)}`;
}
