/**
 * No frame is lost or made: at every port, what arrived and what duplication made is what was forwarded, dropped for
 * a reason, or is still inside (waiting, in transmission or on the line); and every frame there is, is in a port.
 * A run that breaks it has no result: it ends with an error that names the port and its figures. Cold.
 */
import { AssertionError } from '../base/assert.ts';
import { DROP_REASON_NAMES } from '../engine/drop-reason.ts';
import type { Link } from '../net/link.ts';
import type { Network } from '../net/network.ts';
import type { RunPlan } from './flow-run.ts';
import { dropCounts } from './link-drops.ts';
import type { DropCounts } from './replay-result.ts';

/** Of all ports together; each of them balances by itself. */
export interface ConservationResult {
  readonly ports: number;
  readonly arrivedPackets: number;
  readonly duplicatedPackets: number;
  readonly forwardedPackets: number;
  readonly drops: DropCounts;
  readonly insidePackets: number;
}

type Ports = Pick<RunPlan, 'network' | 'links' | 'topology'>;

/** Throws AssertionError for the first port that does not balance. */
export function assertConserved({ network, links, topology }: Ports): void {
  let inside = topology?.heldPackets ?? 0;
  for (const link of links) {
    const { arrivedPackets, duplicatedPackets, forwardedPackets, insidePackets } = link;
    inside += insidePackets;
    const gone = forwardedPackets + network.dropsAt(link.place) + insidePackets;
    if (arrivedPackets + duplicatedPackets !== gone) {
      throw new AssertionError(`conservation is broken at ${describe(network, link)}`);
    }
  }
  const { inUse } = network.pool;
  if (inUse === inside) return;
  throw new AssertionError(`conservation is broken: ${inUse} frames, of which ${inside} in ports`);
}

export function conservationOf({ network, links }: Ports): ConservationResult {
  const sum = (count: (link: Link) => number) =>
    links.reduce((total, link) => total + count(link), 0);
  return {
    ports: links.length,
    arrivedPackets: sum((link) => link.arrivedPackets),
    duplicatedPackets: sum((link) => link.duplicatedPackets),
    forwardedPackets: sum((link) => link.forwardedPackets),
    drops: dropCounts((reason) => sum(({ place }) => network.dropCount(place, reason))),
    insidePackets: sum((link) => link.insidePackets),
  };
}

function describe(network: Network, link: Link): string {
  const drops = DROP_REASON_NAMES.map(
    (name, reason) => [name, network.dropCount(link.place, reason)] as const,
  ).filter(([, count]) => count > 0);
  const dropped = drops.map(([name, count]) => `${name} ${count}`).join(', ');
  return (
    `port ${link.name}: ${link.arrivedPackets} arrived and ${link.duplicatedPackets} were made, but ` +
    `${link.forwardedPackets} were forwarded, ${dropped === '' ? 'none' : dropped} dropped and ` +
    `${link.insidePackets} are inside`
  );
}
