/**
 * Dumbbells in this process, for what a run costs without starting Node and compiling: `node dumbbell-loop.js INDEX`
 * runs one of dumbbell-texts as a warm-up and then once more, and prints JSON: CPU seconds, packets that the
 * bottleneck forwarded, and events of the second.
 */
import { runCatalogScenario } from '../src/scenario/run-catalog.ts';
import { DUMBBELLS, type DumbbellPath, dumbbellTexts } from './dumbbell-texts.ts';

const texts = dumbbellTexts(DUMBBELLS[Number(process.argv[2])] as DumbbellPath);
runCatalogScenario('dumbbell', texts, {});
const from = process.cpuUsage();
const { result } = runCatalogScenario('dumbbell', texts, {});
const { user, system } = process.cpuUsage(from);
const { deliveredPackets: packets, events } = result.engine;
console.log(JSON.stringify({ seconds: (user + system) / 1e6, packets, events }));
