/** tshark as a second opinion: fields of every packet of a capture, as text. */
import { execFileSync, spawnSync } from 'node:child_process';

/** `tshark --version` in short, or undefined where it is not installed. */
export function tsharkVersion(): string | undefined {
  const run = spawnSync('tshark', ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.split('\n')[0] : undefined;
}

/** No sequence analysis, no reassembly: each packet by itself, with raw numbers. */
const PLAIN = [
  'tcp.relative_sequence_numbers:FALSE',
  'tcp.analyze_sequence_numbers:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
];

/** Off by default in tshark. */
export const CHECK_CHECKSUMS = [
  'ip.check_checksum:TRUE',
  'tcp.check_checksum:TRUE',
  'udp.check_checksum:TRUE',
];

/** First occurrence of each field in each packet; absent fields are ''. */
export function tsharkFields<Field extends string>(
  file: string,
  fields: readonly Field[],
  preferences: readonly string[] = [],
): Record<Field, string>[] {
  const options = [...PLAIN, ...preferences].flatMap((preference) => ['-o', preference]);
  const wanted = fields.flatMap((field) => ['-e', field]);
  const text = execFileSync(
    'tshark',
    ['-n', '-r', file, ...options, '-T', 'fields', '-E', 'occurrence=f', ...wanted],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const values = line.split('\t');
      const entries = fields.map((field, index) => [field, values[index] ?? ''] as const);
      return Object.fromEntries(entries) as Record<Field, string>;
    });
}

/**
 * IP directly on the link layer and what directly follows it, of a list like eth:ethertype:ip:tcp:http.
 * IP in an Ethernet frame behind MPLS labels (a pseudowire) is tshark's to find.
 */
export function outerProtocols(list: string): [network: string, transport: string] {
  const names = list.split(':').filter((name) => !name.startsWith('ipv6.'));
  const at = names.findIndex((name) => name === 'ip' || name === 'ipv6');
  const isPseudowire = names.slice(0, at).lastIndexOf('eth') > 0;
  return at < 0 || isPseudowire ? ['', ''] : [names[at] as string, names[at + 1] ?? ''];
}
