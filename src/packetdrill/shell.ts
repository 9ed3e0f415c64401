/**
 * Shell text of a script as effects on our configuration. Nothing is executed: `sysctl name=value` and
 * scripts that write the same names become settings, changes of the route and of the device's queue are
 * understood in the forms that tests use, queries of counters pass, and anything else is named, so that the
 * script is skipped with that reason and never silently passed.
 */

export type ShellEffect =
  /** A kernel parameter with dots: `net.ipv4.tcp_sack`. */
  | { readonly kind: 'sysctl'; readonly name: string; readonly value: string }
  /** Path metrics of the remote address; undefined ones stay. */
  | {
      readonly kind: 'route';
      readonly isIpv6: boolean;
      readonly mtuBytes: number | undefined;
      readonly advmssBytes: number | undefined;
      readonly initialWindowSegments: number | undefined;
    }
  /** MTU of the device. */
  | { readonly kind: 'link'; readonly mtuBytes: number }
  /** The device's queue: 'closed' drops every packet that we send. */
  | { readonly kind: 'queue'; readonly discipline: 'fifo' | 'fq' | 'closed' }
  /** A look at what was counted since the last: every pattern has to be there. */
  | { readonly kind: 'counters'; readonly patterns: readonly string[] }
  /** Cached cookies and path metrics are gone. */
  | { readonly kind: 'forgetFastOpen' }
  | { readonly kind: 'unknown'; readonly text: string };

/**
 * The `defaults.sh` beside the scripts of Linux's own selftests, where it differs from that of the public suite: Fast
 * Open for those who ask.
 */
const KERNEL_DEFAULTS: ShellEffect[] = [
  { kind: 'sysctl', name: 'net.ipv4.tcp_fastopen', value: '0x3' },
];

/** Effects of one backquoted command, in order. */
export function interpretShell(text: string): ShellEffect[] {
  return splitCommands(text).flatMap(interpretCommand);
}

/** Commands separated by line ends, `;`, `&&` and `||`; comments and continued lines are resolved. */
function splitCommands(text: string): string[] {
  return text
    .replace(/\\\n/g, ' ')
    .replace(/(^|\s)#[^\n]*/g, '$1')
    .split(/\n|;|&&|\|\|/)
    .map((command) => command.replace(/\d*&?>\s*(?:\/dev\/null|&\d)/g, '').trim())
    .filter((command) => command !== '');
}

function interpretCommand(command: string): ShellEffect[] {
  const words = splitWords(command);
  const program = (words[0] ?? '').replace(/^.*\//, '');
  switch (program) {
    case 'sysctl':
      return interpretSettings(words.slice(1), command);
    case 'set_sysctls.py':
      return interpretSettings(words.slice(1), command);
    case 'tc':
      return interpretQueue(command);
    case 'ip':
      return interpretRoute(words, command);
    case 'echo':
      return interpretEcho(command);
    case 'defaults.sh':
      // What it sets is the `linux` profile.
      return words[0] === './defaults.sh' ? KERNEL_DEFAULTS : [];
    case 'nstat':
      return interpretCounters(command);
    case 'ethtool':
    case 'sleep':
    case 'true':
    case ':':
      return [];
    case 'grep':
      // A look at the kernel's own tables: it cannot fail here.
      return [];
    case 'rm':
    case 'dd':
      return [];
    default:
      // The script that undoes set_sysctls.py at the end.
      return /sysctl_restore/.test(command) ? [] : [{ kind: 'unknown', text: command }];
  }
}

/** `$((15*1024*1024))`: products and sums of whole numbers; anything else stays as it is. */
function calculate(value: string): string {
  return value.replace(/\$\(\(([\d*+ ]+)\)\)/g, (whole, sum: string) => {
    const terms = sum
      .split('+')
      .map((term) => term.split('*').reduce((product, factor) => product * Number(factor), 1));
    const total = terms.reduce((left, right) => left + right, 0);
    return Number.isSafeInteger(total) ? String(total) : whole;
  });
}

/** Words, with quotes around a value taken off: `net.ipv4.tcp_rmem="4096 540000 1"` is one. */
function splitWords(command: string): string[] {
  const words = command.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(/["']/g, ''));
}

function interpretSettings(words: readonly string[], command: string): ShellEffect[] {
  const settings = words.filter((word) => !word.startsWith('-'));
  return settings.map((word) => {
    const [, path, value] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    if (path === undefined || value === undefined) return { kind: 'unknown', text: command };
    const name = path.replace(/^\/proc\/sys\//, '').replaceAll('/', '.');
    return { kind: 'sysctl', name, value: calculate(value.trim()) };
  });
}

/** `nstat | grep NAME | grep -q " 3 "`. */
function interpretCounters(command: string): ShellEffect[] {
  const [, ...filters] = command.split('|');
  const patterns: string[] = [];
  for (const filter of filters) {
    const words = splitWords(filter.trim()).filter((word) => !word.startsWith('-'));
    const [program, pattern] = words;
    if (program !== 'grep' || pattern === undefined) return [{ kind: 'unknown', text: command }];
    patterns.push(pattern);
  }
  return [{ kind: 'counters', patterns }];
}

/** `echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect` sets `tcp_cubic.hystart_detect`. */
function interpretEcho(command: string): ShellEffect[] {
  const [, value, path] = /^echo\s+(\S+)\s*>\s*(\S+)$/.exec(command) ?? [];
  if (value === undefined || path === undefined) return [{ kind: 'unknown', text: command }];
  const name = path
    .replace(/^\/proc\/sys\//, '')
    .replace(/^\/sys\/module\/(\w+)\/parameters\//, '$1/')
    .replaceAll('/', '.');
  return [{ kind: 'sysctl', name, value }];
}

function interpretQueue(command: string): ShellEffect[] {
  if (!/\bqdisc\b/.test(command)) return [{ kind: 'unknown', text: command }];
  if (/\bdel(ete)?\b/.test(command)) return [{ kind: 'queue', discipline: 'fifo' }];
  if (/\b[pb]fifo\b.*\blimit 0\b/.test(command)) return [{ kind: 'queue', discipline: 'closed' }];
  if (/\bfq\b/.test(command)) return [{ kind: 'queue', discipline: 'fq' }];
  if (/\b[pb]fifo(_fast)?\b/.test(command)) return [{ kind: 'queue', discipline: 'fifo' }];
  return [{ kind: 'unknown', text: command }];
}

function interpretRoute(words: readonly string[], command: string): ShellEffect[] {
  if (/\btcp_metrics flush\b/.test(command)) return [{ kind: 'forgetFastOpen' }];
  const linkMtu = /\blink set\b/.test(command) ? numberBehind(words, 'mtu') : undefined;
  if (linkMtu !== undefined) return [{ kind: 'link', mtuBytes: linkMtu }];
  if (!/\broute (change|replace|add)\b/.test(command)) return [{ kind: 'unknown', text: command }];
  return [
    {
      kind: 'route',
      isIpv6: words.includes('-6'),
      mtuBytes: numberBehind(words, 'mtu'),
      advmssBytes: numberBehind(words, 'advmss'),
      initialWindowSegments: numberBehind(words, 'initcwnd'),
    },
  ];
}

/** `mtu 1500` and `mtu lock 1500`. */
function numberBehind(words: readonly string[], name: string): number | undefined {
  const at = words.indexOf(name);
  if (at < 0) return undefined;
  const text = words[at + 1] === 'lock' ? words[at + 2] : words[at + 1];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
