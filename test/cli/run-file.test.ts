/** `sluice run FILE` and controllers by module path, run as a user runs them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sluice } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

const network = file(
  'two.yaml',
  `
name: two hosts
duration: 2 s
nodes: { a: host, b: host }
links:
  - { name: wire, from: a, to: b, rate: 10 Mbps, delay: 5 ms }
traffic:
  - { kind: bulk, from: a, to: b, size: 100 kB }
`,
);

/** A window of four segments, whatever happens; \`onAck\` is in the text. */
const controller = (onAck: string) => `
export default ({ smss }) => ({
  cwnd: 4 * smss,
  ssthresh: 2 ** 31 - 1,
  pacingRate: Infinity,
  sendQuantum: 65536,
  recoveryWindow: 'prr',
  onPacketSent() {},
  onAck() { ${onAck} },
  onPacketsLost() {},
  onEnterRecovery() {},
  onExitRecovery() {},
  onRetransmissionTimeout() {},
  onPersistentCongestion() {},
  onSpuriousRecovery() {},
  onIdleRestart() {},
  onMtuChange() {},
});
`;
file('four.mjs', controller(''));

const run = (...args: string[]) => sluice(['run', ...args], { cwd: folder });

describe('sluice run FILE', () => {
  it('runs a network of a YAML file, with fields set by their path', async () => {
    const ran = await run(network, '--set', 'links.wire.rate=5 Mbps', '--json');
    expect(ran.stderr).toBe('');
    const result = JSON.parse(ran.stdout);
    expect(result).toMatchObject({ command: 'run', scenario: 'two hosts', seed: 1 });
    expect(result.flows[0]).toMatchObject({ deliveredBytes: 100_000, cc: 'cubic' });
    expect(result.flows[0].goodputMbps).toBeLessThan(5);
    expect(result.links.map(({ name }: { name: string }) => name)).toEqual(['wire', 'wire back']);
  });

  it.each([
    ['JavaScript', 'net.mjs', ''],
    ['TypeScript', 'net.ts', "import type { NetworkInput } from 'sluice';"],
  ])('runs a network of a module in %s', async (_language, module, imports) => {
    const name = file(
      module,
      `${imports}
       export default { duration: '1 s', nodes: { a: 'host', b: 'host' },
         links: [{ from: 'a', to: 'b', rate: '1 Mbps' }],
         traffic: [{ kind: 'bulk', from: 'a', to: 'b', size: '10 kB' }] }${imports && ' satisfies NetworkInput'};`,
    );
    const ran = await run(name, '--json');
    expect(JSON.parse(ran.stdout).flows[0].deliveredBytes).toBe(10_000);
  });
});

describe('a controller by the path of a module', () => {
  it('runs beside built-in ones, from the catalogue and from a file', async () => {
    const set = ['--set', 'cc=./four.mjs,reno', '--set', 'duration=1s', '--set', 'rate=50Mbps'];
    const ran = await run('dumbbell', ...set, '--json');
    expect(ran.stderr).toBe('');
    const [own, reno] = JSON.parse(ran.stdout).flows;
    expect([own.cc, reno.cc]).toEqual(['./four.mjs', 'reno']);
    expect(own.maxCwndBytes).toBe(4 * 1448);
    // Four segments a round trip of 40 ms and more.
    expect(own.goodputMbps).toBeLessThan(1.2);
    const ofFile = await run(network, '--set', 'traffic.0.cc=./four.mjs', '--json');
    expect(JSON.parse(ofFile.stdout).flows[0]).toMatchObject({
      cc: './four.mjs',
      deliveredBytes: 1e5,
    });
  });

  it.each([
    ['nan.mjs', controller('this.cwnd = NaN;'), /got NaN/],
    ['negative.mjs', controller('this.cwnd = -1448;'), /expected cwnd of 1448 .*, got -1448/],
    ['text.mjs', controller('this.cwnd = "10";'), /expected cwnd .*, got "10"/],
    ['rate.mjs', controller('this.pacingRate = 0;'), /expected pacingRate above 0, got 0/],
    ['throws.mjs', controller('throw new TypeError("no such field");'), /onAck .* no such field/],
    ['number.mjs', 'export default 5;', /a factory.*, got "number"/],
    ['nothing.mjs', 'export const x = 1;', /a factory.*, got "no default export"/],
    ['empty.mjs', 'export default () => ({ onAck() {} });', /got no onPacketSent, onPacketsLost/],
    ['broken.mjs', 'export default (', /a module that loads/],
  ])('is named when it is none, or goes wrong: %s', async (name, content, says) => {
    file(name, content);
    const ran = await run('dumbbell', '--set', `cc=./${name}`, '--set', 'duration=1s');
    expect(ran.stderr).toMatch(/^sluice: [^\n]+\n$/);
    expect(ran.stderr).toContain(`controller ./${name}: expected `);
    expect(ran.stderr).toMatch(says);
    expect(ran.stdout).toBe('');
    expect(ran.status).toBe(2);
  });

  it('may be TypeScript', async () => {
    file('mine.ts', `const name: string = 'mine';\n${controller('')}`);
    const ran = await run('dumbbell', '--set', 'cc=./mine.ts', '--set', 'duration=1s');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain('./mine.ts');
  });
});
