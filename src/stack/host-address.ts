/**
 * Addresses of made-up hosts and routers: private ones by group (a rack, a side, a tier) and number, the same in
 * both families: 10.GROUP.N.N (RFC 1918) and fd00::GROUP:N (RFC 4193).
 */
import { assert } from '../base/assert.ts';

export type IpFamily = 'ipv4' | 'ipv6';

/** Numbers in a group: 1 up to this. */
export const HOSTS_PER_GROUP_MAX = 65_534;

/** @param group 0 to 255 @param number 1 to HOSTS_PER_GROUP_MAX */
export function hostAddress(family: IpFamily, group: number, number: number): string {
  assert(group >= 0 && group <= 255, 'a group of addresses is 0 to 255');
  assert(number >= 1 && number <= HOSTS_PER_GROUP_MAX, 'a group has 65534 addresses');
  if (family === 'ipv6') return `fd00::${group.toString(16)}:${number.toString(16)}`;
  return `10.${group}.${number >> 8}.${number & 255}`;
}
