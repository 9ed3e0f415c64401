/**
 * Priority-based flow control as a scenario writes it: `on`, or words for what differs from the defaults, like
 * `xoff 64 KiB headroom 20 KB` or `alpha 0.5 priorities 3`.
 */
import { NetError } from '../base/errors.ts';
import type { Bytes } from '../base/units.ts';
import type { FlowControlConfig } from '../net/switch-config.ts';
import type { QueueLimits } from '../qdisc/queue-discipline.ts';
import { PAUSE_QUANTA_MAX, PRIORITY_COUNT } from '../wire/mac-control.ts';
import { FORMS, orWord, readValues } from './parameters.ts';
import { readWords } from './qdisc-entry.ts';
import { EXPECTED, parseBytes } from './quantity.ts';

const size = {
  expected: EXPECTED.bytes,
  parse: (text: string) => {
    const bytes = parseBytes(text);
    return bytes !== undefined && bytes >= 0 ? bytes : undefined;
  },
};

const parameters = {
  alpha: {
    expected: 'a number above 0 like 1 or 0.125',
    parse: (text: string) => {
      const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
      return value > 0 ? value : undefined;
    },
    default: '1',
    description: 'XOFF: a sender is paused beyond so many times what is free of the buffer',
  },
  xoff: {
    ...orWord('alpha', null, size),
    default: 'alpha',
    description: 'XOFF: a sender is paused beyond so much, instead of `alpha`',
  },
  xon: {
    ...size,
    default: '3028 B',
    description: 'so far below XOFF the sender goes on',
  },
  headroom: {
    ...orWord('auto', null, size),
    default: 'auto',
    description:
      'of each ingress and priority, beside the buffer; auto: what rate, delay and MTU of its link need',
  },
  quanta: {
    ...FORMS.count,
    default: String(PAUSE_QUANTA_MAX),
    description: 'of a pause, in 512 bit times; it is renewed after half of it',
  },
  priorities: {
    expected: 'all, or numbers from 0 to 7 like 3,4',
    parse: parsePriorities,
    default: 'all',
    description: 'that are lossless, by the class selector of the DSCP',
  },
  buffer: {
    ...orWord('switch', null, size),
    default: 'switch',
    description: 'shared by all ports of the switch; switch: what the scenario gives it',
  },
};

/** Without what only the switch knows. */
export type PfcSpec = Omit<FlowControlConfig, 'bufferBytes' | 'mark'> & {
  readonly bufferBytes: Bytes | undefined;
};

const NAMES = Object.keys(parameters).join(', ');

/** Null for `none`; throws NetError for a mistake in the words. */
function parsePfc(text: string): PfcSpec | null | undefined {
  const words = text.trim().split(/\s+/);
  const [first = ''] = words;
  if (first === '' || first === 'none') return first === 'none' ? null : undefined;
  const texts = readWords('pfc', parameters, first === 'on' ? words.slice(1) : words);
  const values = readValues(parameters, texts);
  const { alpha, xoff, headroom, quanta, buffer } = values;
  if (quanta > PAUSE_QUANTA_MAX) throw NetError.value('quanta', `1 to ${PAUSE_QUANTA_MAX}`, quanta);
  return {
    xoff: xoff === null ? { kind: 'dynamic', alpha } : { kind: 'static', portBytes: xoff },
    xonBelowBytes: values.xon,
    headroomBytes: headroom ?? undefined,
    quanta,
    losslessPriorities: values.priorities,
    bufferBytes: buffer ?? undefined,
  };
}

/** For parameters and fields. */
export const PFC_FORM = {
  expected: `none, on, or words of ${NAMES} like: xoff 64 KiB headroom 20 KB`,
  parse: parsePfc,
};

/** Of a switch whose buffer is `bufferBytes` unless the words say another. */
export function flowControlOf(
  spec: PfcSpec,
  bufferBytes: Bytes,
  mark: QueueLimits | undefined,
): FlowControlConfig {
  return { ...spec, bufferBytes: spec.bufferBytes ?? bufferBytes, mark };
}

function parsePriorities(text: string): number | undefined {
  const all = (1 << PRIORITY_COUNT) - 1;
  if (text === 'all') return all;
  if (!/^[0-7](?:,[0-7])*$/.test(text)) return undefined;
  return text.split(',').reduce((mask, digit) => mask | (1 << Number(digit)), 0);
}
