/**
 * The readable answer of `sluice replay`: what was read, what the path is, what it did to each direction
 * and to the largest flows, and a verdict of one sentence.
 */
import { bytesText, countText, formatTable } from '../base/text-table.ts';
import type {
  DropCounts,
  FlowDirectionResult,
  LinkResult,
  QueueSeries,
  ReplayResult,
} from '../scenario/replay-result.ts';

const FLOWS_SHOWN = 12;

/** Marks of rising height, and how many stand for the whole run. */
const HEIGHTS = '▁▂▃▄▅▆▇█';
const QUEUE_MARKS = 60;

/** The report of a replay, several lines. */
export function formatReplay(result: ReplayResult, queues: readonly QueueSeries[]): string {
  const parts = [
    ...describeInput(result),
    describeSides(result),
    '',
    formatDirections(result),
    '',
    ...(result.links.length > 0 ? [formatLinks(result.links), ...formatQueues(queues), ''] : []),
    formatFlows(result),
    '',
    verdict(result),
  ];
  return parts.join('\n');
}

function describeInput({ input, simulatedSeconds }: ReplayResult): string[] {
  const lines = input.files.map(({ name, packets, ending, reason }) => {
    const why = reason === '' ? '' : `: ${reason}`;
    const end = ending === 'complete' ? '' : `; ${ending}${why}`;
    return `Read      ${name}: ${countText(packets, 'packet')}${end}`;
  });
  lines.push(
    `Replayed  ${countText(input.enteredFrames, 'frame')} in ${simulatedSeconds.toFixed(3)} s of virtual time, from ${input.firstTimestamp}`,
  );
  const notes = [
    note(input.superSegments, 'super-segment', `split into ${input.pieces} pieces`),
    note(input.oversized, 'packet', 'longer than the MTU and not TCP, sent whole'),
    note(input.copies, 'copy', 'of a packet seen at another interface, left out', 'copies'),
    note(input.earlierStamps, 'stamp', 'earlier than the one before, entered at its time'),
    note(input.farStamps, 'stamp', 'over 100 days from the one before, taken as equal'),
    note(input.notCrossing, 'packet', 'with both ends on one side, left out'),
    note(input.skippedPackets, 'packet', 'before the cut, left out'),
    note(input.truncatedPackets, 'packet', 'truncated by the snap length'),
    note(input.malformed, 'packet', 'with headers that cannot be read'),
    note(input.unsupportedLinkType, 'packet', 'of a link type that is not read, left out'),
  ].filter((text) => text !== undefined);
  return notes.length === 0 ? lines : [...lines, `Noted     ${notes.join('; ')}`];
}

const GROUNDS: Readonly<Record<string, string>> = {
  inside: 'its address lies inside',
  syn: 'it sent the SYN',
  'syn-ack': 'it was sent the SYN-ACK',
  port: 'the server has the lower port',
  first: 'it sent first',
};

function describeSides({ sides }: ReplayResult): string {
  const grounds = Object.entries(sides.grounds).map(
    ([ground, flows]) => `${countText(flows, 'flow')} because ${GROUNDS[ground] ?? ground}`,
  );
  const inside = sides.inside.length > 0 ? ` (inside: ${sides.inside.join(', ')})` : '';
  return `Clients   told by: ${grounds.join('; ') || 'no flow'}${inside}`;
}

function formatDirections({ total }: ReplayResult): string {
  const row = (name: string, tell: (direction: FlowDirectionResult) => string) => [
    name,
    tell(total.toClient),
    tell(total.toServer),
  ];
  return formatTable([
    ['', 'to client', 'to server'],
    row('entered', (d) => `${d.packets} frames, ${bytesText(d.bytes)}`),
    row('delivered', (d) => `${d.deliveredPackets} frames, ${bytesText(d.deliveredBytes)}`),
    row('dropped', (d) => describeDrops(d)),
    row('duplicated / corrupted', (d) => `${d.duplicates} / ${d.corruptedPackets}`),
    row('reordered (RFC 4737)', (d) => describeReordering(d)),
    row('added delay p50 / p95', (d) => `${ms(d.p50AddedDelayMs)} / ${ms(d.p95AddedDelayMs)}`),
    row('added delay p99 / max', (d) => `${ms(d.p99AddedDelayMs)} / ${ms(d.maxAddedDelayMs)}`),
    row('rate captured', (d) => mbps(d.capturedMbps)),
    row('rate delivered', (d) => mbps(d.deliveredMbps)),
  ]);
}

function formatLinks(links: readonly LinkResult[]): string {
  return formatTable([
    [
      'link',
      'forwarded',
      'dropped',
      'CE marks',
      'queue peak',
      'mean',
      'wait mean',
      'wait p99',
      'busy',
    ],
    ...links.map((link) => [
      link.name,
      String(link.forwardedPackets),
      String(sumDrops(link.drops)),
      String(link.ceMarks),
      bytesText(link.peakQueueBytes),
      bytesText(Math.round(link.meanQueueBytes)),
      ms(link.meanQueueDelayMs),
      ms(link.p99QueueDelayMs),
      link.utilisation === null ? '-' : percent(link.utilisation),
    ]),
  ]);
}

