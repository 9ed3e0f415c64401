/**
 * What `sluice run` runs: a scenario of the catalogue by its name, or one of a file, with the controllers that settings
 * name.
 */
import { loadControllers } from '../edge/load-controller.ts';
import { ControllerRegistry } from '../recovery/cc/controllers.ts';
import { type RunOutcome, type RunSettings, runCatalogScenario } from '../scenario/run-catalog.ts';
import type { Settings } from '../scenario/settings.ts';

export type ScenarioRunner = (settings: RunSettings) => RunOutcome;

const FILE = /[/\\]|\.(?:ya?ml|json|[cm]?[jt]s)$/;
const CC_SETTING = /(?:^|\.)cc$/;

/** Throws NetError for a mistake in a file or in a setting that changes it. */
export async function loadRunner(name: string, parameters: Settings): Promise<ScenarioRunner> {
  const controllers = ControllerRegistry.withBuiltIns();
  const set = Object.entries(parameters).filter(([path]) => CC_SETTING.test(path));
  await loadControllers(
    controllers,
    set.flatMap(([, text]) => namesIn(text)),
    '.',
  );
  if (!FILE.test(name)) {
    return (settings) => runCatalogScenario(name, parameters, { ...settings, controllers });
  }
  const { loadFileRunner } = await import('./run-files.ts');
  const run = await loadFileRunner(name, parameters, controllers);
  return (settings) => run({ ...settings, controllers });
}

const namesIn = (text: string): string[] => text.split(',').map((name) => name.trim());
