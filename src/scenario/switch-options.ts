/** Options of switches as scenarios write them, in a file's nodes and as parameters: texts become data. Cold. */
import { NetError } from '../base/errors.ts';
import type { Bytes, Duration } from '../base/units.ts';
import type { PathBalance, SharedBufferConfig, SwitchConfig } from '../net/switch-config.ts';
import type { SharedBufferPolicy } from '../qdisc/shared-buffer.ts';
import type { GraphPlan } from '../stack/graph-plan.ts';
import type { ParameterValuesOf } from './parameters.ts';
import { flowControlOf, PFC_FORM, type PfcSpec } from './pfc-spec.ts';
import { EXPECTED, parseBytes, parseDuration } from './quantity.ts';

/** What of a frame has to be there before it is forwarded: all of it, or so many bytes. */
export interface Forwarding {
  readonly cutThroughBytes: Bytes | undefined;
}

export interface SwitchFields {
  readonly pfc?: PfcSpec | null | undefined;
  readonly forwarding?: Forwarding | undefined;
  /** By flow when it is null. */
  readonly balance?: PathBalance | null | undefined;
  readonly sharedBuffer?: SharedBufferConfig | null | undefined;
}

/** Ethernet and IPv6 headers: what routes are found by. */
const HEADER_BYTES: Bytes = 54;
const FLOWLET_GAP_NS: Duration = 100e3;
/** What the ports of a lossless switch share when nobody says how much. */
const BUFFER_BYTES: Bytes = 4 * 1024 * 1024;

const positive = (value: number | undefined) =>
  value !== undefined && value > 0 ? value : undefined;

export const FORWARDING_FORM = {
  expected: 'store-and-forward, cut-through, or cut-through with the bytes it waits for like 64 B',
  parse: (text: string): Forwarding | undefined => {
    const { name, rest } = split(text);
    if (name === 'store-and-forward' && rest === '') return { cutThroughBytes: undefined };
    const bytes = rest === '' ? HEADER_BYTES : positive(parseBytes(rest));
    return name === 'cut-through' && bytes !== undefined ? { cutThroughBytes: bytes } : undefined;
  },
};

export const BALANCE_FORM = {
  expected: 'ecmp, spray, flowlet, or flowlet with its gap like 100 us',
  parse: (text: string): PathBalance | null | undefined => {
    const { name, rest } = split(text);
    if (rest === '' && name === 'ecmp') return null;
    if (rest === '' && name === 'spray') return { kind: 'spray' };
    const gapNs = rest === '' ? FLOWLET_GAP_NS : positive(parseDuration(rest));
    return name === 'flowlet' && gapNs !== undefined ? { kind: 'flowlet', gapNs } : undefined;
  },
};

export const SHARED_BUFFER_FORM = {
  expected: `none, or ${EXPECTED.bytes} with alpha 1, abm 0.5 or static 64 KiB`,
  parse: (text: string): SharedBufferConfig | null | undefined => {
    if (text.trim() === 'none') return null;
    const match = /^(.+?)(?:\s+(alpha|abm|static)\s+(.+))?$/.exec(text.trim());
    const bytes = positive(parseBytes(match?.[1] ?? ''));
    const policy = policyOf(match?.[2] ?? 'alpha', match?.[3] ?? '1');
    return bytes === undefined || policy === undefined ? undefined : { bytes, policy };
  },
};

/** Of catalogue scenarios whose switches are all alike. */
export const SWITCH_PARAMETERS = {
  forwarding: {
    ...FORWARDING_FORM,
    default: 'store-and-forward',
    description: 'of switches: whether a frame leaves before its last bit has come',
  },
  sharedBuffer: {
    ...SHARED_BUFFER_FORM,
    default: 'none',
    description:
      'memory of each switch that its ports share, up to α times what is free each (abm: over the congested ports), instead of `queue`',
  },
  pfc: {
    ...PFC_FORM,
    default: 'none',
    description:
      'switches pause who sends too much (IEEE 802.1Qbb) and lose nothing; their ports share what `queue` gives them',
  },
};

export const BALANCE_PARAMETER = {
  ...BALANCE_FORM,
  default: 'ecmp',
  description: 'how switches choose among equal paths: by flow, by flowlet, or packet by packet',
};

/** Undefined for a node without options. Throws NetError for options of one that is no switch. */
export function switchOptionsOf(
  where: string,
  { kind, ...all }: SwitchFields & { readonly kind?: string | undefined },
): SwitchConfig | undefined {
  const { pfc, forwarding, balance, sharedBuffer } = all;
  const given = Object.entries({ pfc, forwarding, balance, sharedBuffer });
  const [first] = given.filter(([, value]) => value !== undefined);
  if (first === undefined) return undefined;
  if (kind !== 'switch') throw NetError.value(`${where}.${first[0]}`, 'a switch', kind);
  return switchConfigOf(all, BUFFER_BYTES);
}

/** All switches of a plan with the same options; `portBytes` is what a port's queue holds. */
export function withSwitchOptions(
  plan: GraphPlan,
  fields: ParameterValuesOf<typeof SWITCH_PARAMETERS> & Pick<SwitchFields, 'balance'>,
  portBytes: Bytes,
): GraphPlan {
  const ports = new Map<string, number>();
  for (const { from } of plan.links) ports.set(from, (ports.get(from) ?? 0) + 1);
  const nodes = plan.nodes.map((node) =>
    node.kind === 'switch'
      ? { ...node, switch: switchConfigOf(fields, portBytes * (ports.get(node.name) ?? 1)) }
      : node,
  );
  return { ...plan, nodes };
}

function switchConfigOf(fields: SwitchFields, bufferBytes: Bytes): SwitchConfig {
  const { pfc, forwarding, balance, sharedBuffer } = fields;
  return {
    pfc: pfc ? flowControlOf(pfc, bufferBytes, undefined) : undefined,
    cutThroughBytes: forwarding?.cutThroughBytes,
    balance: balance ?? undefined,
    sharedBuffer: sharedBuffer ?? undefined,
  };
}

function policyOf(kind: string, value: string): SharedBufferPolicy | undefined {
  if (kind === 'static') {
    const portBytes = positive(parseBytes(value));
    return portBytes === undefined ? undefined : { kind, portBytes };
  }
  const alpha = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0;
  if (!(alpha > 0)) return undefined;
  return kind === 'abm' ? { kind, alpha } : { kind: 'dynamic', alpha };
}

/** The first word, and what follows it. */
function split(text: string): { readonly name: string; readonly rest: string } {
  const [name = '', ...words] = text.trim().split(/\s+/);
  return { name, rest: words.join(' ') };
}
