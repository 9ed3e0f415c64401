/**
 * Which scripts are out of scope whatever the stack does: those that use zero-copy sending, the error
 * queue, kernel timestamping, splice, sendfile or edge-triggered epoll. Found in what was parsed; a word in
 * a comment does not count.
 */
import { constantValue } from './constants.ts';
import type { Script, SyscallAction, Value } from './script.ts';

const CALLS = new Set(['splice', 'sendfile']);
/** Where a call has its flags, and the bit that a number may hide. */
const FLAG_ARGUMENTS: Readonly<Record<string, readonly [number, 'MSG_ZEROCOPY' | 'MSG_ERRQUEUE']>> =
  {
    send: [3, 'MSG_ZEROCOPY'],
    sendto: [3, 'MSG_ZEROCOPY'],
    sendmsg: [2, 'MSG_ZEROCOPY'],
    recv: [3, 'MSG_ERRQUEUE'],
    recvfrom: [3, 'MSG_ERRQUEUE'],
    recvmsg: [2, 'MSG_ERRQUEUE'],
  };
const SYMBOLS = new Set(['MSG_ZEROCOPY', 'MSG_ERRQUEUE', 'SO_TIMESTAMPING', 'EPOLLET']);

/** The first use that puts the script out of scope, like `MSG_ZEROCOPY`; undefined when there is none. */
export function findIneligibleUse(script: Script): string | undefined {
  for (const { action } of script.events) {
    const use = action.kind === 'syscall' ? findInCall(action) : undefined;
    if (use !== undefined) return use;
  }
  return undefined;
}

function findInCall({ name, args, result }: SyscallAction): string | undefined {
  if (CALLS.has(name)) return name;
  return findInValues([...args, result]) ?? findInFlags(name, args);
}

function findInFlags(name: string, args: readonly Value[]): string | undefined {
  const [index, symbol] = FLAG_ARGUMENTS[name] ?? [];
  const flags = index === undefined ? undefined : args[index];
  if (symbol === undefined || flags?.kind !== 'number') return undefined;
  return (flags.value & (constantValue(symbol) ?? 0)) === 0 ? undefined : symbol;
}

function findInValues(values: readonly Value[]): string | undefined {
  for (const value of values) {
    if (value.kind === 'symbol' && SYMBOLS.has(value.name)) return value.name;
    const use = findInValues(childrenOf(value));
    if (use !== undefined) return use;
  }
  return undefined;
}

function childrenOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case 'or':
      return value.operands;
    case 'list':
      return value.items;
    case 'call':
      return value.args;
    case 'struct':
      return value.fields.map((field) => field.value);
    default:
      return [];
  }
}
