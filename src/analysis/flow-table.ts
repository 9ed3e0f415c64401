/**
 * The flows of a capture: every packet belongs to one, both directions are one flow, and a flow is a row in
 * growing typed arrays (analysis/flow-record). Look-up is by open addressing over interned addresses and ports.
 *
 * A SYN whose sequence number is not the one this side began with starts a new connection on the same ports, as
 * tshark has it (tcp.stream); the old row stays. Later fragments join the flow of their first one. VLAN and
 * interface do not tell flows apart, and nothing looks into tunnels or quoted packets.
 * Hot: no allocation but the arrays' growth. 224 bytes a flow, 1.0e6 flows work.
 */
import { finishHash } from '../base/hash.ts';
import { AddressTable } from '../frame/address-table.ts';
import { ETHERTYPE_MIN } from '../wire/ethernet.ts';
import { IpProtocol } from '../wire/ipv4.ts';
import {
  ADDRESS_WORDS,
  Cell,
  FragmentKind,
  Octet,
  type PacketColumns,
} from '../wire/packet-columns.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { FragmentTable, NO_FLOW } from './_fragment-table.ts';
import { GapLists, NO_LIST } from './_gap-lists.ts';
import { tallyTcp } from './_tcp-tally.ts';
import {
  FLOW_DOUBLES,
  FLOW_WORDS,
  FlowBit,
  FlowDouble,
  FlowKind,
  FlowWord,
  SIDE_DOUBLES,
  SIDE_WORDS,
  SideDouble,
  SideWord,
} from './flow-record.ts';
import { NoEtherType } from './protocol-name.ts';

const FIRST_FLOWS = 64;
/** Words a slot: hash, flow + 1 (0: empty). A hash << 1 is a slot before the mask. */
const SLOT_WORDS = 2;
/** Odd, near 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming, §6.4). */
const FOLD = 0x9e3779b1;
/** What has no addresses has :: at both ends. */
const NO_ADDRESSES = new Int32Array(ADDRESS_WORDS);

export class FlowTable {
  /** Write the packet's time here (ns since the capture's first packet), then call add(). */
  readonly timeNs = new Float64Array(1);
  /** FLOW_WORDS a flow. */
  words = new Int32Array(FIRST_FLOWS * FLOW_WORDS);
  /** FLOW_DOUBLES a flow. */
  doubles = new Float64Array(FIRST_FLOWS * FLOW_DOUBLES);
  readonly addresses: AddressTable;
  /** @internal For the TCP tally. */
  readonly gaps = new GapLists();

  #count = 0;
  #slots = new Int32Array(FIRST_FLOWS * 4 * SLOT_WORDS);
  /** Where the last look-up ended, and the hash it looked for. */
  #slot = 0;
  #hash = 0;
  readonly #fragments = new FragmentTable();

  /** Pass an address table to share it; the indices in the rows are its. */
  constructor(addresses: AddressTable = new AddressTable()) {
    this.addresses = addresses;
  }

  /** Flows so far, numbered 0, 1, 2 … in order of their first packets. */
  get count(): number {
    return this.#count;
  }

  /**
   * Counts the packet in `row` at the time in `timeNs`. Returns flow << 1 | side of its sender; side 0 is
   * the one that sent the flow's first packet.
   */
  add(columns: PacketColumns, row: number): number {
    const cells = columns.cells;
    const found = this.#locate(columns, row);
    const isTcp =
      columns.octets[Octet.Protocol + row] === IpProtocol.Tcp &&
      cells[Cell.TransportOffset + row] >= 0;
    const located =
      isTcp && this.#isNewConnection(found, columns, row) ? this.#reopen(found) : found;
    const flow = located >> 1;
    const side = located & 1;
    this.words[flow * FLOW_WORDS + FlowWord.Sides + side * SIDE_WORDS + SideWord.Packets]++;
    const doubles = this.doubles;
    const at = flow * FLOW_DOUBLES;
    const sideAt = at + FlowDouble.Sides + side * SIDE_DOUBLES;
    doubles[sideAt + SideDouble.Bytes] += cells[Cell.WireLength + row];
    doubles[sideAt + SideDouble.PayloadBytes] += cells[Cell.PayloadLength + row];
    const time = this.timeNs;
    if (time[0] > doubles[at + FlowDouble.LastNs]) doubles[at + FlowDouble.LastNs] = time[0];
    if (time[0] < doubles[at + FlowDouble.FirstNs]) doubles[at + FlowDouble.FirstNs] = time[0];
    if (isTcp) tallyTcp(this, cells, row, located);
    return located;
  }

