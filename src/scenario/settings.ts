/**
 * Settings that change a scenario before it is checked: `links.0.rate=20 Mbps`. A path leads through objects by key
 * and through lists by index, or by the `name` of an entry; its last part may be new. Cold.
 */
import { NetError } from '../base/errors.ts';

/** Values by path, as `--set` gives them. */
export type Settings = Readonly<Record<string, string>>;

/** A copy of `input` with the settings in it. Throws NetError for a path that leads nowhere. */
export function applySettings(input: unknown, settings: Settings): unknown {
  const changed = copyOf(input);
  for (const [path, text] of Object.entries(settings)) setAt(changed, path, readValue(text));
  return changed;
}

/** Numbers, truth values and JSON as such; everything else is a text. */
function readValue(text: string): unknown {
  if (!/^(?:-?\d+(?:\.\d+)?|true|false|[[{].*)$/s.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function setAt(root: unknown, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() as string;
  let at = root;
  for (const [depth, key] of keys.entries()) {
    const next = childOf(at, key);
    const isContainer = typeof next.value === 'object' && next.value !== null;
    if (!isContainer) {
      const where = keys.slice(0, depth + 1).join('.');
      throw NetError.value(`--set ${path}`, `${where} to be there (${next.known})`, 'nothing');
    }
    at = next.value;
  }
  if (Array.isArray(at)) {
    const index = indexOf(at, last);
    if (index < 0) throw NetError.value(`--set ${path}`, `one of ${namesOf(at)}`, last);
    at[index] = value;
  } else {
    Object.defineProperty(at, last, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
}

interface Child {
  readonly value: unknown;
  /** Keys that there are. */
  readonly known: string;
}

function childOf(at: unknown, key: string): Child {
  if (Array.isArray(at)) return { value: at[indexOf(at, key)], known: namesOf(at) };
  const object = at as Readonly<Record<string, unknown>>;
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return { value, known: Object.keys(object).join(', ') };
}

function indexOf(list: readonly unknown[], key: string): number {
  if (/^\d+$/.test(key) && Number(key) < list.length) return Number(key);
  return list.findIndex((entry) => nameOf(entry) === key);
}

function namesOf(list: readonly unknown[]): string {
  return list.map((entry, index) => nameOf(entry) ?? String(index)).join(', ');
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('name' in entry)) return undefined;
  return typeof entry.name === 'string' ? entry.name : undefined;
}

const DEPTH_MAX = 50;

/** Of plain data: lists, objects, texts, numbers. An alias of YAML can make a value contain itself. */
function copyOf(value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) throw NetError.value('scenario', `at most ${DEPTH_MAX} levels`, 'more');
  if (Array.isArray(value)) return value.map((entry) => copyOf(entry, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, copyOf(entry, depth + 1)]),
  );
}
