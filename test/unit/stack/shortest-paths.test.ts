import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Edge, ShortestPaths } from '../../../src/stack/shortest-paths.ts';

interface RandomGraph {
  readonly forwards: readonly boolean[];
  readonly links: readonly { readonly from: number; readonly to: number; readonly cost: number }[];
}

const graphs: fc.Arbitrary<RandomGraph> = fc.integer({ min: 2, max: 9 }).chain((count) => {
  const node = fc.integer({ min: 0, max: count - 1 });
  const link = fc.record({ from: node, to: node, cost: fc.integer({ min: 1, max: 4 }) });
  return fc.record({
    forwards: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    links: fc.array(
      link.filter(({ from, to }) => from !== to),
      { maxLength: 24 },
    ),
  });
});

/** Costs of the cheapest paths that lead only through nodes that forward: Floyd and Warshall. */
function allDistances({ forwards, links }: RandomGraph): number[][] {
  const nodes = [...forwards.keys()];
  const distances = nodes.map((from) =>
    nodes.map((to) => (from === to ? 0 : Number.POSITIVE_INFINITY)),
  );
  const at = (from: number, to: number) => distances[from]?.[to] as number;
  for (const { from, to, cost } of links) {
    (distances[from] as number[])[to] = Math.min(cost, at(from, to));
  }
  for (const via of nodes) {
    if (!forwards[via]) continue;
    for (const from of nodes) {
      for (const to of nodes) {
        (distances[from] as number[])[to] = Math.min(at(from, to), at(from, via) + at(via, to));
      }
    }
  }
  return distances;
}

describe('shortest paths', () => {
  it('give every node with a choice all ports on cheapest paths, and no other', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { forwards, links } = graph;
        const edges: Edge[][] = forwards.map(() => []);
        for (const { from, to, cost } of links) {
          edges[from]?.push({ to, cost, port: edges[from]?.length ?? 0 });
        }
        const destinations = [...forwards.keys()].filter((node) => !forwards[node]);
        const found = new Map<string, readonly number[]>();
        new ShortestPaths({ edges, forwards }).forEachRoute(destinations, (at, to, ports) => {
          expect(found.has(`${at} ${to}`)).toBe(false);
          found.set(`${at} ${to}`, ports);
        });
        const distances = allDistances(graph);
        for (const [from, leaving] of edges.entries()) {
          const chooses = forwards[from] === true || leaving.length > 1;
          for (const to of destinations) {
            const distance = distances[from]?.[to] as number;
            const expected = leaving
              .filter((edge) => edge.to === to || forwards[edge.to])
              .filter((edge) => edge.cost + (distances[edge.to]?.[to] as number) === distance)
              .map(({ port }) => port);
            const isWanted = chooses && from !== to && Number.isFinite(distance);
            expect(found.get(`${from} ${to}`) ?? []).toEqual(isWanted ? expected : []);
          }
        }
      }),
      { seed: 0x5047, numRuns: 500 },
    );
  });
});
