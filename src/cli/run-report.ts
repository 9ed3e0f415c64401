/** What `sluice run` prints: the scenario with its parameters, its flows, its links, and what it cost. */
import { formatBursts } from '../analysis/burst-facts.ts';
import { bytesText, countText, formatTable } from '../base/text-table.ts';
import type { ResultCost } from '../scenario/replay-result.ts';
import type { RunResult } from '../scenario/run-result.ts';

const FLOWS_SHOWN = 20;

export function formatRun(result: RunResult & { readonly cost: ResultCost }): string {
  const { simulatedSeconds, engine, cost, fairness } = result;
  const parameters = Object.entries(result.parameters).map(([name, text]) => `${name}=${text}`);
  const jain = fairness.jain === null ? '-' : fairness.jain.toFixed(3);
  return [
    `Scenario  ${result.scenario}, seed ${result.seed}: ${parameters.join(' ')}`,
    `Hosts     take 0 to ${ms(result.processingDelayMs)} ms over a packet`,
    '',
    formatFlows(result),
    '',
    formatLinks(result),
    '',
    ...(result.bursts === undefined ? [] : [formatBursts(result.bursts), '']),
    ...formatCompletion(result),
    `Fairness  Jain ${jain} over ${countText(result.flows.length, 'flow')}`,
    `Run       ${simulatedSeconds.toFixed(3)} s of virtual time, ${engine.deliveredPackets} data packets, ${engine.events} events, fingerprint ${result.fingerprint}`,
    `Cost      ${cost.cpuSeconds.toFixed(2)} s of CPU, ${cost.packetsPerCpuSecond} packets a CPU second, ${bytesText(cost.peakRssBytes)} of memory`,
  ].join('\n');
}

function formatCompletion({ completion }: RunResult): string[] {
  if (completion === undefined) return [];
  const { completed, flows, firstMs, medianMs, p99Ms, lastMs, goodputMbps, timeouts } = completion;
  const rate = goodputMbps === null ? '' : `, ${goodputMbps.toPrecision(4)} Mbps`;
  return [
    `Done      ${completed} of ${countText(flows, 'flow')}: first ${ms(firstMs)}, median ${ms(medianMs)}, p99 ${ms(p99Ms)}, last ${ms(lastMs)} ms${rate}, ${countText(timeouts, 'timeout')}`,
  ];
}

function formatFlows({ flows }: RunResult): string {
  const table = formatTable(
    [
      [
        'flow',
        'cc',
        'start s',
        'Mbps',
        'delivered',
        'retrans',
        'RTOs',
        'RTT min',
        'mean',
        'p99 ms',
        'cwnd max',
        'FCT s',
      ],
      ...flows
        .slice(0, FLOWS_SHOWN)
        .map((flow) => [
          flow.name,
          flow.cc,
          flow.startSeconds.toFixed(1),
          flow.goodputMbps.toPrecision(4),
          bytesText(flow.deliveredBytes),
          String(flow.retransmits),
          String(flow.timeouts),
          ms(flow.minRttMs),
          ms(flow.meanRttMs),
          ms(flow.p99RttMs),
          bytesText(flow.maxCwndBytes),
          flow.fctSeconds === null ? '-' : flow.fctSeconds.toPrecision(3),
        ]),
    ],
    2,
  );
  const more = flows.length - FLOWS_SHOWN;
  return more > 0 ? `${table}\n… and ${countText(more, 'more flow')} (--json has them all)` : table;
}

function formatLinks({ links }: RunResult): string {
  return formatTable([
    [
      'link',
      'forwarded',
      'queue drops',
      'CE marks',
      'losses',
      'queue peak',
      'wait mean',
      'p99 ms',
      'busy',
    ],
    ...links.map((link) => [
      link.name,
      String(link.forwardedPackets),
      String(link.queueDrops),
      String(link.ceMarks),
      String(link.randomLosses),
      bytesText(link.peakQueueBytes),
      ms(link.meanQueueDelayMs),
      ms(link.p99QueueDelayMs),
      `${(link.utilisation * 100).toFixed(1)} %`,
    ]),
  ]);
}

function ms(value: number | null): string {
  if (value === null) return '-';
  return value === 0 ? '0' : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
