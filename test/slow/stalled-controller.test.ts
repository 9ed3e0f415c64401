/** A controller that loops without end: its run is ended, its cell says so, and the others are made. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MatrixResult } from '../../src/scenario/matrix/matrix-result.ts';
import { sluice } from '../support/command.ts';

it('ends a run in which no virtual time passes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-stalled-'));
  try {
    await sluice(['new', 'cc', 'Mine'], { cwd: folder });
    const template = readFileSync(join(folder, 'Mine.ts'), 'utf8');
    const growth = 'this.cwnd = Math.floor(this.cwnd + growth);';
    expect(template).toContain(growth);
    writeFileSync(join(folder, 'Loop.ts'), template.replace(growth, 'for (;;) {}'));
    writeFileSync(
      join(folder, 'small.yaml'),
      `name: small
controllers: [./Loop.ts, reno]
paths: { slow: { rate: 5 Mbps, rtt: 20 ms } }
loads: { one: { flows: 1, duration: 3 s } }
seeds: 1
`,
    );
    const ran = await sluice(['matrix', 'small.yaml', '--json'], { cwd: folder });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const { cells } = JSON.parse(ran.stdout) as MatrixResult;
    expect(cells.map(({ runs }) => runs)).toEqual([0, 1]);
    expect(cells[0]?.failures[0]?.reason).toMatch(/no virtual time passed in 30 s/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
