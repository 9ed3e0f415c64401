/** What `sluice validate linux` prints: a line for each flow of each recording, theirs beside ours. */
import { formatTable } from '../base/text-table.ts';
import type {
  LinuxFlowResult,
  LinuxRecordResult,
  RecordVerdict,
} from '../scenario/validation/linux/linux-agreement.ts';
import type { Comparison, Prediction } from '../scenario/validation/linux/linux-bars.ts';

const VERDICTS: readonly RecordVerdict[] = ['agrees', 'differs', 'not judged'];
const HEAD = [
  'recording',
  'flow',
  'Mbps',
  'share %',
  'mean RTT ms',
  'retransmitted',
  'peak queue kB',
  'cwnd error',
  'prediction Mbps',
  'verdict',
];

export function formatLinuxAgreement(records: readonly LinuxRecordResult[]): string {
  const counts = VERDICTS.map((verdict) => {
    const count = records.filter((record) => record.verdict === verdict).length;
    return `${count} ${verdict}`;
  });
  return [
    'Each figure is theirs / ours; * marks one that is too far away.',
    '',
    formatTable([HEAD, ...records.flatMap(formatRecord)], 2),
    '',
    `Verdict   ${counts.join(', ')}`,
  ].join('\n');
}

function formatRecord(record: LinuxRecordResult): string[][] {
  const { name, repeat, verdict, reason } = record;
  const title = `${name} ${repeat}`;
  const end = reason === null ? verdict : `${verdict}: ${reason}`;
  const [first, ...more] = record.flows;
  if (first === undefined) return [[title, '', '', '', '', '', '', '', '', end]];
  const { peakQueueBytes: peak } = record;
  const queue = peak === null ? '' : `${kilobytes(peak.theirs)} / ${kilobytes(peak.ours)}`;
  return [
    formatFlow(title, first, queue, end),
    ...more.map((flow) => formatFlow('', flow, '', '')),
  ];
}

function formatFlow(title: string, flow: LinuxFlowResult, queue: string, end: string): string[] {
  const percent = (value: number) => (100 * value).toFixed(1);
  return [
    title,
    flow.cc,
    pair(flow.goodputMbps, (value) => value.toFixed(2)),
    flow.share === null ? '' : pair(flow.share, percent),
    pair(flow.meanRttMs, (value) => value.toFixed(1)),
    pair(flow.retransmits, (value) => value.toFixed(0)),
    queue,
    `${percent(flow.cwndError)} %`,
    flow.goodputPrediction === null ? '' : interval(flow.goodputPrediction),
    end,
  ];
}

function pair({ theirs, ours, verdict }: Comparison, text: (value: number) => string): string {
  return `${text(theirs)} / ${text(ours)}${verdict === 'differs' ? '*' : ''}`;
}

function interval({ least, most, halfWidthRatio, verdict }: Prediction): string {
  const width = `±${(100 * halfWidthRatio).toFixed(1)} %`;
  return `${least.toFixed(2)} to ${most.toFixed(2)} (${width})${verdict === 'differs' ? '*' : ''}`;
}

const kilobytes = (bytes: number): string => (bytes / 1e3).toFixed(1);
