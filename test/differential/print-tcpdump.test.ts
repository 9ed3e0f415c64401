/**
 * The text of every packet of the real captures against `tcpdump -nn -t -S`, and the facts in it against
 * tshark's fields. tcpdump goes on to application protocols, so its line must start with ours.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LinkLayer, linkLayerFromLinkType } from '../../src/wire/link-layer.ts';
import { formatPacket } from '../../src/wire/print.ts';

const folder = join(process.env['SLUICE_DATA'] ?? '../shared', 'data/pcap');

function skipReason(): string | undefined {
  if (!existsSync(folder)) return `no captures in ${folder} (set SLUICE_DATA)`;
  for (const tool of ['tcpdump', 'tshark']) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      return `${tool} is not installed`;
    }
  }
  return undefined;
}

/** One of them is of a link type that we only name (PPP). */
function isRead(name: string): boolean {
  const linkType = readFileSync(join(folder, name)).readUInt16LE(20);
  return linkLayerFromLinkType(linkType) !== LinkLayer.Unsupported;
}

const reason = skipReason();
if (reason !== undefined) console.log(`print-tcpdump skipped: ${reason}`);
const captures =
  reason === undefined
    ? readdirSync(folder).filter((name) => name.endsWith('.pcap') && isRead(name))
    : ['captures are absent'];

/** A line a packet of a little-endian pcap file: 24 bytes, then 16 before each packet. */
function formatCapture(path: string): string[] {
  const file = readFileSync(path);
  const linkLayer = linkLayerFromLinkType(file.readUInt16LE(20));
  const lines: string[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    lines.push(formatPacket(file, at + 16, at + 16 + length, linkLayer));
    at += 16 + length;
  }
  return lines;
}

function linesOf(tool: string, args: string[]): string[] {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  const text = execFileSync(tool, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
  // Continuation lines start with white space.
  return text.split('\n').filter((line) => /^\S/.test(line));
}

/** What we show and tcpdump 4.99 does not: the place of a fragment and the AE flag. */
const shownByTcpdump = (line: string) =>
  line.replace(/ \(frag .*\)$/, '').replace(/(Flags \[[^\]]*)e\]/, '$1]');

/** What tcpdump shows and we do not: missing bytes, the end-of-list option, what MPTCP options hold. */
const shownByUs = (line: string) =>
  line
    .replace(/truncated-ip - \d+ bytes missing! /, '')
    .replace(',eol]', ']')
    .replace(/(mptcp \d+ [a-z-]+)(?:\{[^}]*\}|[^\],{])*/g, '$1');

/**
 * Where tcpdump puts a decoder's words in place of our summary, addresses (and ports, if we show them) must
 * agree: UDP payloads, and protocols that we only number.
 */
function agreesInAddresses(line: string, reference: string): boolean {
  const parts = /^IP6? (\S+) > (\S+): (?:UDP, length \d+|ip-proto-\d+, length \d+)$/.exec(line);
  if (parts === null) return false;
  const [, source, destination] = parts;
  const theirs = /^IP6? (\S+) > (\S+): /.exec(reference);
  return theirs?.[1].startsWith(source) === true && theirs[2].startsWith(destination);
}

describe.skipIf(reason !== undefined).each(captures)('%s', (name) => {
  it('is put into the words of tcpdump, for all but 802.3 and unknown EtherTypes', () => {
    const path = join(folder, name);
    const ours = formatCapture(path).map(shownByTcpdump);
    const theirs = linesOf('tcpdump', ['-nn', '-t', '-S', '-r', path]).map(shownByUs);
    expect(theirs.length).toBe(ours.length);
    const isNotIp = (line: string) => /^(802\.3|ethertype 0x\w+), length \d+$/.test(line);
    const different = ours.filter(
      (line, packet) =>
        !isNotIp(line) &&
        !theirs[packet].startsWith(line) &&
        !agreesInAddresses(line, theirs[packet]),
    );
    expect(different).toEqual([]);
  });

  it('shows the addresses, ports, numbers, flags and lengths that tshark reads', () => {
    const path = join(folder, name);
    const options = ['-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE'];
    const output = ['-T', 'fields', '-E', 'occurrence=f', '-E', 'separator=|'];
    const fields = TSHARK_FIELDS.flatMap((field) => ['-e', field]);
    const theirs = linesOf('tshark', ['-n', '-r', path, ...options, ...output, ...fields]);
    const ours = formatCapture(path);
    expect(theirs.length).toBe(ours.length);
    const different = ours.flatMap((line, packet) => {
      const expected = textOfFields(theirs[packet]);
      // tshark's fields are also those of packets inside ICMP errors and MPLS.
      if (expected === undefined || line.includes('ICMP') || line.startsWith('ether')) return [];
      return expected.test(line) ? [] : [`${line} | ${expected.source}`];
    });
    expect(different).toEqual([]);
  });
});

const TSHARK_FIELDS = [
  'frame.number',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'tcp.window_size_value',
  'tcp.len',
  'tcp.hdr_len',
  'ip.len',
  'ip.hdr_len',
  'udp.srcport',
  'udp.dstport',
  'udp.length',
];

/** What our line has to look like by the fields of one packet; undefined for neither TCP nor UDP. */
function textOfFields(line: string): RegExp | undefined {
  const values = line.split('|');
  const field = (name: string) => values[TSHARK_FIELDS.indexOf(name)] as string;
  const transport = field('tcp.srcport') !== '' ? 'tcp' : 'udp';
  if (field(`${transport}.srcport`) === '') return undefined;
  const source = `${field('ip.src') || field('ipv6.src')}.${field(`${transport}.srcport`)}`;
  const destination = `${field('ip.dst') || field('ipv6.dst')}.${field(`${transport}.dstport`)}`;
  const start = `^IP6? ${source} > ${destination}: `;
  if (transport === 'udp') {
    return new RegExp(`${start}UDP, length ${Number(field('udp.length')) - 8}( \\(frag |$)`);
  }
  const flags = Number(field('tcp.flags'));
  const letters = [...'FSRP.UEWe'].filter((_, bit) => ((flags >> bit) & 1) !== 0).join('');
  // tcp.len ends with the frame; a few IP packets say they are longer than their frame, and tcpdump and we
  // go by what they say.
  const headers = Number(field('ip.hdr_len')) + Number(field('tcp.hdr_len'));
  const isIpv4 = field('ip.len') !== '';
  const length = isIpv4 ? Number(field('ip.len')) - headers : Number(field('tcp.len'));
  const sequence = Number(field('tcp.seq_raw'));
  const range = length > 0 ? `${sequence}:${(sequence + length) % 2 ** 32}` : `${sequence}`;
  const seq = length > 0 || (flags & 7) !== 0 ? `, seq ${range}` : '';
  const ack = (flags & 16) !== 0 ? `, ack ${field('tcp.ack_raw')}` : '';
  const window = `, win ${field('tcp.window_size_value')}`;
  return new RegExp(
    `${start}Flags \\[${letters || 'none'}\\]${seq}${ack}${window}(?:, .*)?, length ${length}$`,
  );
}
