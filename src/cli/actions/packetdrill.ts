/** Runs the scripts of `sluice packetdrill` and prints how each ended. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, isAbsolute, join, relative } from 'node:path';
import { NetError } from '../../base/errors.ts';
import { applyOption, DEFAULT_OPTIONS, readDefinition } from '../../packetdrill/parse-options.ts';
import { type RunSettings, runScript } from '../../packetdrill/run-script.ts';
import type { ScriptResult } from '../../packetdrill/verdict.ts';
import type { PacketdrillOptions } from '../commands/packetdrill.ts';
import { formatScripts, summariseScripts } from '../packetdrill-report.ts';
import { formatScriptTable, readReasons } from '../packetdrill-table.ts';

const SCRIPT_FAILED = 1;

export function runPacketdrill(paths: string[], options: PacketdrillOptions): void {
  const settings = readSettings(options);
  if (options.table !== undefined) {
    writeTable(paths, settings, options.table, options.reasons);
    return;
  }
  if (options.reasons !== undefined) throw NetError.value('--reasons', '--table as well', 'none');
  const scripts = paths.flatMap(listScripts).map((path) => runFile(path, settings));
  if (scripts.length === 0) throw NetError.value('scripts', '.pkt files', paths.join(' '));
  if (options.json === true) {
    const result = { scripts, totals: summariseScripts(scripts) };
    // Each script has all fields, null where there is nothing to say.
    const text = JSON.stringify(result, (_, value) => value ?? null, 2);
    process.stdout.write(`${text}\n`);
  } else {
    process.stdout.write(`${formatScripts(scripts, options.all === true)}\n`);
  }
  if (scripts.some(({ verdict }) => verdict === 'fail')) process.exitCode = SCRIPT_FAILED;
}

const VERSIONS = [
  { name: 'IPv4', ipVersion: 'ipv4' },
  { name: 'IPv6', ipVersion: 'ipv6' },
] as const;

function writeTable(
  paths: string[],
  settings: RunSettings,
  file: string,
  reasonsFile: string | undefined,
): void {
  const reasons = reasonsFile === undefined ? new Map<string, string>() : loadReasons(reasonsFile);
  const runs = VERSIONS.map(({ name, ipVersion }) => ({
    name,
    scripts: paths.flatMap((path) => runFolder(path, { ...settings, ipVersion })),
  }));
  const shown = (path: string) => (isAbsolute(path) ? basename(path) : path);
  const words = ['sluice packetdrill', ...paths.map(shown), '--table', shown(file)];
  if (reasonsFile !== undefined) words.push('--reasons', shown(reasonsFile));
  const command = words.join(' ');
  writeFileSync(file, `${formatScriptTable(runs, { command, reasons })}\n`);
  for (const { name, scripts } of runs) {
    const { pass, eligible } = summariseScripts(scripts);
    process.stdout.write(`${name}: ${pass} of ${eligible} eligible\n`);
  }
}

function loadReasons(file: string): Map<string, string> {
  const reasons = readReasons(readFileSync(file, 'utf8'));
  if (typeof reasons !== 'number') return reasons;
  throw NetError.value(`${file}:${reasons}`, 'PATH: REASON', 'another line');
}

/** Scripts below a folder, with paths relative to it. */
function runFolder(folder: string, settings: RunSettings): ScriptResult[] {
  return listScripts(folder).map((path) => {
    const name = relative(folder, path).replaceAll('\\', '/') || basename(path);
    return { ...runFile(path, settings), path: name };
  });
}

function readSettings(options: PacketdrillOptions): RunSettings {
  const lines = (options.option ?? []).map((line) => `--${line.replace(/^-+/, '')}`);
  if (options.tolerance !== undefined) {
    lines.push(`--tolerance_usecs=${options.tolerance}`, '--tolerance_percent=0');
  }
  // A mistake in one of them is the user's, not each script's.
  for (const line of lines) applyOption(DEFAULT_OPTIONS, line);
  const definitions = (options.define ?? []).map((text) => {
    const definition = readDefinition(text);
    if (definition === undefined) throw NetError.value('--define', 'NAME=VALUE', text);
    return definition;
  });
  return {
    profile: options.profile ?? 'linux',
    ipVersion: options.ipVersion ?? 'ipv4',
    options: lines,
    definitions: new Map(definitions),
  };
}

/** The file itself, or all scripts below the folder in order of their names. */
function listScripts(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw NetError.value('PATH', 'a script or a folder', path);
  if (!stat.isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const scripts = names.filter((name) => name.endsWith('.pkt')).sort();
  return scripts.map((name) => join(path, name));
}

function runFile(path: string, settings: RunSettings): ScriptResult {
  return runScript(path, readFileSync(path, 'utf8'), settings);
}
