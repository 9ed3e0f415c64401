import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openCapture } from '../../src/edge/capture-input.ts';
import { CaptureOutput } from '../../src/edge/capture-output.ts';
import { CaptureReader } from '../../src/pcap/capture-reader.ts';
import { CaptureRows } from '../../src/pcap/capture-rows.ts';
import { CaptureStream } from '../../src/pcap/capture-stream.ts';
import { PcapWriter } from '../../src/pcap/pcap-writer.ts';
import { PcapngWriter } from '../../src/pcap/pcapng-writer.ts';
import { buildPcap, PcapngBuilder, patternBytes, textOption } from '../support/capture-builder.ts';
import { captureFiles } from '../support/captures.ts';
import { type ReadPacket, readCapture } from '../support/read-capture.ts';

const installed = (program: string) => spawnSync(program, ['--version']).error === undefined;
const missing = ['tshark', 'capinfos', 'editcap', 'tcpdump'].filter((name) => !installed(name));
if (missing.length > 0) console.warn(`skipped: not installed: ${missing.join(', ')}`);

/** What a program prints; that it runs as root, it says on standard error. */
function run(program: string, ...options: string[]): string {
  const how = { encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' } as const;
  return execFileSync(program, options, how);
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-pcap-'));
afterAll(() => rmSync(folder, { recursive: true }));
const pathOf = (name: string) => join(folder, name);

/** Time, captured and original length of every packet, as one line each. */
function tsharkLines(path: string): string[] {
  const fields = ['frame.time_epoch', 'frame.cap_len', 'frame.len'].flatMap((name) => ['-e', name]);
  // What is in the frames does not matter here, and takes tshark four times as long.
  const text = run(
    'tshark',
    '-n',
    '-r',
    path,
    '--disable-protocol',
    'eth',
    '-T',
    'fields',
    ...fields,
  );
  return text.split('\n').slice(0, -1);
}

const lineOf = ({ time, captured, original }: Omit<ReadPacket, 'data'>) =>
  `${time}\t${captured}\t${original}`;

/** All packets of a file through the whole input path: gzip, blocks, rows. */
async function readFile(path: string) {
  const source = await openCapture(path);
  const reader = new CaptureReader(path);
  const stream = new CaptureStream(source, reader);
  const rows = new CaptureRows(1000);
  const block = new Uint8Array(1 << 20);
  const lines: string[] = [];
  let dataBytes = 0;
  while (await stream.load(block, 0, block.length)) {
    while (stream.decode(rows) > 0) {
      for (let row = 0; row < rows.count; row++) {
        const fraction = String(rows.nanoseconds[row]).padStart(9, '0');
        const captured = rows.capturedLength[row] as number;
        lines.push(`${rows.seconds[row]}.${fraction}\t${captured}\t${rows.originalLength[row]}`);
        dataBytes += captured;
      }
      rows.clear();
    }
  }
  source.close();
  return { reader, lines, dataBytes };
}

/** `capinfos` on all files at once: packets, and sum of original lengths, of each. */
function capinfos(paths: readonly string[]): Map<string, { packets: number; dataBytes: number }> {
  const text = run('capinfos', '-M', '-T', '-r', '-c', '-d', ...paths);
  const lines = text.trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [path, packets, dataBytes] = line.split('\t');
      return [path as string, { packets: Number(packets), dataBytes: Number(dataBytes) }];
    }),
  );
}

function gzipCaptures(): string[] {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const data = resolve(root, process.env['SLUICE_DATA'] ?? '../shared', 'linux');
  if (!existsSync(data)) {
    console.warn(`no captures in ${data}: gzip is compared on none`);
    return [];
  }
  const files = readdirSync(data).filter((name) => name.endsWith('.pcap.gz'));
  return files.map((name) => join(data, name));
}

