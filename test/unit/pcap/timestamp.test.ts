import { describe, expect, it } from 'vitest';
import { TickClock, tickUnitFromOption } from '../../../src/pcap/timestamp.ts';

const MAX_TICKS = 2n ** 64n - 1n;

/** Seconds and nanoseconds by arbitrary precision. */
function reference(base: bigint, exponent: bigint, ticks: bigint): [bigint, bigint] {
  const perSecond = base ** exponent;
  return [ticks / perSecond, ((ticks % perSecond) * 10n ** 9n) / perSecond];
}

function convert(option: number, ticks: bigint, offsetSeconds = 0): [number, number] {
  const seconds = new Float64Array(1);
  const nanoseconds = new Int32Array(1);
  const clock = new TickClock(tickUnitFromOption(option), offsetSeconds);
  clock.stamp(Number(ticks >> 32n) | 0, Number(ticks & 0xffffffffn) | 0, seconds, nanoseconds, 0);
  return [seconds[0] as number, nanoseconds[0] as number];
}

/** Ticks around which arithmetic breaks: words, seconds, the precision of doubles. */
function edges(perSecond: bigint): bigint[] {
  const around = [
    ...[0n, 2n ** 16n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, MAX_TICKS],
    ...[1n, 59n, 1_700_000_000n, 2n ** 31n, 2n ** 32n].map((second) => second * perSecond),
    ...[3n, 7n, 11n].map((part) => perSecond / part + 1_700_000_000n * perSecond),
    (MAX_TICKS / perSecond) * perSecond,
  ];
  const near = around.flatMap((ticks) => [ticks - 1n, ticks, ticks + 1n]);
  return near.filter((ticks) => ticks >= 0n && ticks <= MAX_TICKS);
}

describe('TickClock', () => {
  for (const base of [2n, 10n]) {
    it(`is exact for every if_tsresol of base ${base} — draft-tuexen-opsawg-pcapng §4.2`, () => {
      for (let exponent = 0n; exponent < 128n; exponent++) {
        for (const ticks of edges(base ** exponent)) {
          const [seconds, nanoseconds] = reference(base, exponent, ticks);
          if (seconds >= 2n ** 53n - 1n) continue;
          const option = Number(exponent) | (base === 2n ? 0x80 : 0);
          const got = convert(option, ticks);
          expect(got, `${ticks} of ${base}^-${exponent}`).toEqual([
            Number(seconds),
            Number(nanoseconds),
          ]);
        }
      }
    });
  }

  it('is exact for pseudo-random ticks of the units that captures use', () => {
    let state = 88172645463325252n;
    for (let round = 0; round < 20_000; round++) {
      state ^= BigInt.asUintN(64, state << 13n);
      state ^= state >> 7n;
      state ^= BigInt.asUintN(64, state << 17n);
      const exponent = [6n, 9n, 12n][round % 3] as bigint;
      const ticks = state >> BigInt(round % 40);
      const [seconds, nanoseconds] = reference(10n, exponent, ticks);
      expect(convert(Number(exponent), ticks)).toEqual([Number(seconds), Number(nanoseconds)]);
    }
  });

  it('gives the nearest double where seconds do not fit one', () => {
    expect(convert(0, MAX_TICKS)).toEqual([2 ** 64, 0]);
    expect(convert(3, MAX_TICKS)).toEqual([Number(MAX_TICKS / 1000n), 0]);
  });

  it('adds if_tsoffset to the seconds and keeps nanoseconds positive', () => {
    expect(convert(6, 1_500_000n, -10)).toEqual([-9, 500_000_000]);
    expect(convert(0x80 | 10, 1536n, 100)).toEqual([101, 500_000_000]);
  });
});
