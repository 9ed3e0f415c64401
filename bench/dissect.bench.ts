/** Headers of captured packets into columns, by kind of packet. The command of record is bench/run.ts; this is the microscope. */
import benny from 'benny';
import { dissect } from '../src/wire/dissect.ts';
import { LinkLayer } from '../src/wire/link-layer.ts';
import { PacketColumns } from '../src/wire/packet-columns.ts';

/** A batch that stays in a processor's own cache, as replay reads it. */
const ROWS = 1000;
const RECORD_BYTES = 112;
const STORED_BYTES = 96;

interface Case {
  name: string;
  /** Offset and bytes of headers in an otherwise empty Ethernet frame of 1514 bytes. */
  fields: [number, number[]][];
  /** What the last row must say of the payload. */
  payloadLength: number;
}

const TIMESTAMPS = [1, 1, 8, 10];
const CASES: Case[] = [
  {
    name: 'IPv4, TCP with timestamps',
    fields: [
      [12, [0x08, 0, 0x45, 0, 1500 >> 8, 1500 & 255]],
      [22, [64, 6]],
      [46, [0x80, 0x10]],
      [54, TIMESTAMPS],
    ],
    payloadLength: 1448,
  },
  {
    name: 'IPv6, TCP with timestamps',
    fields: [
      [12, [0x86, 0xdd, 0x60]],
      [18, [1460 >> 8, 1460 & 255, 6, 64]],
      [66, [0x80, 0x10]],
      [74, TIMESTAMPS],
    ],
    payloadLength: 1428,
  },
  {
    name: 'IPv4, TCP SYN with five options',
    fields: [
      [12, [0x08, 0, 0x45, 0, 0, 60]],
      [22, [64, 6]],
      [46, [0xa0, 0x02]],
      [54, [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]],
    ],
    payloadLength: 0,
  },
  {
    name: 'IPv4, UDP',
    fields: [
      [12, [0x08, 0, 0x45, 0, 1500 >> 8, 1500 & 255]],
      [22, [64, 17]],
    ],
    payloadLength: 1472,
  },
];

const columns = new PacketColumns(ROWS);

function packetsOf({ fields }: Case): DataView {
  const bytes = new Uint8Array(ROWS * RECORD_BYTES);
  for (let row = 0; row < ROWS; row++) {
    for (const [offset, values] of fields) bytes.set(values, row * RECORD_BYTES + offset);
    // Different addresses and ports a packet.
    bytes.set([row >> 8, row & 255], row * RECORD_BYTES + 28);
  }
  return new DataView(bytes.buffer);
}

function dissectAll(view: DataView): void {
  for (let row = 0; row < ROWS; row++) {
    dissect(view, row * RECORD_BYTES, STORED_BYTES, 1514, LinkLayer.Ethernet, columns, row);
  }
}

const packets = CASES.map(packetsOf);
// All kinds first, so that no case profits from code that has seen its kind alone.
for (let round = 0; round < 300; round++) for (const view of packets) dissectAll(view);

await benny.suite(
  'dissect, 1000 packets',
  ...CASES.map(({ name, payloadLength }, index) =>
    benny.add(
      name,
      () => {
        dissectAll(packets[index] as DataView);
        if (columns.payloadLength[ROWS - 1] !== payloadLength) throw new Error(`${name}: misread`);
      },
      { maxTime: 1 },
    ),
  ),
);

/** CPU time, which other work on the machine does not add to as it does to the wall time above. */
function cpuNsPerPacket(view: DataView): number {
  const rounds = 2000;
  const begin = process.cpuUsage();
  for (let round = 0; round < rounds; round++) dissectAll(view);
  const { user, system } = process.cpuUsage(begin);
  return ((user + system) * 1000) / (rounds * ROWS);
}

for (const [index, { name }] of CASES.entries()) {
  console.log(
    `${name}: ${cpuNsPerPacket(packets[index] as DataView).toFixed(1)} ns of CPU a packet`,
  );
}