describe.skipIf(missing.length > 0)('beside tshark and capinfos', () => {
  const given = [...captureFiles(), ...gzipCaptures()];
  const facts = missing.length > 0 || given.length === 0 ? new Map() : capinfos(given);

  for (const path of given) {
    it(`reads the packets, stamps and lengths of ${basename(path)}`, async () => {
      const { reader, lines } = await readFile(path);
      expect(lines).toEqual(tsharkLines(path));
      const originals = lines.reduce((sum, line) => sum + Number(line.split('\t')[2]), 0);
      expect({ packets: lines.length, dataBytes: originals }).toEqual(facts.get(path));
      expect(reader.ending).toBe('complete');
    });
  }

  it('reads odd pcap files: byte orders, ns, patched, old, with FCS bits, long packets', () => {
    const data = patternBytes(60);
    const records = [
      { seconds: 0, fraction: 0, data },
      { seconds: 0xffffffff, fraction: 999_999, data, original: 1500 },
      { seconds: 1_700_000_000, fraction: 1, data: patternBytes(262_144) },
      { seconds: 3, fraction: 1, data },
    ];
    const specs = [true, false].flatMap((littleEndian) => [
      { littleEndian },
      { littleEndian, magic: 0xa1b23c4d },
      { littleEndian, magic: 0xa1b2cd34 },
      { littleEndian, linkType: 0x2400_0001 },
    ]);
    for (const spec of specs) {
      // Wireshark guesses at the layout from the second packet on; a long packet there misleads it.
      const some = spec.magic === undefined ? records.slice(0, 2) : records;
      const path = pathOf('odd.pcap');
      const bytes = buildPcap(some, spec);
      writeFileSync(path, bytes);
      expect(readCapture(bytes).packets.map(lineOf), JSON.stringify(spec)).toEqual(
        tsharkLines(path),
      );
    }
    for (const minor of [2, 3]) {
      const exchanged = { seconds: 1, fraction: 2, data, captured: 1500, original: 60 };
      const bytes = buildPcap([exchanged, { seconds: 3, fraction: 4, data }], { minor });
      writeFileSync(pathOf('old.pcap'), bytes);
      expect(readCapture(bytes).packets.map(lineOf)).toEqual(tsharkLines(pathOf('old.pcap')));
    }
  });

  it('reads odd pcapng files: sections, byte orders, resolutions, offsets, block types', () => {
    const resolutions = [0, 3, 6, 9, 0x80 | 10, 0x80 | 20, 0x80 | 32];
    for (const littleEndian of [true, false]) {
      const builder = new PcapngBuilder();
      for (const order of [littleEndian, !littleEndian]) {
        builder.section({ littleEndian: order });
        for (const [index, resolution] of resolutions.entries()) {
          builder.interface({ resolution, snapLength: 96, offset: BigInt(index) * 1000n });
        }
        builder.interface();
        for (let packet = 0; packet < 40; packet++) {
          const interfaceId = packet % (resolutions.length + 1);
          const perSecond = [1, 1e3, 1e6, 1e9, 2 ** 10, 2 ** 20, 2 ** 32, 1e6][
            interfaceId
          ] as number;
          const ticks = (1_700_000_000n * BigInt(perSecond) * 10n) / 9n + BigInt(packet);
          const data = patternBytes(packet, packet);
          const options = packet % 3 === 0 ? [textOption(1, 'note')] : [];
          builder.enhanced({ interfaceId, ticks, data, original: packet + 9, options });
          if (packet % 5 === 0) builder.obsolete({ interfaceId, ticks, data });
        }
        // Not a custom block: tshark shows those among the packets.
        builder.block(5, new Uint8Array(12)).block(4096, patternBytes(64));
      }
      writeFileSync(pathOf('odd.pcapng'), builder.build());
      const { packets } = readCapture(builder.build());
      expect(packets).toHaveLength(96);
      expect(packets.map(lineOf)).toEqual(tsharkLines(pathOf('odd.pcapng')));
    }
  });

  it('reads simple packets as tshark does, which shows no time for them', () => {
    const builder = new PcapngBuilder().section().interface({ snapLength: 40 });
    builder.simple(patternBytes(40), 1500).simple(patternBytes(30), 30);
    writeFileSync(pathOf('simple.pcapng'), builder.build());
    const { packets } = readCapture(builder.build());
    const lines = packets.map((packet) => lineOf({ ...packet, time: '' }));
    expect(lines).toEqual(tsharkLines(pathOf('simple.pcapng')));
  });

  it('reads what editcap makes of a capture: formats, cuts, injected secrets, comments', () => {
    const source = pathOf('source.pcap');
    const keys = pathOf('keys.txt');
    const records = Array.from({ length: 30 }, (_, index) => ({
      seconds: 1_600_000_000 + index,
      fraction: index * 33_333_333,
      data: patternBytes(60 + index, index),
    }));
    writeFileSync(source, buildPcap(records, { magic: 0xa1b23c4d }));
    writeFileSync(keys, 'CLIENT_RANDOM 00 11\n');
    const variants = [
      ['-F', 'pcap'],
      ['-F', 'nsecpcap', '-s', '50'],
      ['-F', 'modpcap'],
      ['-F', 'pcapng', '-t', '-0.5'],
      ['-F', 'pcapng', '--inject-secrets', `tls,${keys}`, '-a', '3:a comment'],
    ];
    for (const variant of variants) {
      const path = pathOf('variant');
      run('editcap', ...variant, source, path);
      const { packets, reader } = readCapture(new Uint8Array(readFileSync(path)));
      expect(packets.map(lineOf), variant.join(' ')).toEqual(tsharkLines(path));
      expect(packets).toHaveLength(30);
      if (!variant.includes('-a')) continue;
      expect(packets[2]?.comments).toEqual(['a comment']);
      const [secrets] = reader.secrets;
      expect(secrets?.type).toBe(0x544c534b);
      expect(Buffer.from(secrets?.bytes ?? []).toString()).toBe('CLIENT_RANDOM 00 11\n');
    }
  });
});

