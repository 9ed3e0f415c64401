import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/engine/clock.ts';
import { Fingerprint } from '../../../src/engine/fingerprint.ts';

function digest(records: [time: number, kind: number, place: number, word: number][]): string {
  const clock = new VirtualClock();
  const fingerprint = new Fingerprint(clock);
  for (const [time, kind, place, word] of records) {
    clock.cell[0] = time;
    fingerprint.record(kind, place, Int32Array.of(word));
  }
  return fingerprint.digest();
}

describe('Fingerprint', () => {
  it('is 16 hexadecimal digits and sees time, kind, place, content and order', () => {
    const base = digest([[5, 0, 1, 9]]);
    expect(base).toMatch(/^[0-9a-f]{16}$/);
    const others = [
      digest([[6, 0, 1, 9]]),
      digest([[5 + 2 ** 32, 0, 1, 9]]),
      digest([[5, 1, 1, 9]]),
      digest([[5, 0, 2, 9]]),
      digest([[5, 0, 1, 8]]),
      digest([]),
      digest([
        [5, 0, 1, 9],
        [5, 0, 1, 9],
      ]),
    ];
    expect(new Set([base, ...others]).size).toBe(8);
    expect(digest([[5, 0, 1, 9]])).toBe(base);
  });
});
