/** Values of options: each function reads one and throws NetError with what was expected and got. */
import { availableParallelism } from 'node:os';
import { NetError } from '../base/errors.ts';
import { CidrBlock } from '../base/ip-address.ts';
import { EXPECTED, parseDuration, parseFactor } from '../scenario/quantity.ts';
import type { CaptureInstant } from '../traffic/replay-source.ts';

export function parseBlock(option: string, text: string): CidrBlock {
  try {
    return CidrBlock.parse(text);
  } catch {
    throw NetError.value(option, 'address blocks like 10.0.0.0/8,2001:db8::/32', text);
  }
}

export function parseSpeed(option: string, text: string): number {
  const speed = parseFactor(text);
  if (speed === undefined) throw NetError.value(option, EXPECTED.factor, text);
  return speed;
}

export function parseCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw NetError.value(option, 'a whole number from 1', text);
  return Number(text);
}

/** One a core when absent. */
export function parseWorkers(text: string | undefined): number {
  return text === undefined ? availableParallelism() : parseCount('--workers', text);
}

export function parseSeed(option: string, text: string): number {
  const seed = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(seed)) {
    throw NetError.value(option, 'a whole number from 0, like 7 or 0x5eed', text);
  }
  return seed;
}

export function parseInstant(option: string, text: string): CaptureInstant {
  const sinceStartNs = parseDuration(text);
  if (sinceStartNs !== undefined) return { sinceStartNs };
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) {
    throw NetError.value(option, 'a time like 5s or 1700000000.25 (seconds since 1970)', text);
  }
  return {
    epochSeconds: Number(match[1]),
    epochNanoseconds: Number((match[2] ?? '').padEnd(9, '0')),
  };
}
