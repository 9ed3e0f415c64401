import { describe, expect, it } from 'vitest';
import {
  parseBdp,
  parseBytes,
  parseDuration,
  parseFactor,
  parsePackets,
  parseRate,
  parseRatio,
} from '../../../src/scenario/quantity.ts';

describe('quantities', () => {
  it.each([
    ['20 Mbps', 20e6],
    ['20Mbps', 20e6],
    ['1.5 Gbps', 1.5e9],
    ['10 Mbit', 10e6],
    ['1 MiB/s', 8 * 2 ** 20],
    ['2 kBps', 16e3],
    ['56kbps', 56e3],
    ['20', undefined],
    ['20 M', undefined],
    ['-1 Mbps', undefined],
    ['0 Mbps', undefined],
    ['1 mbps', undefined],
  ])('rate %j is %s bits a second', (text, expected) => expect(parseRate(text)).toBe(expected));

  it.each([
    ['20 ms', 20e6],
    ['1.5s', 1.5e9],
    ['250 us', 250e3],
    ['250µs', 250e3],
    ['3 ns', 3],
    ['2 min', 120e9],
    ['0 ms', 0],
    ['20', undefined],
    ['20 m', undefined],
    ['1e300 s', undefined],
  ])('duration %j is %s ns', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each([
    ['64 KiB', 65536],
    ['64KiB', 65536],
    ['100000B', 100000],
    ['10 kB', 10000],
    ['8 b', 1],
    ['-14 B', -14],
    ['1.5 B', undefined],
    ['64', undefined],
    ['64 K', undefined],
  ])('size %j is %s bytes', (text, expected) => expect(parseBytes(text)).toBe(expected));

  it.each([
    ['1 %', 0.01],
    ['0.5%', 0.005],
    ['100 %', 1],
    ['101 %', undefined],
    ['0.01', undefined],
  ])('ratio %j is %s', (text, expected) => expect(parseRatio(text)).toBe(expected));

  it('reads packets, multiples of the BDP and factors', () => {
    expect(parsePackets('100 packets')).toBe(100);
    expect(parsePackets('1 packet')).toBe(1);
    expect(parsePackets('100')).toBeUndefined();
    expect(parseBdp('1 bdp')).toBe(1);
    expect(parseBdp('0.5bdp')).toBe(0.5);
    expect(parseFactor('2x')).toBe(2);
    expect(parseFactor('0.5')).toBe(0.5);
    expect(parseFactor('0x')).toBeUndefined();
  });
});
