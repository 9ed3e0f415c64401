/**
 * A dumbbell in this process, for what looks at V8 from outside: `node transfer.js SECONDS [RTT LOSS]` runs it and
 * prints how many milliseconds had gone when a third of it was done, and when all was. Then it ends at once: what V8
 * throws away with the objects of a run that is over is not part of it. 16 CUBIC flows at 1 Gbit/s; 20 ms and no loss
 * but of the full queue, when no more is said.
 */
import { performance } from 'node:perf_hooks';
import { runCatalogScenario } from '../src/scenario/run-catalog.ts';

const [seconds = '12', rtt = '20 ms', loss = '0 %'] = process.argv.slice(2);
let warmMs = 0;
runCatalogScenario(
  'dumbbell',
  { rate: '1 Gbps', rtt, loss, flows: '16', stagger: '137 us', duration: `${seconds} s` },
  {
    onProgress: (nowNs, endNs) => {
      if (warmMs === 0 && nowNs > endNs / 3) warmMs = performance.now();
      if (nowNs < endNs) return;
      console.log(`${warmMs} ${performance.now()}`);
      process.exit();
    },
  },
);
