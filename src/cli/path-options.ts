/**
 * The options that shape a path on the command line, and the scenario they stand for. `--rate 20Mbps`
 * shapes server to client; `UP/DOWN` shapes both ways, and an empty side leaves that way as it is.
 */
import { type Command, Option } from 'commander';
import type { LinkField } from '../scenario/schema.ts';

/** Fields of a link that an option of the same name sets. */
export const SHAPING: readonly { field: LinkField; argument: string; description: string }[] = [
  { field: 'rate', argument: 'RATE', description: 'rate of the link, like 20Mbps' },
  {
    field: 'delay',
    argument: 'DELAY',
    description: 'delay like 20ms, or "20ms 5ms 25% distribution normal"',
  },
  {
    field: 'queue',
    argument: 'LIMIT',
    description: 'limit of the queue: 64KiB, 100packets or 1bdp',
  },
  {
    field: 'qdisc',
    argument: 'QDISC',
    description: 'queue discipline, like fq_codel or "codel target 5ms ecn" (see `sluice list`)',
  },
  {
    field: 'loss',
    argument: 'LOSS',
    description: 'loss: 1%, "1% 25%", "state 1% 30%", "gemodel 1% 10%"',
  },
  { field: 'duplicate', argument: 'SHARE', description: 'duplication, like 0.1%' },
  {
    field: 'reorder',
    argument: 'SHARE',
    description: 'reordering: "25% 50% gap 5"; needs a delay to overtake',
  },
  { field: 'corrupt', argument: 'SHARE', description: 'corruption: 0.1%, or "0.1% bits 3"' },
  {
    field: 'mtu',
    argument: 'SIZE',
    description: 'longest IP packet; longer TCP segments are split',
  },
  {
    field: 'overhead',
    argument: 'SIZE',
    description: 'bytes added to each frame on the link, like 24B',
  },
];

/** Heading of the options in the help. */
export const PATH_GROUP = 'Path (one value shapes server to client, UP/DOWN both ways):';

/** Adds the options of SHAPING, and --trace-down and --trace-up. */
export function addPathOptions(command: Command): void {
  for (const { field, argument, description } of SHAPING) {
    const standard = field === 'mtu' ? ' (default 1500B)' : '';
    command.addOption(
      new Option(`--${field} <${argument}>`, `${description}${standard}`).helpGroup(PATH_GROUP),
    );
  }
  command.addOption(
    new Option(
      '--trace-down <FILE>',
      'Mahimahi delivery trace of the link to the client',
    ).helpGroup(PATH_GROUP),
  );
  command.addOption(
    new Option('--trace-up <FILE>', 'Mahimahi delivery trace of the link to the server').helpGroup(
      PATH_GROUP,
    ),
  );
}

export type PathOptions = Partial<Record<LinkField | 'traceDown' | 'traceUp', string>>;
