/**
 * For `node --import`: writes at the exit of the process how many nanoseconds its main thread has run and how many all
 * others have, the compiler's above all, as two numbers on standard error. Linux only; elsewhere it writes nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const TASKS = '/proc/self/task';

/** The first field of a thread's schedstat: time on a processor. */
function runNs(thread: string): number {
  return Number(readFileSync(`${TASKS}/${thread}/schedstat`, 'utf8').split(' ')[0]);
}

process.on('exit', () => {
  if (!existsSync(TASKS)) return;
  const main = String(process.pid);
  const others = readdirSync(TASKS).filter((thread) => thread !== main);
  const othersNs = others.reduce((sum, thread) => sum + runNs(thread), 0);
  process.stderr.write(`${runNs(main)} ${othersNs}\n`);
});
