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
    ...formatFlowControl(result),
    ...formatCompletion(result),
    ...formatUnderLoad(result),
    ...formatChecks(result),
    `Fairness  Jain ${jain} over ${countText(result.flows.length, 'flow')}`,
    `Run       ${simulatedSeconds.toFixed(3)} s of virtual time, ${engine.deliveredPackets} data packets, ${engine.events} events, fingerprint ${result.fingerprint}`,
    `Cost      ${cost.cpuSeconds.toFixed(2)} s of CPU, ${cost.packetsPerCpuSecond} packets a CPU second, ${bytesText(cost.peakRssBytes)} of memory`,
  ].join('\n');
}

const PAUSED_SHOWN = 8;

/** Links whose senders were paused longest. */
function formatFlowControl({ flowControl }: RunResult): string[] {
  if (flowControl === undefined) return [];
  const { links, pauseFrames, resumeFrames, reservedBytes } = flowControl;
  const rows = links.flatMap(({ link, headroomBytes, priorities }) =>
    priorities.map((each) => ({ link, headroomBytes, ...each })),
  );
  const shown = rows.sort((a, b) => b.pausedMs - a.pausedMs).slice(0, PAUSED_SHOWN);
  const more = rows.length - shown.length;
  return [
    formatTable([
      [
        'paused link',
        'priority',
        'pauses',
        'in all',
        'longest ms',
        'buffer peak',
        'headroom',
        'lost',
      ],
      ...shown.map((row) => [
        row.link,
        String(row.priority),
        String(row.pauses),
        ms(row.pausedMs),
        ms(row.longestPauseMs),
        bytesText(row.peakBytes),
        `${bytesText(row.peakHeadroomBytes)} of ${bytesText(row.headroomBytes)}`,
        String(row.lostPackets),
      ]),
    ]),
    ...(more > 0 ? [`… and ${countText(more, 'more link')} (--json has them all)`] : []),
    `Pauses    ${countText(pauseFrames, 'frame')} to pause, ${resumeFrames} to go on; ${bytesText(reservedBytes)} of headroom kept free`,
    '',
  ];
}

/** That frames balance, and whatever else the run is held to. */
function formatChecks({ conservation, checks }: RunResult): string[] {
  const { ports, arrivedPackets, duplicatedPackets, forwardedPackets, drops, insidePackets } =
    conservation;
  const dropped = Object.entries(drops).map(([name, count]) => `${name} ${count}`);
  const copies = duplicatedPackets > 0 ? ` + ${duplicatedPackets} duplicates` : '';
  return [
    `Frames    balance at ${countText(ports, 'port')}: ${arrivedPackets} came${copies} = ${forwardedPackets} forwarded + ${dropped.length === 0 ? '0' : dropped.join(' + ')} dropped + ${insidePackets} inside`,
    ...checks.map(
      ({ name, holds, detail }) => `Check     ${name} ${holds ? 'holds' : 'FAILED'}: ${detail}`,
    ),
  ];
}

function formatCompletion({ completion }: RunResult): string[] {
  if (completion === undefined) return [];
  const { completed, flows, firstMs, medianMs, p99Ms, lastMs, goodputMbps, timeouts } = completion;
  const rate = goodputMbps === null ? '' : `, ${goodputMbps.toPrecision(4)} Mbps`;
  return [
    `Done      ${completed} of ${countText(flows, 'flow')}: first ${ms(firstMs)}, median ${ms(medianMs)}, p99 ${ms(p99Ms)}, last ${ms(lastMs)} ms${rate}, ${countText(timeouts, 'timeout')}`,
  ];
}

/** Latency under load: round trips, pages, and the video's quality as a mark a second, best first. */
function formatUnderLoad({ underLoad }: RunResult): string[] {
  if (underLoad === undefined) return [];
  const { rtt, voiceLossRatio, page, video } = underLoad;
  const inflation = rtt.inflation === null ? '-' : `${rtt.inflation.toFixed(1)}x`;
  return [
    `Call      RTT median ${ms(rtt.idle.p50Ms)} ms before the load, ${ms(rtt.loaded.p50Ms)} ms under it (${inflation}), p95 ${ms(rtt.loaded.p95Ms)}, p99 ${ms(rtt.loaded.p99Ms)} ms; ${(voiceLossRatio * 100).toFixed(1)} % lost`,
    `Page      ${ms(page.idleMs)} ms before the load, ${ms(page.loadedMs)} ms under it`,
    ...(video.levels.length === 0
      ? []
      : [
          `Video     ${countText(video.downgrades, 'downgrade')}; a second each: ${describeLevels(video.levels)}`,
        ]),
    '',
  ];
}

/** `1080p x12, 720p x3, …` in the order of time. */
function describeLevels(levels: readonly string[]): string {
  const runs: { level: string; seconds: number }[] = [];
  for (const level of levels) {
    const last = runs.at(-1);
    if (last?.level === level) last.seconds++;
    else runs.push({ level, seconds: 1 });
  }
  return runs.map(({ level, seconds }) => `${level} x${seconds}`).join(', ');
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
