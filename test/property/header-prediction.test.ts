/** Header prediction and all that goes straight through must change nothing: with it and without, runs give the same frames. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { runScenario } from '../../src/scenario/run-scenario.ts';

const predicted = vi.hoisted(() => ({ isOn: true, segments: 0, orderlyAcks: 0, plain: 0 }));

vi.mock('../../src/tcp/header-prediction.ts', async (original) => {
  const real = await original<typeof import('../../src/tcp/header-prediction.ts')>();
  const isNextSegment: typeof real.isNextSegment = (connection, segment) => {
    const isNext = predicted.isOn && real.isNextSegment(connection, segment);
    if (isNext) predicted.segments++;
    return isNext;
  };
  return { ...real, isNextSegment };
});

vi.mock('../../src/tcp/orderly-ack.ts', async (original) => {
  const real = await original<typeof import('../../src/tcp/orderly-ack.ts')>();
  const takeOrderlyAck: typeof real.takeOrderlyAck = (connection, segment) => {
    const isTaken = real.takeOrderlyAck(connection, segment);
    if (isTaken) predicted.orderlyAcks++;
    return isTaken;
  };
  return { ...real, takeOrderlyAck };
});

vi.mock('../../src/tcp/plain-sending.ts', async (original) => {
  const real = await original<typeof import('../../src/tcp/plain-sending.ts')>();
  const asPredicted = (isPlain: boolean): boolean => {
    if (isPlain && predicted.isOn) predicted.plain++;
    return isPlain && predicted.isOn;
  };
  const plain: typeof real = {
    isWithinChunk: (connection) => asPredicted(real.isWithinChunk(connection)),
    hasOnlyNewData: (connection) => asPredicted(real.hasOnlyNewData(connection)),
    isTextAlone: (connection, length) => asPredicted(real.isTextAlone(connection, length)),
  };
  return plain;
});

const PATHS: Readonly<Record<string, string>>[] = [
  { rate: '20 Mbps', rtt: '40 ms', cc: 'reno,cubic' },
  { rate: '20 Mbps', rtt: '10 ms', flows: '5', queue: '20 packets' },
  { rate: '10 Mbps', loss: '2 %', flows: '2' },
  { rate: '10 Mbps', rtt: '20 ms', loss: '0.2 %', flows: '3', cc: 'bbr,cubic' },
  { rate: '2 Mbps', rtt: '200 ms', loss: 'gemodel 1 % 10 %', profile: 'rfc' },
  { rate: '50 Mbps', rtt: '5 ms', queue: '6 packets', profile: 'rfc', flows: '3' },
  { rate: '100 Mbps', rtt: '1 ms', size: '300kB', flows: '8', stagger: '1 ms' },
  { rate: '100 Mbps', rtt: '20 ms', pacing: 'on', size: '2MB' },
];

describe('header prediction', () => {
  beforeEach(() => {
    Object.assign(predicted, { isOn: true, segments: 0, orderlyAcks: 0, plain: 0 });
  });

  it.each(PATHS)(
    'changes no frame of a run over $rate, $rtt, loss $loss — RFC 7323 §5.6',
    (path) => {
      const request = { scenario: 'dumbbell', parameters: { duration: '4 s', ...path } };
      const { result } = runScenario(request);
      expect(predicted.segments).toBeGreaterThan(500);
      expect(predicted.orderlyAcks).toBeGreaterThan(50);
      if (path['profile'] !== 'rfc') expect(predicted.plain).toBeGreaterThan(500);
      predicted.isOn = false;
      expect(runScenario(request).result).toEqual(result);
    },
  );
});
