/**
 * The readable answer of `sluice analyze`: a few lines about the capture and a table of its largest flows. Plain
 * text in aligned columns, no colours; the complete figures are in the JSON document.
 */
import { bytesText, countText, formatTable } from '../base/text-table.ts';
import { formatBursts } from './burst-facts.ts';
import type { AnalyzeResult, CaptureSummary } from './capture-analysis.ts';
import type { FlowDirectionFacts, FlowFacts } from './flow-facts.ts';

const FLOWS_SHOWN = 20;

/** The report of an analysis, several lines; at most `maxFlows` flows, those with the most bytes. */
export function formatAnalysis(result: AnalyzeResult, { maxFlows = FLOWS_SHOWN } = {}): string {
  const { capture, flows } = result;
  const parts = [...describeCapture(capture), `Flows     ${describeFlows(result)}`];
  if (flows.length > 0 && maxFlows > 0) parts.push('', formatFlows(flows, maxFlows));
  if (result.bursts !== undefined) parts.push('', formatBursts(result.bursts));
  return parts.join('\n');
}

function describeCapture(capture: CaptureSummary): string[] {
  const links = capture.linkTypes.join(', ') || 'no interface';
  const lines = [
    `Capture   ${capture.format}, ${links}, ${describeEnding(capture)}`,
    `Packets   ${capture.packets} of ${bytesText(capture.bytes)}, ${bytesText(capture.capturedBytes)} captured`,
  ];
  if (capture.firstTimestamp !== null) {
    const seconds = capture.durationSeconds.toFixed(capture.durationSeconds < 1000 ? 6 : 3);
    lines.push(`Time      ${capture.firstTimestamp} to ${capture.lastTimestamp} (${seconds} s)`);
  }
  if (capture.packets > 0) {
    const protocols = Object.entries(capture.protocols).map(([name, count]) => `${name} ${count}`);
    lines.push(`Protocols ${protocols.join(', ')}`);
  }
  if (capture.interfaces.length > 1) lines.push(...capture.interfaces.map(describeInterface));
  const notes = notesOf(capture);
  if (notes.length > 0) lines.push(`Noted     ${notes.join('; ')}`);
  return lines;
}

function describeEnding({ ending, reason }: CaptureSummary): string {
  return ending === 'complete' ? 'complete' : `${ending}: ${reason}`;
}

function describeInterface(source: CaptureSummary['interfaces'][number], index: number): string {
  const name = source.name ?? source.description ?? `number ${index}`;
  const limit = source.snapLength === 0 ? '' : `, at most ${source.snapLength} B each`;
  return `Interface ${name}: ${source.linkType}, ${countText(source.packets, 'packet')}${limit}`;
}

function notesOf(capture: CaptureSummary): string[] {
  const notes: readonly (readonly [number, string, string])[] = [
    [capture.truncatedPackets, 'packet', 'truncated by the snap length'],
    [capture.cutHeaders, 'packet', 'cut within the headers'],
    [capture.superSegments, 'IP packet', 'longer than 1500 B, not yet segmented or jumbo'],
    [capture.earlierStamps, 'stamp', 'earlier than the one before'],
    [capture.fragments, 'IP fragment', ''],
    [capture.malformedPackets, 'packet', 'with malformed headers'],
    [capture.unreadLinkTypePackets, 'packet', 'of a link type that is not read'],
    [capture.nonIpPackets - capture.unreadLinkTypePackets, 'packet', 'not IP'],
  ];
  return notes
    .filter(([packets]) => packets > 0)
    .map(([packets, noun, text]) => `${countText(packets, noun)} ${text}`.trimEnd());
}

function describeFlows({ capture, flows, omittedFlows }: AnalyzeResult): string {
  const all = flows.length + omittedFlows;
  if (all === 0) return 'none';
  const parts = Object.entries(capture.flowsByTransport).map(([name, n]) => `${name} ${n}`);
  const left = omittedFlows === 0 ? '' : `; the ${flows.length} largest are listed`;
  return `${all}: ${parts.join(', ')}${left}`;
}

const HEADER = [
  'client > server',
  'transport',
  'packets up',
  'down',
  'bytes up',
  'down',
  'start',
  'duration',
  'RTT',
  'resent up',
  'down',
  'client by',
];

function formatFlows(flows: readonly FlowFacts[], maxFlows: number): string {
  const byBytes = [...flows].sort((a, b) => b.bytes - a.bytes);
  const rows = byBytes
    .slice(0, maxFlows)
    .map((flow) => [
      flow.name,
      flow.transport,
      ...directionCells(flow, (direction) => String(direction.packets)),
      ...directionCells(flow, (direction) => bytesText(direction.bytes)),
      seconds(flow.startSeconds),
      seconds(flow.durationSeconds),
      flow.handshakeRttMs === null ? '-' : `${flow.handshakeRttMs.toPrecision(3)} ms`,
      ...directionCells(flow, (direction) => String(direction.retransmits)),
      flow.ground,
    ]);
  const rest = byBytes.slice(maxFlows);
  if (rest.length > 0) rows.push(restRow(rest));
  return `${formatTable([HEADER, ...rows], 2)}\nup: client to server; RTT: SYN to ACK of the SYN-ACK; resent: segments`;
}

/** One cell each way. */
const directionCells = (flow: FlowFacts, tell: (direction: FlowDirectionFacts) => string) => [
  tell(flow.toServer),
  tell(flow.toClient),
];

function restRow(rest: readonly FlowFacts[]): string[] {
  const sum = (tell: (flow: FlowFacts) => number) =>
    rest.reduce((total, flow) => total + tell(flow), 0);
  return [
    countText(rest.length, 'more flow'),
    '',
    String(sum((flow) => flow.toServer.packets)),
    String(sum((flow) => flow.toClient.packets)),
    bytesText(sum((flow) => flow.toServer.bytes)),
    bytesText(sum((flow) => flow.toClient.bytes)),
    '',
    '',
    '',
    String(sum((flow) => flow.toServer.retransmits)),
    String(sum((flow) => flow.toClient.retransmits)),
    '',
  ];
}

const seconds = (value: number): string => `${value.toFixed(value < 1000 ? 3 : 0)} s`;
