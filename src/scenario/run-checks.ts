/**
 * What a run is held to beyond being run: each check can fail, and then the command ends with code 1. That no frame
 * is lost or made is no such check: a run that breaks it has no result (scenario/conservation). Cold.
 */
import type { Bytes } from '../base/units.ts';
import type { FlowControlResult } from './flow-control-result.ts';
import type { RunLinkResult } from './run-result.ts';

export interface RunCheck {
  readonly name: 'lossless' | 'deadlockFree' | 'boundedQueue';
  readonly holds: boolean;
  /** One line: what was found. */
  readonly detail: string;
}

/** @param queueBoundBytes what no queue of `links` may exceed at any instant */
export function checksOf(
  flowControl: FlowControlResult | undefined,
  links: readonly RunLinkResult[],
  queueBoundBytes: Bytes | undefined,
): RunCheck[] {
  return [...flowControlChecks(flowControl), ...boundChecks(links, queueBoundBytes)];
}

function boundChecks(links: readonly RunLinkResult[], bound: Bytes | undefined): RunCheck[] {
  if (bound === undefined) return [];
  const deepest = links.reduce((most, link) =>
    link.peakQueueBytes > most.peakQueueBytes ? link : most,
  );
  const { name, peakQueueBytes } = deepest;
  const detail = `the deepest queue, of ${name}, was ${peakQueueBytes} bytes of ${bound}`;
  return [{ name: 'boundedQueue', holds: peakQueueBytes <= bound, detail }];
}

function flowControlChecks(flowControl: FlowControlResult | undefined): RunCheck[] {
  if (flowControl === undefined) return [];
  const { lostPackets, links, deadlock, cyclicDependency } = flowControl;
  const worst = links
    .map(({ link, priorities }) => ({
      link,
      lost: priorities.reduce((sum, each) => sum + each.lostPackets, 0),
    }))
    .reduce((most, each) => (each.lost > most.lost ? each : most), { link: '', lost: 0 });
  const circle = (names: readonly string[]) => names.join(' → ');
  return [
    {
      name: 'lossless',
      holds: lostPackets === 0,
      detail:
        lostPackets === 0
          ? 'no frame of a lossless priority was dropped'
          : `${lostPackets} frames of lossless priorities found their headroom full, ${worst.lost} of them from ${worst.link}`,
    },
    {
      name: 'deadlockFree',
      holds: deadlock === null,
      detail:
        deadlock !== null
          ? `these links wait for each other for ever: ${circle(deadlock)}`
          : cyclicDependency !== null
            ? `none, but pauses can wait for each other in a circle: ${circle(cyclicDependency)}`
            : 'routes make no circle of pauses',
    },
  ];
}
