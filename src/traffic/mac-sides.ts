/**
 * The side of frames that are no IP (ARP, LLDP, …): that of their source's MAC address, learned from the
 * first packet of each IP flow; of an address never seen, the client's side, since who sends first is the
 * client. Only Ethernet has both addresses. Cold: once a flow, and for the few frames that are no IP.
 */
import { LinkLayer } from '../wire/link-layer.ts';
import type { ReplayInput } from './replay-input.ts';
import { PathDirection } from './replay-ledger.ts';

const MAC_BYTES = 6;
const GROUP_BIT = 1;
/** Addresses kept; a capture with more has no more to tell. */
const ADDRESSES_MAX = 65_536;

export class MacSides {
  /** Direction of the frames an address sends. */
  readonly #directions = new Map<number, PathDirection>();

  /** The packet of `row` goes in `direction`: so do others of its source, and its destination's come back. */
  learn(input: ReplayInput, row: number, direction: PathDirection): void {
    if (!hasMacAddresses(input, row) || this.#directions.size >= ADDRESSES_MAX) return;
    const offset = input.rows.offset[row];
    this.#remember(input.view, offset + MAC_BYTES, direction);
    this.#remember(input.view, offset, 1 - direction);
  }

  directionOf(input: ReplayInput, row: number): PathDirection {
    if (!hasMacAddresses(input, row)) return PathDirection.ToServer;
    const offset = input.rows.offset[row];
    const known = this.#directions.get(macKey(input.view, offset + MAC_BYTES));
    if (known !== undefined) return known;
    this.learn(input, row, PathDirection.ToServer);
    return PathDirection.ToServer;
  }

  #remember(view: DataView, at: number, direction: PathDirection): void {
    if ((view.getUint8(at) & GROUP_BIT) !== 0) return;
    const key = macKey(view, at);
    if (!this.#directions.has(key)) this.#directions.set(key, direction);
  }
}

function hasMacAddresses(input: ReplayInput, row: number): boolean {
  const isEthernet = input.linkLayerOf(row) === LinkLayer.Ethernet;
  return isEthernet && input.rows.capturedLength[row] >= 2 * MAC_BYTES;
}

const macKey = (view: DataView, at: number): number =>
  view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
