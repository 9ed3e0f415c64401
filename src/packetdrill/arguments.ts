/**
 * Arguments of system calls as numbers, lengths and addresses. What the script leaves to the tool (`...`)
 * is undefined here, and each call supplies its own.
 */
import { type AddressWords, parseIpAddress } from '../base/ip-address.ts';
import { constantValue } from './constants.ts';
import type { Field, Value } from './script.ts';
import { Unsupported } from './stack-under-test.ts';

/** A number; `...` reads as `fallback`, when there is one. */
export function numberOf(value: Value | undefined, fallback?: number): number {
  if (value === undefined || value.kind === 'ellipsis') {
    if (fallback === undefined) throw new Unsupported('an argument that is missing');
    return fallback;
  }
  switch (value.kind) {
    case 'number':
      return value.value;
    case 'symbol': {
      const known = constantValue(value.name);
      if (known === undefined) throw new Unsupported(`symbol ${value.name}`);
      return known;
    }
    case 'or':
      return value.operands.reduce((bits, operand) => (bits | numberOf(operand)) >>> 0, 0);
    case 'call':
      if (/^(hton|ntoh)[sl]$/.test(value.name)) return numberOf(value.args[0]);
      throw new Unsupported(`function ${value.name}`);
    default:
      throw new Unsupported(`a ${value.kind} where a number is asked`);
  }
}

export function isNull(value: Value | undefined): boolean {
  return value?.kind === 'symbol' && value.name === 'NULL';
}

/** The value in `[v]`; undefined for `...` and `[...]`, which are unchecked. */
export function outputOf(value: Value | undefined): Value | undefined {
  const inner = value?.kind === 'list' ? value.items[0] : value;
  return inner === undefined || inner.kind === 'ellipsis' ? undefined : inner;
}

export function fieldsOf(value: Value | undefined): readonly Field[] {
  if (value?.kind !== 'struct') throw new Unsupported('an argument that is no structure');
  return value.fields;
}

export function fieldOf(value: Value | undefined, name: string): Value | undefined {
  return fieldsOf(value).find((field) => field.name === name)?.value;
}

/** Total length of `msg_iov(n)=[{..., len}, …]` of a message header. */
export function vectorBytes(message: Value | undefined): number {
  return vectorListBytes(fieldOf(message, 'msg_iov'));
}

/** Total length of `[{..., len}, …]`. */
export function vectorListBytes(vectors: Value | undefined): number {
  if (vectors?.kind !== 'list') throw new Unsupported('vectors in this form');
  return vectors.items.reduce((bytes, item) => bytes + numberOf(fieldsOf(item)[1]?.value), 0);
}

export interface SocketAddress {
  readonly isUnspecified: boolean;
  /** Undefined: the tool's. */
  readonly address: AddressWords | undefined;
  readonly port: number | undefined;
}

/** `...`, `AF_UNSPEC`, or `{sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("…")}`. */
export function socketAddressOf(value: Value | undefined): SocketAddress {
  const usual = { isUnspecified: false, address: undefined, port: undefined };
  if (value === undefined || value.kind === 'ellipsis') return usual;
  if (value.kind === 'symbol' && value.name === 'AF_UNSPEC') {
    return { ...usual, isUnspecified: true };
  }
  const family = fieldOf(value, 'sa_family') ?? fieldOf(value, 'sin_family');
  const port = fieldOf(value, 'sin_port') ?? fieldOf(value, 'sin6_port');
  const address = fieldOf(value, 'sin_addr') ?? fieldOf(value, 'sin6_addr');
  return {
    isUnspecified: family !== undefined && numberOf(family) === 0,
    address: address === undefined ? undefined : addressOf(address),
    port: port === undefined ? undefined : numberOf(port),
  };
}

/** `inet_addr("192.0.2.1")`, `inet_pton("…")`, a bare string, or INADDR_ANY. */
function addressOf(value: Value): AddressWords | undefined {
  const text = value.kind === 'call' ? value.args[0] : value;
  if (text?.kind === 'ellipsis' || text?.kind === 'symbol') return undefined;
  if (text?.kind !== 'string') throw new Unsupported('an address in this form');
  const words = parseIpAddress(String.fromCharCode(...text.bytes));
  if (words === undefined) throw new Unsupported('an address that cannot be read');
  return words;
}
