import { describe, expect, it } from 'vitest';
import {
  parseCorrupt,
  parseDelay,
  parseDuplicate,
  parseLoss,
  parseReorder,
} from '../../../src/scenario/netem.ts';

describe('the vocabulary of tc netem', () => {
  it.each([
    ['20 ms', { delayNs: 20e6 }],
    [
      '20ms 5ms',
      { delayNs: 20e6, jitter: { spreadNs: 5e6, distribution: 'uniform', correlation: 0 } },
    ],
    [
      '100 ms 10 ms 25 % distribution normal',
      { delayNs: 100e6, jitter: { spreadNs: 10e6, distribution: 'normal', correlation: 0.25 } },
    ],
    ['20', undefined],
    ['20 ms 5', undefined],
    ['20 ms 5 ms distribution cauchy', undefined],
    ['20 ms 25 %', undefined],
  ])('delay %j', (text, expected) => expect(parseDelay(text)).toEqual(expected));

  it.each([
    ['1%', { kind: 'random', ratio: 0.01, correlation: 0 }],
    ['random 1 % 25 %', { kind: 'random', ratio: 0.01, correlation: 0.25 }],
    ['state 1 %', { kind: 'state', p13: 0.01, p31: 0.99, p32: 0, p23: 1, p14: 0 }],
    [
      'state 1 % 30 % 2 % 40 % 5 %',
      { kind: 'state', p13: 0.01, p31: 0.3, p32: 0.02, p23: 0.4, p14: 0.05 },
    ],
    ['gemodel 1 %', { kind: 'gemodel', p: 0.01, r: 0.99, lossInBad: 1, lossInGood: 0 }],
    [
      'gemodel 1% 10% 70% 0.1%',
      { kind: 'gemodel', p: 0.01, r: 0.1, lossInBad: 0.7, lossInGood: 0.001 },
    ],
    ['', undefined],
    ['state', undefined],
    ['1 % 2 % 3 %', undefined],
    ['0.01', undefined],
    ['200 %', undefined],
  ])('loss %j', (text, expected) => expect(parseLoss(text)).toEqual(expected));

  it('reads duplicate, corrupt and reorder with their extras', () => {
    expect(parseDuplicate('1 % 25 %')).toEqual({ ratio: 0.01, correlation: 0.25 });
    expect(parseDuplicate('1 % gap 3')).toBeUndefined();
    expect(parseCorrupt('0.1 %')).toEqual({ ratio: 0.001, correlation: 0, bits: 1 });
    expect(parseCorrupt('0.1 % bits 3')).toEqual({ ratio: 0.001, correlation: 0, bits: 3 });
    expect(parseCorrupt('0.1 % bits 0')).toBeUndefined();
    expect(parseReorder('25 % 50 % gap 5')).toEqual({ ratio: 0.25, correlation: 0.5, gap: 5 });
    expect(parseReorder('25 % gap')).toBeUndefined();
  });
});
