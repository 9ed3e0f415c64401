/**
 * A dumbbell in this process, for what looks at V8 from outside: `node transfer.js SECONDS` runs it and
 * prints, when a third of it is done, how many milliseconds that took. 16 CUBIC flows at 1 Gbit/s, 20 ms.
 */
import { performance } from 'node:perf_hooks';
import { runScenario } from '../src/scenario/run-scenario.ts';

const seconds = Number(process.argv[2] ?? 12);
let warmMs = 0;
runScenario({
  scenario: 'dumbbell',
  parameters: {
    rate: '1 Gbps',
    rtt: '20 ms',
    flows: '16',
    stagger: '137 us',
    duration: `${seconds} s`,
  },
  onProgress: (nowNs, endNs) => {
    if (warmMs === 0 && nowNs > endNs / 3) warmMs = performance.now();
  },
});
console.log(warmMs);
