/**
 * Congestion controllers of the user's own, by the path of a module: `cc=./mine.js`. Its default export is a factory
 * (a function from CongestionContext to a CongestionController) or an entry with parameters, as the registry holds
 * them. What it makes is watched (recovery/cc/guarded-controller), since it is not ours.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { NetError } from '../base/errors.ts';
import type { ControllerEntry, ControllerRegistry } from '../recovery/cc/controllers.ts';
import { guardedFactory } from '../recovery/cc/guarded-controller.ts';
import type { CongestionControllerFactory } from '../recovery/congestion.ts';
import { importDefault, MODULE_PATH } from './load-module.ts';

/** Whether a controller's name is the path of a module. */
export function isControllerPath(name: string): boolean {
  return MODULE_PATH.test(name) || name.startsWith('./') || name.startsWith('../');
}

/**
 * Adds the controllers of those names that are paths, each under its path, once.
 * @param folder where relative paths begin
 * @throws NetError for a module that cannot be loaded or exports no controller
 */
export async function loadControllers(
  registry: ControllerRegistry,
  names: readonly string[],
  folder: string,
): Promise<void> {
  for (const name of new Set(names)) {
    const isKnown = registry.entries.some((entry) => entry.name === name);
    if (isControllerPath(name) && !isKnown) registry.add(await loadController(name, folder));
  }
}

/** What a module is now, to tell whether a result of an earlier time is still its own. Empty for built-in ones. */
export function controllerVersion(name: string, folder: string): string {
  if (!isControllerPath(name)) return '';
  return createHash('sha256')
    .update(readFileSync(resolve(folder, name)))
    .digest('hex')
    .slice(0, 16);
}

async function loadController(name: string, folder: string): Promise<ControllerEntry> {
  const path = resolve(folder, name);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw NetError.value(`controller ${name}`, 'the path of a module', 'no such file');
  }
  return toEntry(name, await importDefault(path, `controller ${name}`, 'ERR_CONTROLLER'));
}

function toEntry(name: string, exported: unknown): ControllerEntry {
  if (typeof exported === 'function') {
    const factory = guardedFactory(name, exported as CongestionControllerFactory);
    return { name, description: 'a module of the user', parameters: [], create: () => factory };
  }
  if (typeof exported === 'object' && exported !== null && 'create' in exported) {
    const entry = exported as Partial<ControllerEntry>;
    const { create, parameters = [], description = 'a module of the user' } = entry;
    if (typeof create === 'function' && Array.isArray(parameters)) {
      return {
        name,
        description,
        parameters,
        create: (values) => guardedFactory(name, create(values)),
      };
    }
  }
  throw NetError.value(
    `controller ${name}`,
    'a default export that is a factory, or an entry with create',
    exported === undefined ? 'no default export' : typeof exported,
  );
}
