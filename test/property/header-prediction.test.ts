/** Header prediction must change nothing: the same runs with it and without give the same frames. */
import { describe, expect, it, vi } from 'vitest';
import { runScenario } from '../../src/scenario/run-scenario.ts';

const prediction = vi.hoisted(() => ({ isOn: true, hits: 0 }));

vi.mock('../../src/tcp/header-prediction.ts', async (original) => {
  const real = await original<typeof import('../../src/tcp/header-prediction.ts')>();
  const isNextSegment: typeof real.isNextSegment = (connection, segment) => {
    const isNext = prediction.isOn && real.isNextSegment(connection, segment);
    if (isNext) prediction.hits++;
    return isNext;
  };
  return { ...real, isNextSegment };
});

const PATHS: Readonly<Record<string, string>>[] = [
  { rate: '20 Mbps', rtt: '40 ms', cc: 'reno,cubic' },
  { rate: '20 Mbps', rtt: '10 ms', flows: '5', queue: '20 packets' },
  { rate: '10 Mbps', loss: '2 %', flows: '2' },
  { rate: '2 Mbps', rtt: '200 ms', loss: 'gemodel 1 % 10 %', profile: 'rfc' },
  { rate: '50 Mbps', rtt: '5 ms', queue: '6 packets', profile: 'rfc', flows: '3' },
  { rate: '100 Mbps', rtt: '1 ms', size: '300kB', flows: '8', stagger: '1 ms' },
  { rate: '100 Mbps', rtt: '20 ms', pacing: 'on', size: '2MB' },
];

describe('header prediction', () => {
  it.each(PATHS)(
    'changes no frame of a run over $rate, $rtt, loss $loss — RFC 7323 §5.6',
    (path) => {
      const request = { scenario: 'dumbbell', parameters: { duration: '4 s', ...path } };
      prediction.hits = 0;
      prediction.isOn = true;
      const { result } = runScenario(request);
      expect(prediction.hits).toBeGreaterThan(500);
      prediction.isOn = false;
      expect(runScenario(request).result).toEqual(result);
    },
  );
});
