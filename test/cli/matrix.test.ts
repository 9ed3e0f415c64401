/** `sluice matrix` as a user runs it: workers, interruption, standard matrices. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MatrixCost } from '../../src/cli/actions/matrix.ts';
import { sluice } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-matrix-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FILE = join(folder, 'small.yaml');
writeFileSync(
  FILE,
  `name: small
controllers: [cubic, reno]
paths: { slow: { rate: 5 Mbps, rtt: 20 ms } }
loads: { one: { flows: 1, duration: 3 s } }
warmup: 1 s
seeds: 3
`,
);

async function run(out: string, ...options: string[]): Promise<{ text: string; cost: MatrixCost }> {
  const path = join(folder, out);
  const ran = await sluice(['matrix', FILE, '--out', path, ...options]);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  const text = readFileSync(join(path, 'matrix.json'), 'utf8');
  return { text, cost: JSON.parse(readFileSync(join(path, 'cost.json'), 'utf8')) as MatrixCost };
}

describe('sluice matrix', () => {
  it('gives the same file whatever the number of workers', async () => {
    const one = await run('one', '--workers', '1');
    const two = await run('two', '--workers', '2');
    expect(two.text).toBe(one.text);
    expect([one.cost.runs, one.cost.keptRuns]).toEqual([6, 0]);
  });

  it('goes on where it was interrupted, also within a line', async () => {
    const whole = await run('whole');
    const journal = join(folder, 'whole', 'runs.jsonl');
    const length = readFileSync(journal).length;
    truncateSync(journal, Math.floor(length / 2));
    const again = await run('whole');
    expect(again.text).toBe(whole.text);
    expect(again.cost.keptRuns).toBeGreaterThan(0);
    expect(again.cost.runs).toBeGreaterThan(0);
    expect(again.cost.runs + again.cost.keptRuns).toBe(6);
    const idle = await run('whole');
    expect([idle.text, idle.cost.runs]).toEqual([whole.text, 0]);
  });

  it('takes controllers, seeds and figures from the command line', async () => {
    const ran = await sluice([
      'matrix',
      FILE,
      '--cc',
      'reno',
      '--seeds',
      '1',
      '--metrics',
      'utilisation,power',
    ]);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain('slow, one');
    expect(ran.stdout).toContain('power');
    expect(ran.stdout).not.toContain('cubic');
  });

  it.each([
    [['matrix', 'no-such-matrix'], /no-such-matrix: expected a file that can be read/],
    [['matrix', FILE, '--workers', '0'], /--workers: expected a whole number from 1/],
    [
      ['matrix', FILE, '--metrics', 'speed'],
      /--metrics: expected some of utilisation.*got "speed"/,
    ],
    [['matrix', FILE, '--cc', 'vegas9'], /vegas9/],
  ])('one line for a mistake: %#', async (args, says) => {
    const ran = await sluice(args as string[]);
    expect(ran.stderr).toMatch(/^sluice: [^\n]+\n$/);
    expect(ran.stderr).toMatch(says as RegExp);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
  });

  it('lists the standard matrices, and each can be read', async () => {
    const { matrices } = JSON.parse((await sluice(['list', '--json'])).stdout) as {
      matrices: { name: string; description: string }[];
    };
    expect(matrices.map(({ name }) => name)).toEqual(['company', 'lossy', 'short-flows', 'wired']);
    for (const { description } of matrices) expect(description).not.toBe('');
  });
});