  /** The flow of a packet and the side of its sender, new on first sight. */
  #locate(columns: PacketColumns, row: number): number {
    const cells = columns.cells;
    const octets = columns.octets;
    if (octets[Octet.IpVersion + row] === 0) {
      const etherType = cells[Cell.EtherType + row];
      const isLength = etherType >= 0 && etherType < ETHERTYPE_MIN;
      const port = isLength
        ? NoEtherType.Ieee8023
        : etherType < 0
          ? NoEtherType.Unknown
          : etherType;
      return this.#find(NO_ADDRESSES, 0, port, port, FlowKind.Link << 8);
    }
    const ends = Cell.Addresses + row * ADDRESS_WORDS;
    const protocol = octets[Octet.Protocol + row];
    const port = cells[Cell.SourcePort + row];
    const isFragment = octets[Octet.IsFragment + row] !== FragmentKind.Whole;
    if (port < 0) {
      const known = isFragment ? this.#findFirstFragment(columns, row) : NO_FLOW;
      if (known !== NO_FLOW) return known;
      return this.#find(cells, ends, 0, 0, (FlowKind.Protocol << 8) | protocol);
    }
    const isEcho = protocol === IpProtocol.Icmp || protocol === IpProtocol.Icmpv6;
    const otherPort = isEcho ? port : cells[Cell.DestinationPort + row];
    const kind = isEcho ? FlowKind.Echo << 8 : FlowKind.Ports << 8;
    const located = this.#find(cells, ends, port, otherPort, kind | protocol);
    if (isFragment) this.#rememberFirstFragment(columns, row, located);
    return located;
  }

  #rememberFirstFragment(columns: PacketColumns, row: number, located: number): void {
    this.#fragments.remember(
      this.addresses.intern(columns.addresses, row * ADDRESS_WORDS),
      this.addresses.intern(columns.addresses, row * ADDRESS_WORDS + 4),
      columns.identification[row],
      columns.protocol[row],
      located,
    );
  }

  #findFirstFragment(columns: PacketColumns, row: number): number {
    return this.#fragments.find(
      this.addresses.intern(columns.addresses, row * ADDRESS_WORDS),
      this.addresses.intern(columns.addresses, row * ADDRESS_WORDS + 4),
      columns.identification[row],
      columns.protocol[row],
    );
  }

  /** `ends` holds the source address at `at` and the destination address behind it. */
  #find(
    ends: Int32Array,
    at: number,
    sourcePort: number,
    destinationPort: number,
    kind: number,
  ): number {
    const forward = (sourcePort << 16) | destinationPort;
    const slots = this.#slots;
    // Packets come in trains: a look at the last flow found saves most hashes.
    const last = slots[this.#slot + 1];
    const lastSide = last === 0 ? -1 : this.#sideOf(last - 1, ends, at, forward, kind);
    if (lastSide >= 0) return ((last - 1) << 1) | lastSide;
    // A sum, so that both directions have one hash.
    const sum = (hashEnd(ends, at, sourcePort) + hashEnd(ends, at + 4, destinationPort)) | 0;
    const hash = finishHash(sum ^ kind);
    const mask = slots.length - 1;
    let slot = (hash << 1) & mask;
    for (; slots[slot + 1] !== 0; slot = (slot + SLOT_WORDS) & mask) {
      if (slots[slot] !== hash) continue;
      const flow = slots[slot + 1] - 1;
      const side = this.#sideOf(flow, ends, at, forward, kind);
      if (side < 0) continue;
      this.#slot = slot;
      return (flow << 1) | side;
    }
    this.#slot = slot;
    this.#hash = hash;
    const source = this.addresses.intern(ends, at);
    return this.#addFlow(source, this.addresses.intern(ends, at + 4), forward, kind) << 1;
  }

  /** Which side of the flow sends from the first end to the second; -1 when it is another flow. */
  #sideOf(flow: number, ends: Int32Array, at: number, forward: number, kind: number): number {
    const words = this.words;
    const own = flow * FLOW_WORDS;
    if (words[own + FlowWord.Kind] !== kind) return -1;
    const ports = words[own + FlowWord.Ports];
    const address0 = words[own + FlowWord.Address0];
    const address1 = words[own + FlowWord.Address1];
    if (ports === forward && this.#areEnds(address0, address1, ends, at)) return 0;
    const backward = (forward << 16) | (forward >>> 16);
    return ports === backward && this.#areEnds(address1, address0, ends, at) ? 1 : -1;
  }

  /** True when the eight words at `at` are the two interned addresses. */
  #areEnds(source: number, destination: number, ends: Int32Array, at: number): boolean {
    const words = this.addresses.words;
    const first = source << 2;
    const second = destination << 2;
    return (
      words[first + 3] === ends[at + 3] &&
      words[second + 3] === ends[at + 7] &&
      words[first + 2] === ends[at + 2] &&
      words[second + 2] === ends[at + 6] &&
      words[first + 1] === ends[at + 1] &&
      words[second + 1] === ends[at + 5] &&
      words[first] === ends[at] &&
      words[second] === ends[at + 4]
    );
  }

  /** A SYN of another connection between the same ports. */
  #isNewConnection(located: number, columns: PacketColumns, row: number): boolean {
    const flags = columns.cells[Cell.TcpFlags + row];
    if ((flags & (TcpFlag.Syn | TcpFlag.Ack)) !== TcpFlag.Syn) return false;
    const at = (located >> 1) * FLOW_WORDS;
    const side = located & 1;
    const own = at + FlowWord.Sides + side * SIDE_WORDS;
    return (
      (this.words[at + FlowWord.Bits] & (FlowBit.HasSequence0 << side)) !== 0 &&
      this.words[own + SideWord.InitialSequence] !== columns.cells[Cell.Sequence + row]
    );
  }

  /** A new row for the ends of the located one, which the look-up finds from now on. */
  #reopen(located: number): number {
    const at = (located >> 1) * FLOW_WORDS;
    const words = this.words;
    const isBackward = (located & 1) === 1;
    const source = words[at + (isBackward ? FlowWord.Address1 : FlowWord.Address0)];
    const destination = words[at + (isBackward ? FlowWord.Address0 : FlowWord.Address1)];
    const ports = words[at + FlowWord.Ports];
    const forward = isBackward ? (ports << 16) | (ports >>> 16) : ports;
    this.#hash = this.#slots[this.#slot];
    return this.#addFlow(source, destination, forward, words[at + FlowWord.Kind]) << 1;
  }

  /** A row in the slot and under the hash of the last look-up. */
  #addFlow(source: number, destination: number, ports: number, kind: number): number {
    const flow = this.#count++;
    if (flow * FLOW_WORDS === this.words.length) this.#growRows();
    const words = this.words;
    const at = flow * FLOW_WORDS;
    words[at + FlowWord.Address0] = source;
    words[at + FlowWord.Address1] = destination;
    words[at + FlowWord.Ports] = ports;
    words[at + FlowWord.Kind] = kind;
    for (let own = at + FlowWord.Sides; own < at + FLOW_WORDS; own += SIDE_WORDS) {
      words[own + SideWord.Mss] = -1;
      words[own + SideWord.WindowScale] = -1;
      words[own + SideWord.Gaps] = NO_LIST;
    }
    this.doubles[flow * FLOW_DOUBLES + FlowDouble.FirstNs] = this.timeNs[0];
    this.doubles[flow * FLOW_DOUBLES + FlowDouble.LastNs] = this.timeNs[0];
    this.#slots[this.#slot] = this.#hash;
    this.#slots[this.#slot + 1] = flow + 1;
    if (this.#count * SLOT_WORDS * 2 > this.#slots.length) this.#growSlots();
    return flow;
  }

  #growRows(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
    const doubles = new Float64Array(this.doubles.length * 2);
    doubles.set(this.doubles);
    this.doubles = doubles;
  }

  #growSlots(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (let from = 0; from < old.length; from += SLOT_WORDS) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from] << 1) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + SLOT_WORDS) & mask;
      slots[slot] = old[from];
      slots[slot + 1] = old[from + 1];
    }
    this.#slots = slots;
  }
}

/** Words folded by multiplication, a third of mixWord's cost, then mixed so that the sum of two ends is one too. */
function hashEnd(words: Int32Array, at: number, port: number): number {
  let hash = (Math.imul(words[at], FOLD) + words[at + 1]) | 0;
  hash = (Math.imul(hash, FOLD) + words[at + 2]) | 0;
  hash = (Math.imul(hash, FOLD) + words[at + 3]) | 0;
  return finishHash((Math.imul(hash, FOLD) + port) | 0);
}
