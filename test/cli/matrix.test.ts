/** `sluice matrix` as a user runs it: workers, interruption, standard matrices. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MatrixCost } from '../../src/cli/matrix-runs.ts';
import type { MatrixResult } from '../../src/scenario/matrix/matrix-result.ts';
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

  it('runs a template that sluice new wrote, and one that misbehaves fails in its cell alone', async () => {
    const made = await sluice(['new', 'cc', 'Mine'], { cwd: folder });
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect((await sluice(['new', 'cc', 'Mine'], { cwd: folder })).stderr).toMatch(
      /Mine\.ts, which is there/,
    );
    expect(await sluice(['new', 'cc', 'Plain.js'], { cwd: folder })).toMatchObject({ status: 0 });
    const template = readFileSync(join(folder, 'Mine.ts'), 'utf8');
    const broken = template.replace(
      'this.cwnd = Math.floor(this.cwnd + growth);',
      'this.cwnd = Number.NaN;',
    );
    expect(broken).not.toBe(template);
    writeFileSync(join(folder, 'Broken.ts'), broken);
    const out = join(folder, 'plugins');
    const matrix = ['matrix', FILE, '--seeds', '1', '--out', out];
    const modules = ['--cc', 'reno', './Mine.ts', './Broken.ts', './Plain.js'];
    const ran = await sluice([...matrix, ...modules], { cwd: folder });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const { cells } = JSON.parse(readFileSync(join(out, 'matrix.json'), 'utf8')) as MatrixResult;
    expect(cells.map(({ runs }) => runs)).toEqual([1, 1, 0, 1]);
    expect(cells[2]?.failures[0]?.reason).toMatch(/controller \.\/Broken\.ts: .*cwnd.* got NaN/);
    expect(cells[1]?.metrics.utilisation?.mean).toBeGreaterThan(0.9);
    // Both templates are the same controller.
    expect(cells[3]?.fingerprints).toEqual(cells[1]?.fingerprints);
    // A module that has changed is another controller: its run is made again.
    writeFileSync(join(folder, 'Broken.ts'), template);
    await sluice([...matrix, ...modules], { cwd: folder });
    const cost = JSON.parse(readFileSync(join(out, 'cost.json'), 'utf8')) as MatrixCost;
    expect([cost.runs, cost.keptRuns]).toEqual([1, 3]);
  });

  it.each([
    [['new', 'qdisc', 'Mine'], /kind: expected cc, got "qdisc"/],
    [['new', 'cc', '../x'], /name: expected letters and digits/],
    [
      ['matrix', FILE, '--cc', './none.ts'],
      /controller \.\/none\.ts: expected the path of a module/,
    ],
    [['matrix', 'no-such-matrix'], /no-such-matrix: expected a file that can be read/],
    [['matrix', FILE, '--workers', '0'], /--workers: expected a whole number from 1/],
    [
      ['matrix', FILE, '--metrics', 'speed'],
      /--metrics: expected some of utilisation.*got "speed"/,
    ],
    [['matrix', FILE, '--cc', 'vegas9'], /vegas9/],
    [['validate', 'fairness', 'linux'], /expected fairness alone/],
    [['validate', 'fairness', '--seeds', 'many'], /--seeds: expected a whole number/],
    [['validate', 'codel-delay', '--seeds', '3'], /--seeds: expected fairness/],
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
    expect(matrices.map(({ name }) => name)).toEqual([
      'company',
      'cubic-bbr',
      'late-comer',
      'lossy',
      'responsive',
      'rtt-fairness',
      'short-flows',
      'wired',
    ]);
    for (const { description } of matrices) expect(description).not.toBe('');
  });
});
