/** One run for each value of a parameter, as a table and as JSON; and runs that fail a check end with code 1. */
import { describe, expect, it } from 'vitest';
import { sluice } from '../support/command.ts';

const SHAPE = ['--set', 'rate=1Gbps', '--set', 'bytes=64KiB', '--set', 'buffer=64KiB'];

describe('sluice run --sweep', () => {
  it('gives goodput against the number of senders of an incast, each as a run of its own', async () => {
    const swept = await sluice(['run', 'incast', ...SHAPE, '--sweep', 'senders=4,8', '--json']);
    const { sweep, runs } = JSON.parse(swept.stdout);
    expect(sweep).toBe('senders');
    expect(runs.map(({ value }: { value: string }) => value)).toEqual(['4', '8']);
    const alone = await sluice(['run', 'incast', ...SHAPE, '--set', 'senders=8', '--json']);
    const { fingerprint, completion, links } = JSON.parse(alone.stdout);
    expect(runs[1]).toMatchObject({ fingerprint, completion, links });
    const table = await sluice(['run', 'incast', ...SHAPE, '--sweep', 'senders=4,8']);
    expect(table.stdout).toMatch(/\n8 +8 of 8 +\d+/);
  });

  it('ends with code 1, and says at which value, when a check does not hold', async () => {
    const args = [
      'run',
      'incast',
      ...SHAPE,
      '--set',
      'pfc=on headroom 2KB',
      '--sweep',
      'senders=2,48',
    ];
    const { status, stdout } = await sluice(args);
    expect(status).toBe(1);
    expect(stdout).toMatch(/Check {5}lossless FAILED at senders 48: \d+ frames/);
  });

  it.each(['senders', 'senders=', 'senders=8,,16', '=8'])('refuses %s', async (sweep) => {
    const { status, stderr } = await sluice(['run', 'incast', '--sweep', sweep]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^sluice: --sweep: expected NAME=VALUE,VALUE [^\n]+\n$/);
  });
});
