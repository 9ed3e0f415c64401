/** What priority-based flow control did in a run, and whether it kept its promise: no loss, no deadlock. Cold. */

import { findCyclicDependency, findDeadlock } from '../stack/buffer-dependency.ts';
import type { ControlledLink, FlowControl } from '../stack/flow-control.ts';
import type { Host } from '../stack/host.ts';
import type { Topology } from '../stack/topology.ts';

const NS_PER_MS = 1e6;

/** One priority of a link into a lossless switch. */
export interface PausedPriority {
  readonly priority: number;
  /** Most that waited of what came by it, in the shared buffer and in its headroom, and in the headroom alone. */
  readonly peakBytes: number;
  readonly peakHeadroomBytes: number;
  /** Frames for which there was no headroom. */
  readonly lostPackets: number;
  /** How often, how long in all and at most without a break the sender was paused. */
  readonly pauses: number;
  readonly pausedMs: number;
  readonly longestPauseMs: number;
}

export interface ControlledLinkResult {
  readonly link: string;
  /** Of each priority. */
  readonly headroomBytes: number;
  /** Frames that the switch sent back: to pause, or to keep paused; and only to go on. */
  readonly pauseFrames: number;
  readonly resumeFrames: number;
  /** Those of which frames waited. */
  readonly priorities: readonly PausedPriority[];
}

export interface FlowControlResult {
  /** Frames of lossless priorities that found their headroom full: a promise that was broken. */
  readonly lostPackets: number;
  readonly pauseFrames: number;
  readonly resumeFrames: number;
  /** Memory that the switches keep free for it, all ingress ports and the priorities that they used. */
  readonly reservedBytes: number;
  /** Links of which something waited at the switch that they lead to. */
  readonly links: readonly ControlledLinkResult[];
  /** Links of a circle in which pauses can wait for each other; null when routes make none. */
  readonly cyclicDependency: readonly string[] | null;
  /** Links of a circle that had stopped for ever when the run ended. */
  readonly deadlock: readonly string[] | null;
}

/** Undefined for a network that has none. */
export function flowControlResult(
  topology: Topology | undefined,
  pairs: Iterable<readonly [Host, Host]>,
): FlowControlResult | undefined {
  if (topology === undefined || topology.flowControl.links.length === 0) return undefined;
  const { flowControl } = topology;
  const links = flowControl.links.flatMap((link) => linkResult(flowControl, link));
  const sum = (count: (link: ControlledLinkResult) => number) =>
    links.reduce((total, link) => total + count(link), 0);
  return {
    lostPackets: sum(({ priorities }) => priorities.reduce((n, each) => n + each.lostPackets, 0)),
    pauseFrames: sum(({ pauseFrames }) => pauseFrames),
    resumeFrames: sum(({ resumeFrames }) => resumeFrames),
    reservedBytes: sum(({ headroomBytes, priorities }) => headroomBytes * priorities.length),
    links,
    cyclicDependency: findCyclicDependency(topology, pairs) ?? null,
    deadlock: findDeadlock(topology) ?? null,
  };
}

/** None for a link that does not lead into a lossless switch, or of which nothing ever waited. */
function linkResult(flowControl: FlowControl, link: ControlledLink): ControlledLinkResult[] {
  const { end, port, ingress, to, config } = link;
  const counted = flowControl.bufferOf(to)?.ingresses[ingress];
  if (counted === undefined || end === undefined) return [];
  const times = port?.pauseTimes() ?? [];
  const priorities = counted.groups.flatMap((group, priority) => {
    if (group === undefined) return [];
    const {
      pauses = 0,
      pausedNs = 0,
      longestNs = 0,
    } = times.find((each) => each.priority === priority) ?? {};
    return [
      {
        priority,
        peakBytes: group.peakBytes,
        peakHeadroomBytes: group.peakHeadroomBytes,
        lostPackets: group.lostPackets,
        pauses,
        pausedMs: pausedNs / NS_PER_MS,
        longestPauseMs: longestNs / NS_PER_MS,
      },
    ];
  });
  if (priorities.length === 0) return [];
  const { pauseFrames, resumeFrames } = end;
  const { headroomBytes } = counted;
  return [{ link: config.name, headroomBytes, pauseFrames, resumeFrames, priorities }];
}
