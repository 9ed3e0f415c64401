/**
 * `sluice packetdrill PATH…`: runs scripts of the packetdrill language against our TCP in virtual time, and
 * tells for each whether it passed, failed (with the first difference) or was skipped (with the reason).
 */
import { type Command, Option } from 'commander';

export interface PacketdrillOptions {
  readonly ipVersion?: 'ipv4' | 'ipv6' | 'ipv4-mapped-ipv6';
  readonly profile?: 'linux' | 'rfc';
  readonly tolerance?: string;
  readonly option?: readonly string[];
  readonly define?: readonly string[];
  readonly all?: boolean;
  readonly json?: boolean;
  readonly table?: string;
  readonly reasons?: string;
}

export function addPacketdrillCommand(program: Command): void {
  program
    .command('packetdrill')
    .summary('run packetdrill scripts against our TCP')
    .description(
      'Runs scripts of the packetdrill language against our TCP in virtual time: packets in, packets out, system\n' +
        'calls, tcp_info. A folder stands for all .pkt files below it. Exit code 1 when a script fails.',
    )
    .argument('<PATH...>', 'scripts, or folders of scripts')
    .addOption(
      new Option('--ip-version <VERSION>', 'for scripts that do not choose their own').choices([
        'ipv4',
        'ipv6',
        'ipv4-mapped-ipv6',
      ]),
    )
    .addOption(
      new Option('--profile <NAME>', 'linux, or rfc: what the texts say').choices(['linux', 'rfc']),
    )
    .option('--tolerance <USECS>', 'exact tolerance in microseconds instead of 4000 or 12.5 %')
    .option('--option <LINE...>', 'an option line, like --option=mtu=1400, over those of scripts')
    .option('--define <NAME=VALUE...>', 'define a name')
    .option('--all', 'list the scripts that passed as well')
    .option('--json', 'print the result as JSON')
    .option('--table <FILE>', 'run over IPv4 and IPv6 and write a table in Markdown')
    .option('--reasons <FILE>', 'why scripts fail, for the table: a line each, PATH: REASON')
    .addHelpText(
      'after',
      `
Examples:
  sluice packetdrill test/packetdrill
  sluice packetdrill test/packetdrill/close --all --ip-version ipv6
  sluice packetdrill handshake.pkt --tolerance 1000 --json
  sluice packetdrill gtests/net/tcp --table packetdrill.md --reasons reasons.txt`,
    )
    .action(async (paths: string[], options: PacketdrillOptions) => {
      const { runPacketdrill } = await import('../actions/packetdrill.ts');
      runPacketdrill(paths, options);
    });
}
