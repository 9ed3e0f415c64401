/** The Internet checksum over one arena: JavaScript against WebAssembly, by length. Lower cost per call is better. */
import benny from 'benny';
import { checksumAdd, checksumFinish } from '../src/wire/checksum.ts';
import { createMemoryChecksum } from '../src/wire/checksum-wasm.ts';

/** The host's; the library of ECMAScript has no types for it. */
declare const WebAssembly: { Memory: new (limits: { initial: number }) => { buffer: ArrayBuffer } };

/** 20 an IPv4 header, 52 a TCP ACK with SACK, 1460 a full segment. */
const LENGTHS = [8, 20, 52, 1460, 9000];
/** Half a second a case is enough: the ratio is far from 1. */
const OPTIONS = { maxTime: 0.5 };
const SLOTS = 64;
const SLOT_BYTES = 16_384;

const memory = new WebAssembly.Memory({ initial: (SLOTS * SLOT_BYTES) / 65_536 });
const bytes = new Uint8Array(memory.buffer);
for (let at = 0; at < bytes.length; at++) bytes[at] = Math.imul(at, 0x9e3779b1) >>> 21;
const memoryAdd = createMemoryChecksum(memory);

/** Sums one packet of each slot, so that a case is 64 calls. */
function sumInJavaScript(length: number): number {
  let sum = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    sum = checksumAdd(bytes, slot * SLOT_BYTES + 14, length, sum);
  }
  return checksumFinish(sum);
}

function sumInWebAssembly(length: number): number {
  let sum = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    sum = memoryAdd(slot * SLOT_BYTES + 14, length, sum);
  }
  return checksumFinish(sum);
}

for (const length of LENGTHS) {
  if (sumInJavaScript(length) !== sumInWebAssembly(length)) throw new Error('the two sums differ');
  const summary = await benny.suite(
    `checksum, ${length} B`,
    benny.add(
      'javascript',
      () => {
        sumInJavaScript(length);
      },
      OPTIONS,
    ),
    benny.add(
      'webassembly',
      () => {
        sumInWebAssembly(length);
      },
      OPTIONS,
    ),
  );
  const perCall = summary.results.map(
    ({ name, ops }) => `${name} ${(1e9 / ops / SLOTS).toFixed(1)} ns a call`,
  );
  console.log(`${length} B: ${perCall.join(', ')}`);
}
