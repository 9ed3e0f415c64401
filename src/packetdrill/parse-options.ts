/**
 * Option lines, `--name=value` or `--name`, in a script or on the command line; the same table serves
 * both. `--define=NAME=value` is read before anything else, since it changes the text.
 */
import { NetError } from '../base/errors.ts';
import { parseIpAddress } from '../base/ip-address.ts';
import type { IpVersion, ScriptOptions } from './script.ts';

const NS_PER_US = 1000;
/** RFC 791 §3.2. */
const MTU_BYTES_MIN = 68;
const MTU_BYTES_MAX = 65_535;

export const DEFAULT_OPTIONS: ScriptOptions = {
  toleranceNs: 4000 * NS_PER_US,
  tolerancePercent: 12.5,
  ipVersion: 'ipv4',
  localIp: undefined,
  remoteIp: undefined,
  mtuBytes: undefined,
  mssBytes: undefined,
  strictSegments: false,
  timestampTickNs: 0,
  timestampEcrScaled: false,
};

type OptionReader = (value: string, name: string) => Partial<ScriptOptions>;

const READERS: Readonly<Record<string, OptionReader>> = {
  tolerance_usecs: (value, name) => ({ toleranceNs: readCount(name, value) * NS_PER_US }),
  tolerance_percent: (value, name) => ({ tolerancePercent: readFraction(name, value) }),
  ip_version: (value, name) => ({ ipVersion: readIpVersion(name, value) }),
  local_ip: (value, name) => ({ localIp: readAddress(name, value) }),
  remote_ip: (value, name) => ({ remoteIp: readAddress(name, value) }),
  mtu: (value, name) => ({ mtuBytes: readSize(name, value, MTU_BYTES_MIN) }),
  mss: (value, name) => ({ mssBytes: readSize(name, value, 1) }),
  strict_segments: () => ({ strictSegments: true }),
  tcp_ts_tick_usecs: (value, name) => ({ timestampTickNs: readCount(name, value) * NS_PER_US }),
  tcp_ts_ecr_scaled: () => ({ timestampEcrScaled: true }),
};

/** Accepted, and without meaning for a stack in virtual time. */
const WITHOUT_MEANING = new Set([
  'is_anyip',
  'tun_dev',
  'wire_server_ip',
  'wire_server_at',
  'wire_server_port',
  'wire_client_dev',
  'wire_server_dev',
  'so_flags',
  'non_fatal',
  'verbose',
  'verbosity',
  'debug',
  'dry_run',
  'netmask_ip',
  'gateway_ip',
  'connect_port',
  'bind_port',
  'speed',
  'socket_under_test',
  'init_scripts',
  'wire_client',
  'wire_server',
  'persistent_tun_dev',
  'send_omit_free',
  'code_command',
  'code_format',
  'code_sockopt',
]);

/** Of the language or one of its dialects, and beyond us: what a script with it needs. */
const BEYOND_US: Readonly<Record<string, string>> = {
  psp_udp_port: 'PSP',
  udp_encapsulation: 'TCP in UDP',
  tcp_md5_secret: 'signatures of RFC 2385',
  so_filename: 'a stack in a shared library',
};

/** What the option line needs that we do not have; undefined for any other. */
export function findUnsupportedOption(text: string): string | undefined {
  const name = /^--?([A-Za-z_]\w*)/.exec(text.trim())?.[1] ?? '';
  return Object.hasOwn(BEYOND_US, name) ? BEYOND_US[name] : undefined;
}

/**
 * Adds one option (`--mtu=1520`, without comment) to `options`. Throws NetError for an unknown name or
 * a value that cannot be.
 */
export function applyOption(options: ScriptOptions, text: string): ScriptOptions {
  const parts = /^--?([A-Za-z_]\w*)(?:=(.*))?$/.exec(text.trim());
  const name = parts?.[1] ?? '';
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (reader !== undefined) {
    const changed = { ...options, ...reader(unquote((parts?.[2] ?? '').trim()), name) };
    // What the caller prefers of a version's MTU does not hold for another version.
    return changed.ipVersion === options.ipVersion ? changed : { ...changed, mtuBytes: undefined };
  }
  if (WITHOUT_MEANING.has(name)) return options;
  throw NetError.value('option', 'an option of the packetdrill language', text.trim());
}

/** `--define=NAME=value`, `-DNAME=value` or `NAME=value`; undefined for any other text. */
export function readDefinition(text: string): [name: string, value: string] | undefined {
  const parts = /^\s*(?:--define[= ]|-D\s*)?([A-Za-z_]\w*)=(.*?)\s*$/.exec(text);
  return parts === null ? undefined : [parts[1] as string, unquote(parts[2] as string)];
}

const unquote = (text: string): string => /^"(.*)"$/.exec(text)?.[1] ?? text;

function readCount(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw NetError.value(`--${name}`, 'an integer', value);
  return Number(value);
}

/** Of a packet. */
function readSize(name: string, value: string, least: number): number {
  const bytes = readCount(name, value);
  if (bytes >= least && bytes <= MTU_BYTES_MAX) return bytes;
  throw NetError.value(`--${name}`, `${least} to ${MTU_BYTES_MAX} bytes`, value);
}

function readFraction(name: string, value: string): number {
  if (!/^\d{1,6}(\.\d+)?$/.test(value)) throw NetError.value(`--${name}`, 'a number', value);
  return Number(value);
}

function readIpVersion(name: string, value: string): IpVersion {
  if (value === 'ipv4' || value === 'ipv6' || value === 'ipv4-mapped-ipv6') return value;
  throw NetError.value(`--${name}`, 'ipv4, ipv4-mapped-ipv6 or ipv6', value);
}

function readAddress(name: string, value: string): string {
  if (parseIpAddress(value) === undefined) throw NetError.value(`--${name}`, 'an address', value);
  return value;
}
