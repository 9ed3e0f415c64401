/** What `sluice packetdrill` prints: each script that did not pass with its first difference, and totals. */
import { formatTable } from '../base/text-table.ts';
import type { ScriptResult } from '../packetdrill/verdict.ts';

export interface ScriptTotals {
  readonly scripts: number;
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
  /** All but those that are out of scope by what they use. */
  readonly eligible: number;
  /** Scripts by reason, most frequent first. */
  readonly skipReasons: Readonly<Record<string, number>>;
}

export function summariseScripts(scripts: readonly ScriptResult[]): ScriptTotals {
  const countOf = (verdict: ScriptResult['verdict']) =>
    scripts.filter((script) => script.verdict === verdict).length;
  const reasons = new Map<string, number>();
  for (const { verdict, reason } of scripts) {
    if (verdict !== 'skip') continue;
    const text = reason ?? 'unknown';
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
  }
  const sorted = [...reasons].sort(([, left], [, right]) => right - left);
  return {
    scripts: scripts.length,
    pass: countOf('pass'),
    fail: countOf('fail'),
    skip: countOf('skip'),
    eligible: scripts.filter(({ ineligibleBy }) => ineligibleBy === undefined).length,
    skipReasons: Object.fromEntries(sorted),
  };
}

export function formatScripts(scripts: readonly ScriptResult[], listsAll: boolean): string {
  const listed = scripts.filter(({ verdict }) => listsAll || verdict !== 'pass');
  const totals = summariseScripts(scripts);
  return [
    ...listed.map(formatScript),
    ...(listed.length > 0 ? [''] : []),
    formatTotals(totals),
  ].join('\n');
}

function formatScript(script: ScriptResult): string {
  const { path, verdict, line, expected, actual, reason } = script;
  const place = line === undefined ? path : `${path}:${line}`;
  const head = `${verdict}  ${place}${reason === undefined ? '' : `  ${reason}`}`;
  if (verdict !== 'fail') return head;
  return `${head}\n      expected ${expected ?? '?'}\n      got      ${actual ?? '?'}`;
}

function formatTotals(totals: ScriptTotals): string {
  const share = (all: number) => (all === 0 ? '-' : `${((100 * totals.pass) / all).toFixed(1)} %`);
  const table = formatTable([
    ['scripts', 'pass', 'fail', 'skip', 'pass/all', 'eligible', 'pass/eligible'],
    [
      String(totals.scripts),
      String(totals.pass),
      String(totals.fail),
      String(totals.skip),
      share(totals.scripts),
      String(totals.eligible),
      share(totals.eligible),
    ],
  ]);
  const reasons = Object.entries(totals.skipReasons);
  if (reasons.length === 0) return table;
  const rows = reasons.map(([reason, count]) => [reason, String(count)]);
  return `${table}\n\n${formatTable([['skipped because', 'scripts'], ...rows])}`;
}