/** `tcpdump -tt --nano -x`: seconds and nine digits, and bytes in hex, of every packet. */
function tcpdumpPackets(path: string): { time: string; data: string }[] {
  const text = run('tcpdump', '-r', path, '-nn', '-q', '-tt', '--nano', '-xx');
  const packets: { time: string; data: string }[] = [];
  for (const line of text.split('\n')) {
    const time = line.match(/^(\d+\.\d{9}) /)?.[1];
    if (time !== undefined) packets.push({ time, data: '' });
    const hex = line.match(/^\s+0x[0-9a-f]+:\s+(.*)$/)?.[1];
    const last = packets.at(-1);
    if (hex !== undefined && last !== undefined) last.data += hex.replaceAll(' ', '').trim();
  }
  return packets;
}

describe.skipIf(missing.length > 0)('our captures', () => {
  /** Ethernet frames that name no protocol, so that tcpdump prints nothing but their bytes. */
  const frames = Array.from({ length: 60 }, (_, index) => {
    const frame = patternBytes(60 + index * 20, index);
    frame.set([0x88, 0xb5], 12);
    return frame;
  });
  const stamps: [number, number][] = [
    [0, 0],
    [0, 1],
    [1, 999_999_999],
    [1_700_000_000, 123_456_789],
    [0x7fffffff, 999_999_999],
  ];
  const stampOf = (index: number) => stamps[index % stamps.length] as [number, number];
  const timeOf = (index: number) => {
    const [seconds, nanoseconds] = stampOf(index);
    return `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
  };

  /** Writes all frames, each cut to `snapLength`; `add` gives the sink to a writer of its own. */
  function write(path: string, writeAll: (sink: (bytes: Uint8Array) => void) => void): void {
    const output = new CaptureOutput(path);
    writeAll(output.write);
    output.close();
  }

  function expectInAllReaders(path: string, snapLength: number): void {
    const { packets } = readCapture(new Uint8Array(readFileSync(path)));
    const hex = frames.map((frame) => Buffer.from(frame.subarray(0, snapLength)).toString('hex'));
    const lines = frames.map((frame, index) => {
      return `${timeOf(index)}\t${Math.min(frame.length, snapLength)}\t${frame.length + 4}`;
    });
    expect(packets.map(lineOf)).toEqual(lines);
    expect(packets.map(({ data }) => data)).toEqual(hex);
    expect(tsharkLines(path)).toEqual(lines);
    const expected = hex.map((data, index) => ({ time: timeOf(index), data }));
    expect(tcpdumpPackets(path)).toEqual(expected);
  }

  for (const snapLength of [262_144, 96]) {
    it(`read back identically in tshark and tcpdump: pcap cut at ${snapLength}`, () => {
      const path = pathOf('ours.pcap');
      write(path, (sink) => {
        const writer = new PcapWriter({ linkType: 1, snapLength, sink });
        for (const [index, frame] of frames.entries()) {
          writer.writePacket(...stampOf(index), frame, 0, frame.length, frame.length + 4);
        }
        writer.flush();
      });
      expectInAllReaders(path, snapLength);
    });

    it(`read back identically in tshark and tcpdump: pcapng cut at ${snapLength}`, () => {
      const path = pathOf('ours.pcapng');
      write(path, (sink) => {
        const writer = new PcapngWriter({ sink });
        for (const name of ['inside', 'outside'])
          writer.addInterface({ linkType: 1, name, snapLength });
        for (const [index, frame] of frames.entries()) {
          const [seconds, nanoseconds] = stampOf(index);
          const length = frame.length;
          const comment = index % 4 === 0 ? `frame ${index}, größer` : undefined;
          writer.writePacket(
            index & 1,
            seconds,
            nanoseconds,
            frame,
            0,
            length,
            length + 4,
            comment,
          );
        }
        writer.flush();
      });
      expectInAllReaders(path, snapLength);
    });
  }

  it('are read by tcpdump with raw IP on several interfaces', () => {
    const path = pathOf('raw.pcapng');
    const packet = (frames[0] as Uint8Array).subarray(14);
    write(path, (sink) => {
      const writer = new PcapngWriter({ sink });
      for (const name of ['in', 'out']) writer.addInterface({ linkType: 101, name });
      for (const index of [0, 1]) {
        writer.writePacket(index, ...stampOf(index), packet, 0, packet.length, packet.length);
      }
      writer.flush();
    });
    const data = Buffer.from(packet).toString('hex');
    const expected = [0, 1].map((index) => ({ time: timeOf(index), data }));
    expect(tcpdumpPackets(path)).toEqual(expected);
    expect(run('capinfos', '-E', path)).toMatch(/Raw IP/);
    expect(tsharkLines(path)).toHaveLength(2);
  });

  it('show tshark their interfaces, comments and program, and stamps of 1900 and 2106', () => {
    const path = pathOf('facts.pcapng');
    write(path, (sink) => {
      const writer = new PcapngWriter({ sink });
      writer.addInterface({ linkType: 1, name: 'in', description: 'towards the server' });
      writer.addInterface({ linkType: 1, name: 'past', offsetSeconds: -2_208_988_800 });
      const frame = frames[0] as Uint8Array;
      writer.writePacket(0, 0xffffffff, 999_999_999, frame, 0, 60, 60, 'first\nsecond line');
      writer.writePacket(1, -2_208_988_799, 5, frame, 0, 60, 60);
      writer.flush();
    });
    const fields = ['interface_name', 'interface_description', 'time_epoch', 'comment'];
    const wanted = fields.flatMap((name) => ['-e', `frame.${name}`]);
    const text = run('tshark', '-r', path, '-T', 'json', ...wanted);
    const layers = (JSON.parse(text) as { _source: { layers: object } }[]).map(
      ({ _source }) => _source.layers,
    );
    expect(layers[0]).toMatchObject({
      'frame.interface_name': ['in'],
      'frame.interface_description': ['towards the server'],
      'frame.time_epoch': ['4294967295.999999999'],
      'frame.comment': ['first\nsecond line'],
    });
    expect(layers[1]).toMatchObject({
      'frame.interface_name': ['past'],
      'frame.time_epoch': ['-2208988799.000000005'],
    });
    const facts = run('capinfos', '-M', '-F', '-I', path);
    expect(facts).toMatch(/Capture application:\s+sluice/);
    expect(facts).toMatch(/Number of interfaces in file:\s+2/);
  });

  it('pass injected secrets on, and tshark reads them', () => {
    const source = pathOf('plain.pcap');
    const keys = pathOf('keys.log');
    writeFileSync(source, buildPcap([{ seconds: 1, fraction: 0, data: frames[0] as Uint8Array }]));
    const line = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}\n`;
    writeFileSync(keys, line);
    run('editcap', '--inject-secrets', `tls,${keys}`, source, pathOf('with.pcapng'));
    const { reader } = readCapture(new Uint8Array(readFileSync(pathOf('with.pcapng'))));
    write(pathOf('passed.pcapng'), (sink) => {
      const writer = new PcapngWriter({ sink });
      for (const secrets of reader.secrets) writer.addSecrets(secrets);
      writer.addInterface({ linkType: 1 });
      writer.writePacket(0, 1, 0, frames[0] as Uint8Array, 0, 60, 60);
      writer.flush();
    });
    // tshark can dissect the file itself instead of the packets in it.
    const asFile = ['-X', 'read_format:MIME Files Format', '-V'];
    const text = run('tshark', '-r', pathOf('passed.pcapng'), ...asFile);
    expect(text).toContain(`Secrets Data: ${Buffer.from(line).toString('hex').slice(0, 40)}`);
    expect(text).not.toMatch(/malformed/i);
    const facts = run('capinfos', pathOf('passed.pcapng'));
    expect(facts).toMatch(/Number of decryption secrets in file: 1/);
    expect(tsharkLines(pathOf('passed.pcapng'))).toEqual(['1.000000000\t60\t60']);
  });
});

describe('gzip captures', () => {
  it('have the bytes that a second inflater finds — RFC 1952', async () => {
    for (const path of gzipCaptures().slice(0, 2)) {
      const { lines } = await readFile(path);
      const { packets } = readCapture(new Uint8Array(gunzipSync(readFileSync(path))));
      expect(lines).toEqual(packets.map(lineOf));
    }
  });
});
