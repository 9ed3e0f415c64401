/** Options of the switches of a scenario, in a file's nodes: texts become the configuration of a switch. Cold. */
import { NetError } from '../base/errors.ts';
import type { Bytes } from '../base/units.ts';
import type { SwitchConfig } from '../net/switch-config.ts';
import { flowControlOf, type PfcSpec } from './pfc-spec.ts';

export interface SwitchFields {
  readonly pfc?: PfcSpec | null | undefined;
}

/** What the ports of a lossless switch share when nobody says how much. */
const BUFFER_BYTES: Bytes = 4 * 1024 * 1024;

/** Undefined for a node without options. Throws NetError for options of one that is no switch. */
export function switchOptionsOf(
  where: string,
  { kind, pfc }: SwitchFields & { readonly kind?: string | undefined },
): SwitchConfig | undefined {
  const [first] = Object.entries({ pfc }).filter(([, value]) => value !== undefined);
  if (first === undefined) return undefined;
  if (kind !== 'switch') throw NetError.value(`${where}.${first[0]}`, 'a switch', kind);
  return { pfc: pfc ? flowControlOf(pfc, BUFFER_BYTES, undefined) : undefined };
}
