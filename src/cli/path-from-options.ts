/** The path that the options of path-options stand for. */
import { NetError } from '../base/errors.ts';
import {
  type LinkField,
  linkFields,
  type ScenarioInput,
  speaksForItself,
} from '../scenario/schema.ts';
import { type PathOptions, SHAPING } from './path-options.ts';

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
  for (const part of [text, ...text.split('/')]) {
    const said = schema.safeParse(part.trim()).error?.issues.find(speaksForItself);
    if (said !== undefined) throw new NetError('ERR_VALUE', `--${field}: ${said.message}`);
  }
  const expected = schema.meta()?.description ?? 'a value';
  throw NetError.value(`--${field}`, `${expected}; or UP/DOWN`, text);
}
