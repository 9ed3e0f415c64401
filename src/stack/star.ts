/** A star: hosts around one switch, each with a link of the same kind both ways. Cold. */
import { type GraphPlan, type LinkKind, linkPair } from './graph-plan.ts';
import { hostAddress, type IpFamily } from './host-address.ts';

export interface StarConfig {
  readonly hosts: number;
  readonly family: IpFamily;
  /** From a host to the switch, and from the switch to a host. */
  readonly up: LinkKind;
  readonly down: LinkKind;
}

/** Hosts `h1` … `hN` around `switch`. */
export function planStar({ hosts, family, up, down }: StarConfig): GraphPlan {
  const numbers = Array.from({ length: hosts }, (_, index) => index + 1);
  return {
    nodes: [
      { name: 'switch', kind: 'switch' },
      ...numbers.map((n) => ({
        name: `h${n}`,
        kind: 'host' as const,
        address: hostAddress(family, 0, n),
      })),
    ],
    links: numbers.flatMap((n) => linkPair(`h${n}`, 'switch', up, down)),
  };
}
