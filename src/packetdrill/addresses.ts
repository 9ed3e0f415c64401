/**
 * The two ends of a script: addresses and ports, from options or the usual ones of packetdrill's network
 * (192.168.0.1 and 192.0.2.1; fd3d:a0b:17d6::1 and fd3d:fa7b:d17d::1), and the definitions that its public
 * suite is run with.
 */
import { NetError } from '../base/errors.ts';
import { type AddressWords, isMappedIpv4, parseIpAddress } from '../base/ip-address.ts';
import type { Bytes } from '../base/units.ts';
import type { IpVersion, ScriptOptions } from './script.ts';

/** Port that `bind` and `connect` get for `...`. */
export const SERVICE_PORT = 8080;
/** First port of peers that connect to us. */
export const PEER_PORT_FIRST = 50_000;

export interface ScriptAddresses {
  readonly local: AddressWords;
  readonly remote: AddressWords;
  /** Family on the wire; sockets of 'ipv4-mapped-ipv6' are IPv6, their packets IPv4. */
  readonly isIpv6: boolean;
}

const MTU_BYTES: Bytes = 1500;
/** RFC 8200 §5. */
const IPV6_MTU_BYTES_MIN: Bytes = 1280;

const USUAL = {
  4: { local: '192.168.0.1', remote: '192.0.2.1' },
  6: { local: 'fd3d:a0b:17d6::1', remote: 'fd3d:fa7b:d17d::1' },
} as const;

/** Throws NetError when an address is of the other family, or the MTU is below what the family asks of a link. */
export function scriptAddresses(options: ScriptOptions): ScriptAddresses {
  const isIpv6 = options.ipVersion === 'ipv6';
  const mtuBytes = scriptMtuBytes(options);
  if (isIpv6 && mtuBytes < IPV6_MTU_BYTES_MIN) {
    throw NetError.value('--mtu', `at least ${IPV6_MTU_BYTES_MIN} for IPv6`, String(mtuBytes));
  }
  const usual = USUAL[isIpv6 ? 6 : 4];
  return {
    local: readAddress('--local_ip', options.localIp ?? usual.local, isIpv6),
    remote: readAddress('--remote_ip', options.remoteIp ?? usual.remote, isIpv6),
    isIpv6,
  };
}

function readAddress(name: string, text: string, isIpv6: boolean): AddressWords {
  const words = parseIpAddress(text);
  if (words === undefined || isMappedIpv4(words) === isIpv6) {
    throw NetError.value(name, isIpv6 ? 'an IPv6 address' : 'an IPv4 address', text);
  }
  return words;
}

/**
 * MTU for scripts that say nothing of the version: an IPv6 header is 20 bytes longer, and they expect an MSS of
 * 1460 whatever they are run with.
 */
export function usualMtuBytes(ipVersion: IpVersion): Bytes {
  return ipVersion === 'ipv6' ? 1520 : MTU_BYTES;
}

export function scriptMtuBytes(options: ScriptOptions): Bytes {
  return options.mtuBytes ?? MTU_BYTES;
}

/**
 * Names that the public suite leaves to its driver: Fast Open cookies of the usual addresses under the usual
 * key (and under the zero key), and the control-message words of each IP version.
 */
export function suiteDefinitions(options: ScriptOptions): ReadonlyMap<string, string> {
  const isIpv6 = options.ipVersion === 'ipv6';
  return new Map([
    ['TFO_COOKIE', isIpv6 ? 'c1d1e9742a47a9bc' : '3021b9d889017eeb'],
    ['TFO_COOKIE_ZERO', isIpv6 ? '82af1a8f9a205c34' : 'b7c12350a90dc8f5'],
    ['CMSG_LEVEL_IP', isIpv6 ? 'SOL_IPV6' : 'SOL_IP'],
    ['CMSG_TYPE_RECVERR', isIpv6 ? 'IPV6_RECVERR' : 'IP_RECVERR'],
    ['CODE', isIpv6 ? 'address_unreachable' : 'host_unreachable'],
  ]);
}
