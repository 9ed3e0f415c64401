/**
 * Which scripts are out of scope whatever the stack does: those that use zero-copy sending, the error
 * queue, kernel timestamping, splice, sendfile or edge-triggered epoll. Found in what was parsed; a word in
 * a comment does not count.
 */
import type { Script, SyscallAction, Value } from './script.ts';

const CALLS = new Set(['splice', 'sendfile']);
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
  return CALLS.has(name) ? name : findInValues([...args, result]);
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
