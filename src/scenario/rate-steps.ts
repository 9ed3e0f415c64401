/**
 * Changes of a bottleneck's rate at stated times, as a parameter writes them: `5 Mbps at 10 s, 20 Mbps at 20 s`.
 */
import type { BitsPerSecond, Instant } from '../base/units.ts';
import { parseDuration, parseRate } from './quantity.ts';

export interface RateStep {
  readonly atNs: Instant;
  readonly rate: BitsPerSecond;
}

export const RATE_STEPS_EXPECTED =
  'rates with ascending times like 5 Mbps at 10 s, 20 Mbps at 20 s';

export function parseRateSteps(text: string): readonly RateStep[] | undefined {
  const steps: RateStep[] = [];
  for (const part of text.split(',')) {
    const [rateText = '', timeText = ''] = part.split(' at ');
    const rate = parseRate(rateText);
    const atNs = parseDuration(timeText);
    const lastNs = steps.at(-1)?.atNs ?? 0;
    if (rate === undefined || atNs === undefined || atNs <= lastNs) return undefined;
    steps.push({ rate, atNs: 0 + atNs });
  }
  return steps;
}
