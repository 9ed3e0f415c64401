import { expect, it } from 'vitest';
import { AddressTable } from '../../../src/frame/address-table.ts';
import { FramePool } from '../../../src/frame/frame-pool.ts';
import { FRAME_SHIFT, FrameWord, MetaBit, MetaShift } from '../../../src/frame/frame-record.ts';
import { PayloadArena } from '../../../src/frame/payload-arena.ts';
import { encodeFrame } from '../../../src/wire/encode.ts';
import { packetMemory } from '../../../src/wire/packet-memory.ts';

const pool = new FramePool(4, new PayloadArena(1 << 8, 1));
const addresses = new AddressTable();
const target = packetMemory(new Uint8Array(200));

/** A UDP frame from 192.0.2.1 to 192.0.2.2 without payload. */
function encodeDatagram(ports: number): Uint8Array {
  const frame = pool.allocate();
  const at = frame << FRAME_SHIFT;
  const { words } = pool;
  words.fill(0, at, at + FrameWord.Meta);
  words[at + FrameWord.Src] = addresses.intern(Int32Array.of(0, 0, 0xffff, 0xc0000201 | 0), 0);
  words[at + FrameWord.Dst] = addresses.intern(Int32Array.of(0, 0, 0xffff, 0xc0000202 | 0), 0);
  words[at + FrameWord.Ports] = ports;
  words[at + FrameWord.Meta] = 17 | (64 << MetaShift.Ttl);
  const length = encodeFrame(pool, addresses, frame, target, 0);
  pool.release(frame);
  return target.bytes.slice(0, length);
}

it('makes locally administered link addresses from the index of the IP address', () => {
  const bytes = encodeDatagram(0);
  expect(Array.from(bytes.slice(0, 14))).toEqual([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 8, 0]);
});

it('writes a UDP checksum that comes out as 0 as 0xffff — RFC 768', () => {
  // Pseudo-header: c000 + 0201 + c000 + 0202 + 17 + 8; the length again 8: together with the port, 0xffff.
  const sum = 0xc000 + 0x0201 + 0xc000 + 0x0202 + 17 + 8 + 8;
  const port = 0xffff - ((sum & 0xffff) + (sum >>> 16));
  const bytes = encodeDatagram(port);
  expect(Array.from(bytes.slice(40, 42))).toEqual([0xff, 0xff]);
});

it('refuses a captured frame, whose bytes are the truth', () => {
  const frame = pool.allocate();
  pool.words[(frame << FRAME_SHIFT) + FrameWord.Meta] = MetaBit.Captured;
  expect(() => encodeFrame(pool, addresses, frame, target, 0)).toThrow('only built IP frames');
});
