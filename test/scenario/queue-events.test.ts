import { describe, expect, it } from 'vitest';
import { runScenario } from '../../src/scenario/run-scenario.ts';

const PARAMETERS = {
  rate: '10 Mbps',
  rtt: '20 ms',
  queue: '40 packets',
  cc: 'cubic,reno',
  size: '1500 kB',
  duration: '60 s',
  ecn: 'on',
};

function runWithEvents(qdisc: string) {
  let text = '';
  const request = { scenario: 'dumbbell', parameters: { ...PARAMETERS, qdisc }, seed: 3 };
  const { result } = runScenario({
    ...request,
    queueEvents: (bytes) => {
      text += Buffer.from(bytes).toString('utf8');
    },
  });
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const names = header.split(',');
  const rows = lines.map((line) => {
    const values = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
  });
  return { result, rows, plain: runScenario(request).result };
}

describe.each(['fifo', 'codel', 'fq_codel', 'red ecn min 3packets max 9packets'])(
  'queue events of %s',
  (qdisc) => {
    const { result, rows, plain } = runWithEvents(qdisc);

    it('change nothing but the number of events', () => {
      expect(result.fingerprint).toBe(plain.fingerprint);
      expect(result.flows).toEqual(plain.flows);
      expect(result.links).toEqual(plain.links);
    });

    it('account for every frame: enqueued = dequeued + dropped from the queue + queued', () => {
      for (const link of result.links) {
        const of = (event: string) =>
          rows.filter((row) => row['link'] === link.name && row['event'] === event);
        const drops = of('drop');
        expect(drops.length).toBe(Object.values(link.drops).reduce((sum, count) => sum + count, 0));
        expect(of('mark').length).toBe(link.ceMarks);
        for (const [reason, count] of Object.entries(link.drops)) {
          expect(drops.filter((row) => row['reason'] === reason).length).toBe(count);
        }
        const left = link.arrivedPackets - of('dequeue').length - drops.length;
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(link.insidePackets);
      }
    });

    it('tell the sojourn time that the link measures', () => {
      const [bottleneck] = result.links;
      const waits = rows
        .filter((row) => row['link'] === 'bottleneck' && row['event'] === 'dequeue')
        .map((row) => Number(row['sojournMs']));
      const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
      expect(mean).toBeCloseTo(bottleneck?.meanQueueDelayMs ?? -1, 6);
    });
  },
);
