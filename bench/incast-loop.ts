/**
 * Incasts in this process, for what a run costs without starting Node and compiling: `node incast-loop.js SENDERS
 * SECONDS` repeats one for so much CPU time after as much of warm-up, and prints JSON: CPU seconds and delivered
 * packets from the instant at which all servers answer, as the ns-3 program counts them.
 */
import { NEVER } from '../src/base/units.ts';
import { ControllerRegistry } from '../src/recovery/cc/controllers.ts';
import { findScenario } from '../src/scenario/catalog/catalog.ts';
import { FlowRun } from '../src/scenario/flow-run.ts';
import { completeTexts } from '../src/scenario/parameters.ts';
import { incastTexts } from './incast-texts.ts';

const senders = Number(process.argv[2]);
const seconds = Number(process.argv[3]);

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

interface Round {
  readonly seconds: number;
  readonly packets: number;
  readonly completed: number;
}

function runOnce(): Round {
  const entry = findScenario('incast');
  const { plan } = entry.build(completeTexts(entry.parameters, incastTexts(senders)), {
    seed: 1,
    controllers: ControllerRegistry.withBuiltIns(),
    wireAlways: false,
    trace: undefined,
  });
  const run = new FlowRun(plan, false);
  // Connections are open when the first answer is due.
  plan.network.scheduler.runUntil(Math.min(...run.flows.map((flow) => flow.beganNs)) - 1);
  const from = cpuSeconds();
  run.run();
  return {
    seconds: cpuSeconds() - from,
    packets: plan.links[1]?.forwardedDataPackets ?? 0,
    completed: run.flows.filter((flow) => flow.completedNs < NEVER).length,
  };
}

/** Rounds for so much CPU time, one at least. */
function repeat(): Round[] {
  const end = cpuSeconds() + seconds;
  const rounds = [runOnce()];
  while (cpuSeconds() < end) rounds.push(runOnce());
  return rounds;
}

repeat();
const rounds = repeat();
const sum = (value: (round: Round) => number) =>
  rounds.reduce((total, round) => total + value(round), 0);
console.log(
  JSON.stringify({
    seconds: sum((round) => round.seconds) / rounds.length,
    packets: sum((round) => round.packets) / rounds.length,
    completed: rounds[0]?.completed,
  }),
);
