/**
 * A recording of the Linux kernel's own TCP over a link of known rate, delay, buffer and loss: what one file of
 * a directory for `sluice validate linux` holds. Parsed and checked here, so that the rest gets figures.
 * Fields that are not used here may be there.
 */
import { z } from 'zod';
import { NetError } from '../../../base/errors.ts';

const ordinals = z.array(z.int().min(1));

const recordSchema = z.object({
  name: z.string().min(1),
  repeat: z.int().min(1),
  /** Of the bottleneck, on whole Ethernet frames without FCS. */
  rateMbps: z.number().positive(),
  /** Propagation both ways. */
  rttMs: z.number().positive(),
  /** Drop-tail: the unsent part of the frame in transmission, what waits, and what arrives. */
  queueBytes: z.number().positive(),
  /** Chance of each frame towards the receiver, before the queue. */
  loss: z.number().min(0).max(1),
  seconds: z.number().positive(),
  /** Frames that random loss took; 1 is the first that reached the link. */
  lossOrdinals: ordinals.optional(),
  /** Frames of the application's control connection. */
  controlOrdinals: ordinals.optional(),
  link: z.object({
    forward: z.int().min(1),
    queueDrops: z.int().min(0),
    peakQueueBytes: z.number().min(0),
    /** Frames that left the recording's link more than 1 ms late. */
    over1ms: z.int().min(0),
    /** The latest of them. */
    latestMs: z.number().min(0).optional(),
  }),
  flows: z
    .array(
      z.object({
        cc: z.string().min(1),
        goodputMbps: z.number().positive(),
        retransmits: z.int().min(0),
        /** Of the smoothed RTT at the end of each second. */
        meanRttMs: z.number().positive(),
      }),
    )
    .min(1),
  sampleColumns: z.array(z.string()),
  samples: z.array(z.array(z.number())),
});

export type LinuxRecord = z.infer<typeof recordSchema>;

/** A flow's samples over time, in columns. */
export interface SampledFlow {
  readonly seconds: readonly number[];
  readonly cwndSegments: readonly number[];
  readonly ackedBytes: readonly number[];
}

/** Throws NetError, with the file's name, for a text that is no record. */
export function parseLinuxRecord(file: string, text: string): LinuxRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw NetError.value(file, 'a recording as JSON', 'a text that is not JSON');
  }
  const parsed = recordSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new NetError('ERR_VALUE', `${file}: ${path}: ${issue?.message ?? 'no recording'}`);
}

/** The samples of each flow, in the order of time. Throws NetError when a column is missing. */
export function samplesByFlow(record: LinuxRecord): SampledFlow[] {
  const column = (name: string) => {
    const index = record.sampleColumns.indexOf(name);
    if (index >= 0) return index;
    throw NetError.value(`${record.name}: sampleColumns`, `a column ${name}`, record.sampleColumns);
  };
  const [time, flow, cwnd, acked] = ['t', 'flow', 'cwnd', 'bytesAcked'].map(column) as [
    number,
    number,
    number,
    number,
  ];
  return record.flows.map((_, index) => {
    const rows = record.samples.filter((row) => row[flow] === index);
    const of = (at: number) => rows.map((row) => row[at] as number);
    return { seconds: of(time), cwndSegments: of(cwnd), ackedBytes: of(acked) };
  });
}

/**
 * The losses as ordinals of the flows' own frames, so that they can be imposed on flows without a control
 * connection; undefined when the record does not say which frames were lost. `pattern` may go on where the
 * record's own list ends.
 */
export function lossesOfFlows(
  record: LinuxRecord,
  pattern = record.lossOrdinals,
): number[] | undefined {
  if (pattern === undefined) return undefined;
  const control = record.controlOrdinals ?? [];
  const isControl = new Set(control);
  let before = 0;
  const ordinals: number[] = [];
  for (const ordinal of pattern) {
    while ((control[before] ?? Number.POSITIVE_INFINITY) < ordinal) before++;
    if (!isControl.has(ordinal)) ordinals.push(ordinal - before);
  }
  return ordinals;
}