/** The deepest backlog of each stretch of the run, for links whose queue was in use. */
function formatQueues(queues: readonly QueueSeries[]): string[] {
  const used = queues.filter(({ maxQueueBytes }) => maxQueueBytes.some((bytes) => bytes > 0));
  const width = Math.max(...used.map(({ link }) => link.length));
  return used.map(({ link, maxQueueBytes, binSeconds }) => {
    const peak = maxQueueBytes.reduce((a, b) => Math.max(a, b), 0);
    const stretch = Math.ceil(maxQueueBytes.length / QUEUE_MARKS);
    let marks = '';
    for (let from = 0; from < maxQueueBytes.length; from += stretch) {
      const deepest = Math.max(...maxQueueBytes.slice(from, from + stretch));
      marks += deepest === 0 ? ' ' : HEIGHTS[Math.ceil((deepest / peak) * HEIGHTS.length) - 1];
    }
    const seconds = (stretch * binSeconds).toPrecision(2);
    return `queue of ${link.padEnd(width)} |${marks}| peak ${bytesText(peak)}, ${seconds} s a mark`;
  });
}

/** The flows with most bytes; a flow's two directions are one line, `to client / to server`. */
function formatFlows({ flows }: ReplayResult): string {
  const bytesOf = (flow: ReplayResult['flows'][number]) =>
    flow.toClient.bytes + flow.toServer.bytes;
  const largest = [...flows].sort((a, b) => bytesOf(b) - bytesOf(a)).slice(0, FLOWS_SHOWN);
  const table = formatTable([
    ['flow', 'frames', 'bytes', 'captured', 'delivered', 'dropped', 'p50', 'p95', 'max', 'RTT'],
    ...largest.map((flow) => {
      const { toClient, toServer } = flow;
      const both = (tell: (direction: FlowDirectionResult) => string) =>
        `${tell(toClient)} / ${tell(toServer)}`;
      return [
        flow.name,
        both((d) => String(d.packets)),
        bytesText(bytesOf(flow)),
        both((d) => mbps(d.capturedMbps, '')),
        both((d) => mbps(d.deliveredMbps, '')),
        both((d) => String(sumDrops(d.drops))),
        both((d) => ms(d.p50AddedDelayMs, '')),
        both((d) => ms(d.p95AddedDelayMs, '')),
        both((d) => ms(d.maxAddedDelayMs, '')),
        ms(flow.handshakeRttMs, ''),
      ];
    }),
  ]);
  const more = flows.length - largest.length;
  const rest = more > 0 ? `\n… and ${countText(more, 'more flow')} (--json has them all)` : '';
  return `Flows, to client / to server; rates in Mbps, added delay and the capture's handshake RTT in ms\n${table}${rest}`;
}

function verdict({ total, links }: ReplayResult): string {
  const isShaped = (name: string) => links.some((link) => link.direction === name);
  const toClientFirst = isShaped('toClient') || !isShaped('toServer');
  const main = toClientFirst ? total.toClient : total.toServer;
  const way = main === total.toClient ? 'to the client' : 'to the server';
  const dropped = sumDrops(main.drops);
  const loss =
    dropped === 0
      ? `the path delivered all of ${countText(main.packets, 'frame')} ${way}`
      : `the path dropped ${dropped} of ${countText(main.packets, 'frame')} ${way} (${percent(dropped / main.packets)})`;
  const delay =
    main.p50AddedDelayMs === null
      ? ''
      : ` and added ${ms(main.p50AddedDelayMs)} at the median, ${ms(main.p95AddedDelayMs)} at p95`;
  const direction = main === total.toClient ? 'toClient' : 'toServer';
  const busiest = links
    .filter((link) => link.utilisation !== null && link.direction === direction)
    .sort((a, b) => (b.utilisation ?? 0) - (a.utilisation ?? 0))[0];
  const busy =
    busiest === undefined
      ? ''
      : `; link ${busiest.name} was ${percent(busiest.utilisation ?? 0)} busy`;
  return `Verdict   ${loss}${delay}${busy}.`;
}

const sumDrops = (drops: DropCounts): number =>
  Object.values(drops).reduce((sum, value) => sum + value, 0);

function describeDrops(direction: FlowDirectionResult): string {
  const dropped = sumDrops(direction.drops);
  if (dropped === 0) return '0';
  const reasons = Object.entries(direction.drops).map(([reason, n]) => `${reason} ${n}`);
  return `${dropped} (${percent(dropped / direction.packets)}): ${reasons.join(', ')}`;
}

function describeReordering({ reordering }: FlowDirectionResult): string {
  if (reordering.packets === 0) return '0';
  return `${reordering.packets} (${percent(reordering.ratio)}), extent max ${reordering.maxExtent}`;
}

function note(n: number, noun: string, text: string, plural?: string): string | undefined {
  return n === 0 ? undefined : `${countText(n, noun, plural)} ${text}`;
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(ratio < 0.1 ? 2 : 1)} %`;

const mbps = (value: number | null, unit = ' Mbps'): string =>
  value === null ? '-' : `${value.toPrecision(3)}${unit}`;

function ms(value: number | null, unit = ' ms'): string {
  if (value === null) return '-';
  return `${value === 0 ? '0' : value >= 100 ? value.toFixed(0) : value.toPrecision(3)}${unit}`;
}
