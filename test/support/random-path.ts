/** Paths of any shape, as a user could write them in a scenario, and how they are run. */
import type { ScenarioInput } from '../../src/scenario/schema.ts';
import type { Chance } from './chance.ts';

type Path = ScenarioInput['path'];
type LinkInput = Extract<NonNullable<Path['toClient']>, { name?: unknown }>;

/** Delivery traces that the links of randomPath may name. */
export const TRACES: ReadonlyMap<string, string> = new Map([
  ['steady', '1\n2\n3\n4\n5\n'],
  ['bursts', '0\n0\n0\n0\n100\n100\n100\n'],
  ['sparse', '3000\n'],
  ['holes', '1\n1\n1\n700\n701\n9000\n'],
]);

const DISTRIBUTIONS = ['uniform', 'normal', 'pareto', 'paretonormal'];
const CAPTURES = ['in', 'out', 'both'] as const;

export function randomPath(chance: Chance): Path {
  const path: { toClient?: LinkInput[]; toServer?: LinkInput[] } = {};
  for (const direction of ['toClient', 'toServer'] as const) {
    const count = chance.below(4);
    if (count > 0) path[direction] = Array.from({ length: count }, () => randomLink(chance));
  }
  return path;
}

const percent = (chance: Chance) => `${chance.pick([0, 1, 10, 50, 100, chance.below(101)])} %`;
const share = (chance: Chance) =>
  chance.once(3) ? `${percent(chance)} ${chance.below(100)} %` : percent(chance);

function randomLink(chance: Chance): LinkInput {
  const link: Record<string, unknown> = {};
  const some = (times: number) => chance.once(times);
  if (some(5)) link['trace'] = chance.pick([...TRACES.keys()]);
  else if (some(2)) link['rate'] = randomRate(chance);
  if (some(2)) link['delay'] = randomDelay(chance);
  if (some(2)) {
    link['queue'] = chance.pick([`${1 + chance.scaled(6)} B`, `${1 + chance.scaled(3)} packets`]);
  }
  if (some(6))
    link['mtu'] = `${chance.pick([1, 68, 576, 1280, 1500, 9000, 65535, 1 + chance.below(2000)])} B`;
  if (some(6)) link['overhead'] = `${chance.below(200) - 60} B`;
  if (some(4)) link['loss'] = randomLoss(chance);
  if (some(5)) link['duplicate'] = share(chance);
  if (some(4))
    link['corrupt'] = `${share(chance)} bits ${chance.once(20) ? 256 : 1 + chance.scaled(2)}`;
  if (some(5)) {
    link['reorder'] = `${share(chance)} gap ${1 + chance.below(6)}`;
    link['delay'] ??= '1 ns';
    if (/^0 \S+( 0 |$)/.test(String(link['delay']))) link['delay'] = '1 us';
  }
  if (some(5)) link['schedule'] = randomSchedule(chance, link['trace'] !== undefined);
  if (some(4)) link['capture'] = chance.pick(CAPTURES);
  return link as LinkInput;
}

const randomRate = (chance: Chance) =>
  `${1 + chance.scaled(4)} ${chance.pick(['kbps', 'Mbps', 'Gbps'])}`;

function randomDelay(chance: Chance): string {
  const time = () => `${chance.scaled(4)} ${chance.pick(['ns', 'us', 'ms'])}`;
  if (chance.once(2)) return time();
  const correlation = chance.once(2) ? ` ${chance.below(100)} %` : '';
  const distribution = chance.once(2) ? ` distribution ${chance.pick(DISTRIBUTIONS)}` : '';
  return `${time()} ${time()}${correlation}${distribution}`;
}

function randomLoss(chance: Chance): string {
  const half = () => `${chance.below(51)} %`;
  return chance.pick([
    share(chance),
    `gemodel ${percent(chance)} ${percent(chance)} ${percent(chance)} ${percent(chance)}`,
    `state ${half()} ${half()} ${half()} ${half()} ${half()}`,
  ]);
}

function randomSchedule(chance: Chance, hasTrace: boolean): unknown {
  let at = 0;
  const changes = Array.from({ length: 1 + chance.below(4) }, () => {
    at += chance.below(2000);
    return {
      at: `${at} ms`,
      ...(!hasTrace && chance.once(2) && { rate: randomRate(chance) }),
      ...(chance.once(3) && { delay: `${chance.scaled(3)} ms` }),
      ...(chance.once(3) && { up: chance.once(2) }),
    };
  });
  return chance.once(2) ? { changes } : { changes, every: `${at + 1 + chance.below(5000)} ms` };
}
