/**
 * The table that `sluice packetdrill --table` writes: a set of scripts over IPv4 and IPv6, in Markdown, with totals,
 * topics, skips by reason, and for every failure its first difference and, from a file kept by hand, the reason.
 */
import type { ScriptResult } from '../packetdrill/verdict.ts';
import { type ScriptTotals, summariseScripts } from './packetdrill-report.ts';

/** One run of all scripts; paths are relative to their folder. */
export interface VersionRun {
  /** `IPv4`, `IPv6`. */
  readonly name: string;
  readonly scripts: readonly ScriptResult[];
}

export interface TableSettings {
  /** How to make the table again. */
  readonly command: string;
  /** By path. */
  readonly reasons: ReadonlyMap<string, string>;
}

/**
 * Reasons by path: a line each, `PATH: REASON`; empty lines and those that begin with # are for the reader. Gives the
 * number of the first line that is not of this form when there is one.
 */
export function readReasons(text: string): Map<string, string> | number {
  const reasons = new Map<string, string>();
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, path, reason] = /^(\S+): (.+)$/.exec(line) ?? [];
    if (path === undefined || reason === undefined) return index + 1;
    reasons.set(path, reason.trim());
  }
  return reasons;
}

export function formatScriptTable(runs: readonly VersionRun[], settings: TableSettings): string {
  return [
    '# Packetdrill scripts',
    `Written by \`${settings.command}\`. A skipped script has not passed. A script is out of scope, and not eligible, ` +
      'only by what it uses: MSG_ZEROCOPY, MSG_ERRQUEUE, SO_TIMESTAMPING, splice, sendfile or edge-triggered epoll.',
    formatTotals(runs),
    '## By topic',
    formatTopics(runs),
    '## Skipped',
    formatSkips(runs),
    '## Failed',
    formatFailures(runs, settings.reasons),
  ].join('\n\n');
}

function formatTotals(runs: readonly VersionRun[]): string {
  const rows = runs.map(({ name, scripts }) => {
    const totals = summariseScripts(scripts);
    const { scripts: all, pass, fail, skip, eligible } = totals;
    return [name, all, pass, fail, skip, share(totals, all), eligible, share(totals, eligible)];
  });
  const head = ['', 'scripts', 'pass', 'fail', 'skip', 'pass/all', 'eligible', 'pass/eligible'];
  return markdown(head, rows);
}

function share({ pass }: ScriptTotals, all: number): string {
  return all === 0 ? '-' : `${((100 * pass) / all).toFixed(1)} %`;
}

/** The first folder of a path. */
const topicOf = ({ path }: ScriptResult): string =>
  path.includes('/') ? path.slice(0, path.indexOf('/')) : '.';

function formatTopics(runs: readonly VersionRun[]): string {
  const topics = new Set(runs.flatMap(({ scripts }) => scripts.map(topicOf)));
  const rows = [...topics].sort().map((topic) => [
    topic,
    ...runs.map(({ scripts }) => {
      const { pass, eligible } = summariseScripts(scripts.filter((one) => topicOf(one) === topic));
      return eligible === 0 ? '-' : `${pass} of ${eligible}`;
    }),
  ]);
  return markdown(['topic', ...runs.map(({ name }) => `${name}, pass of eligible`)], rows);
}

function formatSkips(runs: readonly VersionRun[]): string {
  const totals = runs.map(({ scripts }) => summariseScripts(scripts).skipReasons);
  const reasons = new Set(totals.flatMap((one) => Object.keys(one)));
  if (reasons.size === 0) return 'None.';
  const rows = [...reasons].map((reason) => [reason, ...totals.map((one) => one[reason] ?? 0)]);
  return markdown(['reason', ...runs.map(({ name }) => name)], rows);
}

function formatFailures(runs: readonly VersionRun[], reasons: ReadonlyMap<string, string>): string {
  const paths = new Set(runs.flatMap(({ scripts }) => scripts.filter(isShort).map(pathOf)));
  if (paths.size === 0) return 'None.';
  const rows = [...paths].sort().map((path) => {
    const failed = runs.filter(({ scripts }) =>
      scripts.some((one) => one.path === path && isShort(one)),
    );
    const result = failed[0]?.scripts.find((one) => one.path === path);
    return [
      path,
      failed.map(({ name }) => name).join(', '),
      result?.line ?? '',
      describeDifference(result),
      reasons.get(path) ?? 'not known yet',
    ];
  });
  return markdown(['script', 'over', 'line', 'first difference', 'why'], rows);
}

const pathOf = ({ path }: ScriptResult): string => path;

/** Eligible and not passed. */
const isShort = ({ verdict, ineligibleBy }: ScriptResult): boolean =>
  verdict !== 'pass' && ineligibleBy === undefined;

function describeDifference(result: ScriptResult | undefined): string {
  if (result === undefined) return '';
  const { verdict, reason, expected, actual } = result;
  if (verdict === 'skip') return `skipped: ${reason ?? ''}`;
  return `${reason ?? ''}: expected \`${expected ?? '?'}\`, got \`${actual ?? '?'}\``;
}

/** With padded cells, as formatters of Markdown leave a table. */
function markdown(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [head, ...rows].map((row) =>
    row.map((cell) => String(cell).replaceAll('|', '\\|')),
  );
  const widths = head.map((_, column) =>
    Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = cells;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join(
    '\n',
  );
}
