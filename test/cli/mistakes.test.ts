/** A user's mistake: one line on standard error, nothing on standard output, exit code 2. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type Ran, shell, sluice } from '../support/command.ts';

const TRACE = resolve('traces/web-page-reno.pcap');
const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array = ''): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Exactly one line, which says what is wrong. */
function expectMistake(ran: Ran, says: RegExp): void {
  expect(ran.stderr).toMatch(/^sluice: [^\n]+\n$/);
  expect(ran.stderr).toMatch(says);
  expect(ran.stdout).toBe('');
  expect(ran.status).toBe(2);
}

type Mistake = [args: string[], says: RegExp];

const text = file('text', 'this is no capture but text\n');
const wireless = file(
  'wireless.pcap',
  Uint8Array.of(
    0xd4,
    0xc3,
    0xb2,
    0xa1,
    2,
    0,
    4,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    105,
    0,
    0,
    0,
    ...new Array(16).fill(0),
  ),
);
symlinkSync('loop', join(folder, 'loop'));
const fifo = join(folder, 'fifo');
execFileSync('mkfifo', [fifo]);

/** Each with a name for the title. */
const captures: [string, string, RegExp][] = [
  [
    'a file that is missing',
    join(folder, 'missing'),
    /missing: expected a readable capture, got no such file/,
  ],
  ['a folder', folder, /got a directory/],
  ['an empty file', file('empty'), /expected a pcap or pcapng capture, got nothing/],
  ['a text', text, /expected a pcap or pcapng capture, got .*74 68 69 73/],
  [
    'half of a file header',
    file('half', Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0)),
    /got 6 first bytes/,
  ],
  ['gzip of a text', file('text.gz', gzipSync('no capture')), /got .*6e 6f/],
  ['gzip that is damaged', file('bad.gz', Uint8Array.of(0x1f, 0x8b, 8, 1, 2)), /expected a pcap/],
  ['a device without content', '/dev/null', /got nothing/],
  ['a link to itself', join(folder, 'loop'), /expected a readable capture, got ELOOP/],
];

const options: Mistake[] = [
  [['--rate', '5'], /--rate: expected a rate like 20 Mbps.*got "5"/],
  [['--rate', ''], /--rate: .*got ""/],
  [['--rate', '5Mbps/x'], /--rate: .*UP\/DOWN, got "5Mbps\/x"/],
  [['--rate', '1e-9bps'], /rate: expected 1 to 10\^13 bits\/s/],
  [['--delay', '-20ms'], /--delay: expected a delay like 20 ms/],
  [['--delay', '20ms 5ms distribution flat'], /uniform\|normal\|pareto/],
  [['--delay', '2400h 2400h'], /at most 100 days of virtual time/],
  [['--queue', '64'], /--queue: expected a queue limit like 64 KiB/],
  [['--queue', '1bdp'], /queue in bdp: expected a link with a rate and a path with a delay/],
  [['--loss', '101%'], /--loss: expected a loss like 1 %/],
  [['--loss', '1% 100%'], /loss correlation: expected a share from 0 to below 1/],
  [['--duplicate', 'x'], /--duplicate: expected a share/],
  [['--reorder', '1% gap 0'], /--reorder: expected a reordering/],
  [['--reorder', '1%'], /reorder: expected a delay, in which to be overtaken, got "no delay"/],
  [['--corrupt', '1% bits 2000'], /corrupt bits: expected 1 to 1024/],
  [['--mtu', '1500'], /--mtu: expected a size/],
  [['--mtu', '70000B'], /mtu: expected 1 to 65535 bytes/],
  [['--overhead', 'x'], /--overhead: expected bytes a frame/],
  [['--trace-down', join(folder, 'missing')], /missing: expected a file that can be read/],
  [['--trace-up', text], /text line 1: expected a whole millisecond/],
  [['--rate', '1Mbps', '--trace-down', text], /either rate or trace/],
  [['--inside', '10.0.0.0/33'], /--inside: expected address blocks/],
  [['--speed', '0x'], /--speed: expected a factor like 2x/],
  [['--speed', '1e-9x'], /at most 100 days of virtual time/],
  [['--loop', '0'], /--loop: expected a whole number from 1/],
  [['--from', 'noon'], /--from: expected a time like 5s/],
  [['--to', '1.2.3'], /--to: expected a time like 5s/],
  [['--from', '2s', '--to', '1s'], /--to: expected an end not before --from 2s, got "1s"/],
  [['--seed', '-1'], /--seed: expected a whole number from 0/],
  [['--wire', 'x'], /--wire.*Allowed choices are lazy, always/],
  [['--out', ''], /--out: expected a folder to write to, got ""/],
  [['--out', text], /text\/trace.pcapng: expected to write a capture, got ENOTDIR/],
  [['--out', join(text, 'x')], /expected a folder to write to, got ENOTDIR/],
  [['--out', '/proc/x'], /expected a folder to write to, got ENOENT/],
  [['--scenario', join(folder, 'missing')], /missing: expected a file that can be read/],
  [['--no-such-option'], /unknown option '--no-such-option'/],
  [['--rate'], /argument missing/],
];

