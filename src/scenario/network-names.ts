/**
 * The names of a network's nodes as a scenario file uses them: of a single node, or of a group, which stands for its
 * members NAME1, NAME2 and so on. Mistakes are a user's: NetError with the place in the file. Cold.
 */
import { NetError } from '../base/errors.ts';
import type { GraphNode } from '../stack/graph-plan.ts';
import type { NetworkSpec } from './network-schema.ts';
import { switchOptionsOf } from './switch-options.ts';

const SHOWN = 8;

/** The first few of many, for errors. */
export function showNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown}, …` : shown;
}

export class NetworkNames {
  readonly nodes: readonly GraphNode[];
  readonly #groups = new Map<string, readonly string[]>();
  readonly #kinds = new Map<string, GraphNode['kind']>();

  constructor(specs: NetworkSpec['nodes']) {
    const nodes: GraphNode[] = [];
    for (const [name, spec] of Object.entries(specs)) {
      const fields: NodeFields = typeof spec === 'string' ? { kind: spec } : spec;
      const { kind, count, address } = fields;
      checkAddress(name, kind, count, address);
      const options = switchOptionsOf(`nodes.${name}`, fields);
      const members = Array.from({ length: count ?? 1 }, (_, index) =>
        count === undefined ? name : `${name}${index + 1}`,
      );
      for (const member of members) {
        if (this.#kinds.has(member)) {
          throw NetError.value(`nodes.${name}`, 'names used only once', member);
        }
        this.#kinds.set(member, kind);
        this.#groups.set(member, [member]);
        nodes.push({ name: member, kind, address, switch: options });
      }
      this.#groups.set(name, members);
    }
    this.nodes = nodes;
  }

  /** The nodes of a name: one, or those of a group. */
  members(where: string, name: string): readonly string[] {
    const members = this.#groups.get(name);
    if (members !== undefined) return members;
    throw NetError.value(where, `a node (${showNames([...this.#groups.keys()])})`, name);
  }

  one(where: string, name: string): string {
    const [only, ...others] = this.members(where, name);
    if (only !== undefined && others.length === 0) return only;
    throw NetError.value(where, 'one node, not a group', name);
  }

  /** The hosts of a name. */
  hosts(where: string, name: string): readonly string[] {
    const members = this.members(where, name);
    const other = members.find((member) => this.#kinds.get(member) !== 'host');
    if (other === undefined) return members;
    throw NetError.value(where, 'a host', `${name}, a ${this.#kinds.get(other)}`);
  }

  /** All hosts of several names, in their order. */
  allHosts(where: string, names: readonly string[]): readonly string[] {
    return names.flatMap((name) => this.hosts(where, name));
  }
}

type NodeFields = Exclude<NetworkSpec['nodes'][string], string>;

function checkAddress(
  name: string,
  kind: GraphNode['kind'],
  count: number | undefined,
  address: string | undefined,
): void {
  if (address === undefined) return;
  const where = `nodes.${name}.address`;
  if (kind === 'switch') throw NetError.value(where, 'none, since a switch has none', address);
  if (count !== undefined) throw NetError.value(where, 'none, since it is a group', address);
}
