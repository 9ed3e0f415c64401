/** The catalogue: every scenario that can be run by its name. */
import { NetError } from '../../base/errors.ts';
import { bufferbloat } from './bufferbloat.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import { dumbbell } from './dumbbell.ts';
import { fatTree, leafSpine, star } from './fabric.ts';
import { incast } from './incast.ts';
import { microburst } from './microburst.ts';
import { parkingLot } from './parking-lot.ts';

export const CATALOG: readonly CatalogEntry[] = [
  dumbbell,
  incast,
  microburst,
  parkingLot,
  star,
  leafSpine,
  fatTree,
  bufferbloat,
];

/** Throws NetError for a name that is not in the catalogue. */
export function findScenario(name: string): CatalogEntry {
  const entry = CATALOG.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const names = CATALOG.map((known) => known.name).join(', ');
  throw NetError.value('scenario', `one of ${names}`, name);
}