const scenarios: [string, string, RegExp][] = [
  ['nothing', '', /scenario: expected object, got null/],
  ['no path', 'seed: 1', /path: expected object, got nothing/],
  ['broken YAML', 'path: [1', /expected YAML or JSON, got .* at line 1/],
  [
    'a text of no form',
    `\u0000"${'long '.repeat(1000)}" x: [`,
    /expected YAML or JSON, got .{1,200}$/m,
  ],
  ['broken JSON', '{"path": {}', /expected YAML or JSON, got/],
  ['an alias of nothing', 'path: *there', /expected YAML or JSON, got Unresolved alias/],
  ['a tag', 'path: !!js/function x', /expected YAML or JSON, got Unresolved tag/],
  [
    'a value that contains itself',
    'path: {toClient: &loop [*loop]}',
    /path.toClient.0: expected object/,
  ],
  ['a key it does not know', 'path: {toClient: {rte: 5 Mbps}}', /path.toClient: unknown key "rte"/],
  [
    'a number without a unit',
    'path: {toClient: {rate: 5}}',
    /path.toClient.rate: expected a rate.*got 5/,
  ],
  [
    'a bad link of several',
    'path: {toClient: [{}, {delay: x}]}',
    /toClient.1.delay: expected a delay.*got "x"/,
  ],
  ['an MTU out of range', 'path: {toClient: {mtu: 100000 B}}', /mtu: expected 1 to 65535 bytes/],
  [
    'one name twice',
    'path: {toClient: {name: a}, toServer: {name: a}}',
    /a different name for each link/,
  ],
  [
    'a schedule that goes back',
    'path: {toClient: {schedule: {changes: [{at: 2s}, {at: 1s}]}}}',
    /schedule: expected a time from/,
  ],
  [
    'a missing trace',
    'path: {toClient: {trace: none.down}}',
    /none.down: expected a file that can be read/,
  ],
  [
    'a path longer than a run',
    'path: {toClient: [{delay: 2000h}, {delay: 2000h}]}',
    /at most 100 days/,
  ],
];

const others: [string, string[], RegExp][] = [
  ['no command', [], /expected one of replay, .*got "none"/],
  ['an unknown command', ['relpay'], /expected one of replay, .*got "relpay"/],
  ['a replay of nothing', ['replay'], /missing required argument 'TRACE'/],
  ['an analysis of nothing', ['analyze'], /missing required argument 'TRACE'/],
  ['an analysis of two', ['analyze', TRACE, TRACE], /too many arguments/],
  [
    'flows in words',
    ['analyze', TRACE, '--flows', 'all'],
    /--flows: expected a whole number from 1/,
  ],
  ['bursts of no rate', ['analyze', TRACE, '--bursts', 'fast'], /--bursts: expected a rate/],
  [
    'a bound on nothing',
    ['analyze', TRACE, '--bound', '1MB'],
    /--bound: expected it beside --bursts/,
  ],
  ['an analysis into a file', ['analyze', TRACE, '--out', text], /expected a folder to write to/],
  ['standard input twice', ['replay', '-', '-'], /standard input \(-\) at most once/],
  [
    'standard input in a loop',
    ['replay', '-', '--loop', '2'],
    /--loop: expected files, since a pipe/,
  ],
  ['a FIFO in a loop', ['replay', fifo, '--loop', '2'], /--loop: expected files, since a pipe/],
  ['standard input that is empty', ['replay', '-'], /standard input: expected a pcap/],
  ['a link type that is not read', ['replay', wireless], /expected link type Ethernet.*got/],
  ['a bad capture behind a good one', ['replay', TRACE, text], /text: expected a pcap/],
];

describe.concurrent('one line and exit code 2 for', () => {
  for (const [name, path, says] of captures) {
    it(`${name}, in replay and analyze`, async ({ expect }) => {
      const [replayed, analyzed] = [
        await sluice(['replay', path]),
        await sluice(['analyze', path]),
      ];
      expectMistake(replayed, says);
      expectMistake(analyzed, says);
      expect(replayed.stderr).toBe(analyzed.stderr);
    });
  }
  for (const [args, says] of options) {
    it(`replay ${args.map((arg) => arg.replace(folder, '') || '""').join(' ')}`, async () => {
      expectMistake(await sluice(['replay', TRACE, ...args]), says);
    });
  }
  for (const [index, [name, yaml, says]] of scenarios.entries()) {
    it(`a scenario with ${name}`, async () => {
      const path = file(`scenario-${index}.yaml`, yaml);
      expectMistake(await sluice(['replay', TRACE, '--scenario', path]), says);
    });
  }
  for (const [name, args, says] of others) {
    it(name, async () => expectMistake(await sluice(args), says));
  }

  it('a scenario file beside options that shape the path', async () => {
    const path = file('fine.yaml', 'path: {}');
    for (const shaping of [
      ['--rate', '1Mbps'],
      ['--trace-up', text],
    ]) {
      const ran = await sluice(['replay', TRACE, '--scenario', path, ...shaping]);
      expectMistake(ran, /either a scenario file or options that shape the path, got both/);
    }
  });

  it('a disk that is full, for the capture and for standard output', async () => {
    const out = join(folder, 'full');
    mkdirSync(out);
    symlinkSync('/dev/full', join(out, 'trace.pcapng'));
    const ran = await sluice(['replay', TRACE, '--out', out]);
    expectMistake(ran, /trace.pcapng: expected to write a capture, got ENOSPC/);
    expectMistake(await shell(`$SLUICE analyze ${TRACE} > /dev/full`, folder), /got ENOSPC/);
  });

  it('a capture without permission to read it', async ({ skip }) => {
    const path = file('secret.pcap', 'x');
    chmodSync(path, 0);
    chmodSync(folder, 0o755);
    // For root, who may read everything, somebody else tries.
    const how = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const { status } = await sluice(['--version'], { ...how, cwd: '/' });
    if (status !== 0) skip('nobody may not read the repository');
    const ran = await sluice(['replay', path], { ...how, cwd: '/' });
    expectMistake(ran, /secret.pcap: expected a readable capture, got no permission to read it/);
  });
});
