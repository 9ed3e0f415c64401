/**
 * A whole script: `[options] [set-up command] events [clean-up command]`. Recursive descent; each form of
 * line has a file of its own. Errors are ScriptErrors that name file and line.
 */
import { NetError } from '../base/errors.ts';
import { Lexer } from './lexer.ts';
import {
  applyOption,
  DEFAULT_OPTIONS,
  findUnsupportedOption,
  readDefinition,
} from './parse-options.ts';
import { parsePacket } from './parse-packet.ts';
import { parseSyscall } from './parse-syscall.ts';
import { parseTime } from './parse-time.ts';
import { preprocess } from './preprocess.ts';
import { parsePython } from './python.ts';
import type {
  Action,
  CodeAction,
  EventTime,
  Script,
  ScriptEvent,
  ScriptOptions,
  ShellAction,
} from './script.ts';
import { ScriptError, UnsupportedSyntax } from './script-error.ts';

export interface ParseSettings {
  /** Hold unless the script says otherwise. */
  readonly defaults?: Partial<ScriptOptions>;
  /** `--name=value`, stronger than the script's own. */
  readonly options?: readonly string[];
  /** Values of names, by IP version where they depend on it. A script's own definitions are weaker. */
  readonly definitions?: ReadonlyMap<string, string>;
  /** Weaker than the script's own. */
  readonly defaultDefinitions?: (options: ScriptOptions) => ReadonlyMap<string, string>;
}

/** Reads a script's text. Throws ScriptError where it is not well formed, UnsupportedSyntax for what we lack. */
export function parseScript(path: string, text: string, settings: ParseSettings = {}): Script {
  const { options, definitions } = readOptionLines(path, text, settings);
  const lexer = new Lexer(path, preprocess(path, text, definitions));
  const setUp: ShellAction[] = [];
  while (!lexer.isAtEnd) {
    if (lexer.sees('`')) setUp.push(parseShell(lexer));
    else if (lexer.take(/(?:--|-D)[^\n]*/y) === undefined) break;
  }
  const events: ScriptEvent[] = [];
  while (!lexer.isAtEnd && !lexer.sees('`')) events.push(parseEvent(lexer));
  const cleanUp: ShellAction[] = [];
  while (lexer.sees('`')) cleanUp.push(parseShell(lexer));
  if (!lexer.isAtEnd) lexer.fail('end of file');
  return { path, options, setUp, events, cleanUp };
}

interface Preamble {
  readonly options: ScriptOptions;
  readonly definitions: ReadonlyMap<string, string>;
}

const OPTION_LINE = /^[ \t]*(?:--|-D)/;

/** Several may stand on one line; a value in quotes may have blanks. */
function splitOptions(line: string): string[] {
  const text = line.replace(/(?:\/\/|#).*$/, '');
  return text.match(/-D\s*\S+|-(?:[^\s"]|"[^"]*")*/g) ?? [];
}

/** Options first, since definitions change the text that is parsed. */
function readOptionLines(path: string, text: string, settings: ParseSettings): Preamble {
  let options: ScriptOptions = { ...DEFAULT_OPTIONS, ...settings.defaults };
  const own = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (!OPTION_LINE.test(line)) continue;
    for (const option of splitOptions(line)) {
      const definition = /^(?:--define|-D)/.test(option) ? readDefinition(option) : undefined;
      if (definition === undefined) options = applyLine(options, option, path, index + 1);
      else own.set(...definition);
    }
  }
  for (const option of settings.options ?? []) options = applyOption(options, option);
  const fallback = settings.defaultDefinitions?.(options) ?? new Map<string, string>();
  return { options, definitions: new Map([...fallback, ...own, ...(settings.definitions ?? [])]) };
}

function applyLine(
  options: ScriptOptions,
  option: string,
  path: string,
  line: number,
): ScriptOptions {
  const beyond = findUnsupportedOption(option);
  if (beyond !== undefined) throw new UnsupportedSyntax(line, beyond);
  try {
    return applyOption(options, option);
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    throw new ScriptError(path, line, 'a valid option', `${option} (${error.message})`);
  }
}

function parseEvent(lexer: Lexer): ScriptEvent {
  const line = lexer.line;
  const time = parseTime(lexer);
  const action = parseAction(lexer);
  const expected = expectedBehind(time, action);
  if (expected !== undefined) throw new ScriptError(lexer.path, line, expected, describe(action));
  return { line, time, action };
}

function parseAction(lexer: Lexer): Action {
  if (lexer.sees('<') || lexer.sees('>')) return parsePacket(lexer);
  if (lexer.sees('`')) return parseShell(lexer);
  if (lexer.sees('%{')) return parseCode(lexer);
  return parseSyscall(lexer);
}

/** Ranges and `*` say when a packet may be seen; only calls block. Undefined: the two go together. */
function expectedBehind(time: EventTime, action: Action): string | undefined {
  if (time.kind === 'any' || time.form === 'range') {
    const isExpected = action.kind === 'packet' && action.direction === 'expect';
    return isExpected ? undefined : 'an expected packet behind a range of times';
  }
  if (time.form === 'blocking' && action.kind !== 'syscall') return 'a system call behind a...b';
  return undefined;
}

function describe(action: Action): string {
  return action.kind === 'packet' ? `an ${action.direction}ed packet` : `a ${action.kind}`;
}

function parseShell(lexer: Lexer): ShellAction {
  const line = lexer.line;
  const quoted = lexer.need(/`[^`]*`/y, 'a `command`');
  return { kind: 'shell', line, text: quoted.slice(1, -1) };
}

function parseCode(lexer: Lexer): CodeAction {
  const block = lexer.need(/%\{[\s\S]*?\}%/y, '%{ code }%');
  return { kind: 'code', ...parsePython(block.slice(2, -2)) };
}
