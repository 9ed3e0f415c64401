/** Modules of the user, in JavaScript or TypeScript (by jiti, since Node 20 reads no types). */
import { pathToFileURL } from 'node:url';
import { NetError } from '../base/errors.ts';

/** How the path of a module ends. */
export const MODULE_PATH = /\.[cm]?[jt]s$/;
const TYPESCRIPT = /\.[cm]?ts$/;

/**
 * What the module exports by default; undefined when it does not.
 * @param path absolute
 * @param what as the user knows it, for the error
 * @throws NetError for a module that cannot be loaded
 */
export async function importDefault(
  path: string,
  what: string,
  code: NetError['code'],
): Promise<unknown> {
  try {
    return ((await importModule(path)) as { readonly default?: unknown }).default;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new NetError(code, `${what}: expected a module that loads, got ${reason}`);
  }
}

async function importModule(path: string): Promise<unknown> {
  if (!TYPESCRIPT.test(path)) return await import(pathToFileURL(path).href);
  const { createJiti } = await import('jiti');
  return await createJiti(import.meta.url, { fsCache: false }).import(path);
}
