/**
 * The options that shape a path on the command line, and the scenario they stand for. `--rate 20Mbps`
 * shapes server to client; `UP/DOWN` shapes both ways, and an empty side leaves that way as it is.
 */
import { type Command, Option } from 'commander';
import { NetError } from '../base/errors.ts';
import { linkFields, type ScenarioInput } from '../scenario/schema.ts';

type LinkField = keyof typeof linkFields;

const SHAPING: readonly { field: LinkField; argument: string; description: string }[] = [
  { field: 'rate', argument: 'RATE', description: 'rate of the link, like 20Mbps' },
  {
    field: 'delay',
    argument: 'DELAY',
    description: 'delay like 20ms, or "20ms 5ms 25% distribution normal"',
  },
  { field: 'queue', argument: 'LIMIT', description: 'drop-tail limit: 64KiB, 100packets or 1bdp' },
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

/** The path the options stand for; undefined when none is given. Throws NetError. */
export function pathFromOptions(options: PathOptions): ScenarioInput['path'] | undefined {
  const toServer: Record<string, string> = {};
  const toClient: Record<string, string> = {};
  for (const { field } of SHAPING) {
    const text = options[field];
    if (text === undefined) continue;
    const { up, down } = splitUpDown(field, text);
    if (up !== '') toServer[field] = up;
    if (down !== '') toClient[field] = down;
  }
  if (options.traceUp !== undefined) toServer['trace'] = options.traceUp;
  if (options.traceDown !== undefined) toClient['trace'] = options.traceDown;
  if (Object.keys(toServer).length + Object.keys(toClient).length === 0) return undefined;
  return { toClient, toServer };
}

/** `X` is down, `U/D` both. A slash inside a unit (`Mb/s`) is no separator. */
function splitUpDown(field: LinkField, text: string): { up: string; down: string } {
  const schema = linkFields[field];
  const isField = (part: string) => part.trim() === '' || schema.safeParse(part.trim()).success;
  if (text.trim() !== '' && isField(text)) {
    // An MTU holds for both ways unless it is split.
    return { up: field === 'mtu' ? text : '', down: text };
  }
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) {
    const up = text.slice(0, at);
    const down = text.slice(at + 1);
    if (up + down !== '' && isField(up) && isField(down))
      return { up: up.trim(), down: down.trim() };
  }
  const expected = schema.meta()?.description ?? 'a value';
  throw NetError.value(`--${field}`, `${expected}; or UP/DOWN`, text);
}
