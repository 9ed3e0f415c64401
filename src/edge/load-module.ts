/**
 * Modules of the user, in JavaScript or TypeScript (by jiti, since Node 20 reads no types). One that loops for ever
 * while it loads would take the command with it, and nothing in its thread could end it: so each is loaded in a
 * thread of its own first, which is ended when it takes too long.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NetError } from '../base/errors.ts';

/** How the path of a module ends. */
export const MODULE_PATH = /\.[cm]?[jt]s$/;
const TYPESCRIPT = /\.[cm]?ts$/;
const LOAD_SECONDS_MAX = 10;

/** What the thread runs. A module that fails has loaded, too: the error is for those who load it to use it. */
const TRIAL = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { path, url, jitiUrl } = workerData;
  const load = async () =>
    jitiUrl === '' ? import(url) : (await import(jitiUrl)).createJiti(url, { fsCache: false }).import(path);
  const tell = () => parentPort.postMessage('loaded');
  load().then(tell, tell);
`;

/**
 * What the module exports by default; undefined when it does not.
 * @param path absolute
 * @param what as the user knows it, for the error
 * @param secondsMax time to load in
 * @throws NetError for a module that cannot be loaded
 */
export async function importDefault(
  path: string,
  what: string,
  code: NetError['code'],
  secondsMax = LOAD_SECONDS_MAX,
): Promise<unknown> {
  if (!(await doesLoad(path, secondsMax))) {
    throw new NetError(
      code,
      `${what}: expected a module that loads within ${secondsMax} s, got none`,
    );
  }
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

/** False when loading the module takes too long, or ends its thread. What it prints is left to the second time. */
async function doesLoad(path: string, secondsMax: number): Promise<boolean> {
  const isTypescript = TYPESCRIPT.test(path);
  const jiti = isTypescript ? createRequire(import.meta.url).resolve('jiti') : '';
  const workerData = {
    path,
    url: pathToFileURL(path).href,
    jitiUrl: isTypescript ? pathToFileURL(jiti).href : '',
  };
  const worker = new Worker(TRIAL, { eval: true, workerData, stdout: true, stderr: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), secondsMax * 1000);
      worker.once('message', () => resolve(true));
      worker.once('error', () => resolve(true));
      worker.once('exit', () => resolve(false));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
