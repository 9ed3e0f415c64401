/**
 * What received text takes of the receive buffer where a device puts each packet into a block of its own, as Linux counts
 * it: the block and a descriptor, whatever of the block the text fills. What follows the text of a block and fits behind it
 * is copied there and takes nothing. Blocks are freed as their text is read. A packet of a page or more, which
 * offload has merged, lies in whole pages. The sizes are those of its tun driver, measured by the windows it offers.
 * Only connections that ask for it (`segmentMemory` of tcp/config) have one of these.
 */
import { type SeqNumber, seqAdd, seqBefore, seqDiff } from '../base/seq.ts';
import type { Bytes } from '../base/units.ts';

const PAGE_BYTES: Bytes = 4096;
const DESCRIPTOR_BYTES: Bytes = 256;
/** Before the packet and after it. */
const HEADROOM_BYTES: Bytes = 64;
const TRAILER_BYTES: Bytes = 320;
/** Small packets have blocks of their own; the sizes of others double. */
const SMALL_BLOCK_BYTES: Bytes = 576;
const BLOCK_BYTES_MIN: Bytes = 1024;
/** What lies before the trailer is a multiple of this. */
const ALIGNMENT_BYTES: Bytes = 64;

/** Text in one block: from where to where, what it takes, and what else would fit. */
interface Block {
  left: SeqNumber;
  right: SeqNumber;
  bytes: Bytes;
  room: Bytes;
}

export class ReceiveMemory {
  /** Of all text that is here, in order or not. */
  heldBytes: Bytes = 0;
  /** Of the packet that is being processed. */
  packetBytes: Bytes = 0;
  #packetRoom: Bytes = 0;
  readonly #inOrder: Block[] = [];
  readonly #beyondHole: Block[] = [];

  /** A packet of so many bytes, with its headers, has come. */
  measure(packet: Bytes): void {
    if (packet + HEADROOM_BYTES >= PAGE_BYTES) {
      const behind = Math.max(0, packet - (PAGE_BYTES - HEADROOM_BYTES - TRAILER_BYTES));
      this.packetBytes = DESCRIPTOR_BYTES + PAGE_BYTES * (1 + Math.ceil(behind / PAGE_BYTES));
      this.#packetRoom = 0;
      return;
    }
    const used =
      Math.ceil((packet + HEADROOM_BYTES) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES + TRAILER_BYTES;
    let block = used > SMALL_BLOCK_BYTES ? BLOCK_BYTES_MIN : SMALL_BLOCK_BYTES;
    while (block < used) block *= 2;
    this.packetBytes = DESCRIPTOR_BYTES + block;
    this.#packetRoom = block - TRAILER_BYTES - HEADROOM_BYTES - packet;
  }

  /** Its text from `left` to `right` is in order. */
  append(left: SeqNumber, right: SeqNumber): void {
    if (takesIn(this.#inOrder.at(-1), left, right)) return;
    this.#inOrder.push({ left, right, bytes: this.packetBytes, room: this.#packetRoom });
    this.heldBytes += this.packetBytes;
  }

  /** Its text from `left` to `right` lies beyond a hole. */
  insert(left: SeqNumber, right: SeqNumber): void {
    const blocks = this.#beyondHole;
    let at = blocks.length;
    while (at > 0 && seqBefore(left, blocks[at - 1].left)) at--;
    const previous = blocks[at - 1];
    if (previous !== undefined) {
      if (!seqBefore(previous.right, right) || takesIn(previous, left, right)) return;
      if (previous.left === left) at--;
    }
    // What it covers is not kept twice.
    let end = at;
    while (end < blocks.length && !seqBefore(right, blocks[end].right)) {
      this.heldBytes -= blocks[end++].bytes;
    }
    const block = { left, right, bytes: this.packetBytes, room: this.#packetRoom };
    blocks.splice(at, end - at, block);
    this.heldBytes += this.packetBytes;
  }

  /** What lay beyond a hole and begins before `rcvNxt` is in order now, or was here already. */
  deliver(rcvNxt: SeqNumber): void {
    const blocks = this.#beyondHole;
    let count = 0;
    while (count < blocks.length && seqBefore(blocks[count].left, rcvNxt)) {
      const block = blocks[count++];
      const last = this.#inOrder.at(-1);
      const isHere = last !== undefined && !seqBefore(last.right, block.right);
      if (isHere || takesIn(last, block.left, block.right)) this.heldBytes -= block.bytes;
      else this.#inOrder.push(block);
    }
    blocks.splice(0, count);
  }

  /** Text up to `upTo` has been read. */
  free(upTo: SeqNumber): void {
    let count = 0;
    const blocks = this.#inOrder;
    while (count < blocks.length && !seqBefore(upTo, blocks[count].right)) {
      this.heldBytes -= blocks[count++].bytes;
    }
    blocks.splice(0, count);
  }

  /** Copies text together that fills less than `share` of its blocks: full blocks of a page, and one for the rest. */
  collapse(share: number): void {
    const blocks = this.#inOrder;
    const from = blocks.findIndex(
      ({ left, right, bytes }) => Math.floor(bytes * share) > seqDiff(right, left),
    );
    if (from < 0) return;
    const { left } = blocks[from];
    const { right } = blocks[blocks.length - 1];
    for (const { bytes } of blocks.splice(from)) this.heldBytes -= bytes;
    const page = PAGE_BYTES - TRAILER_BYTES;
    for (let at = left; seqBefore(at, right); at = seqAdd(at, page)) {
      const length = Math.min(page, seqDiff(right, at));
      this.measure(length - HEADROOM_BYTES);
      const block = { left: at, right: seqAdd(at, length), bytes: this.packetBytes, room: 0 };
      this.heldBytes += block.bytes;
      blocks.push(block);
    }
  }

  /** What lay beyond a hole is gone. */
  dropBeyondHole(): void {
    for (const { bytes } of this.#beyondHole.splice(0)) this.heldBytes -= bytes;
  }
}

/** Text from `left` to `right` goes behind that of the block, if it is the next and there is room. */
function takesIn(block: Block | undefined, left: SeqNumber, right: SeqNumber): boolean {
  if (block === undefined || block.right !== left) return false;
  const length = seqDiff(right, left);
  if (length > block.room) return false;
  block.right = right;
  block.room -= length;
  return true;
}
