/** The command at work: inputs, scenario files, results on standard output and in files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { AnalyzeResult } from '../../src/analysis/capture-analysis.ts';
import type { QueueSeries, ReplayResult, ResultCost } from '../../src/scenario/replay-result.ts';
import { parseJson, shell, sluice } from '../support/command.ts';
import { ACK, segmentFrame } from '../support/packet-feed.ts';
import { readCapture } from '../support/read-capture.ts';
import { timesNs } from '../support/replay.ts';
import { writePcap } from '../support/write-capture.ts';

type Printed = ReplayResult & { cost: ResultCost };

const TRACE = resolve('traces/web-page-reno.pcap');
const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const FRAME_BYTES = 1000;
const HEADER_BYTES = 54;

/** `count` segments of the server, 1,000 bytes each, one every `gapMs`. */
function stream(count: number, gapMs: number): Uint8Array {
  const length = FRAME_BYTES - HEADER_BYTES;
  const packets = Array.from({ length: count }, (_, index) => ({
    interfaceIndex: 0,
    seconds: 1_700_000_000 + Math.floor((index * gapMs) / 1000),
    nanoseconds: ((index * gapMs) % 1000) * 1e6,
    data: Uint8Array.from(segmentFrame({ seq: index * length, flags: ACK, length }, false)),
    original: FRAME_BYTES,
  }));
  return writePcap(packets, 1);
}

const replay = async (...args: string[]) =>
  parseJson<Printed>(await sluice(['replay', ...args, '--json']));

/** Without what may differ between two ways to the same: cost, and what the inputs are called. */
function outcome({ cost: _, input, ...result }: Printed): unknown {
  return { ...result, input: { ...input, files: input.files.map((each) => each.packets) } };
}

/** Packets of the trace that a run left in `out`, and the name of the interface of each. */
function traceOf(out: string) {
  const { packets, reader } = readCapture(new Uint8Array(readFileSync(join(out, 'trace.pcapng'))));
  const names = packets.map(({ interfaceIndex }) => reader.interfaces[interfaceIndex]?.name);
  return { packets, names };
}

/** Milliseconds from the first packet at the path's end `name`, to three digits. */
function arrivalsMs(out: string, name = 'at client'): number[] {
  const { packets, names } = traceOf(out);
  const times = packets.filter((_, index) => names[index] === name).map(({ time }) => time);
  return timesNs(times).map((ns) => Math.round(ns / 1e3) / 1e3);
}

describe('help', () => {
  it('of the command and of each of its commands goes to standard output, exit code 0', async () => {
    const top = await sluice(['--help']);
    const names = [...top.stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => name);
    expect(names).toEqual(expect.arrayContaining(['replay', 'analyze']));
    for (const args of [[], ...names.map((name) => [name as string])]) {
      const ran = await sluice([...args, '--help']);
      expect(ran.stdout).toMatch(/^Usage: sluice/);
      expect(ran.stdout).toContain(args[0] ?? 'sluice');
      expect(ran.stderr).toBe('');
      expect(ran.status).toBe(0);
    }
  });

  it('names every option that a mistake can be made in', async () => {
    const { stdout } = await sluice(['replay', '--help']);
    const options =
      'rate delay queue loss duplicate reorder corrupt mtu overhead trace-down trace-up';
    const others = 'scenario inside speed loop from to seed wire json out';
    for (const name of `${options} ${others}`.split(' ')) expect(stdout).toContain(`--${name}`);
  });

  it('is not needed for the version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await sluice(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('--json prints one document', () => {
  const keys = (value: object) => Object.keys(value).sort().join(' ');

  it('of a replay, with the fields that replay-result.ts documents', async () => {
    const result = await replay(TRACE, '--rate', '5Mbps', '--loss', '2%', '--seed', '0x5eed');
    expect(keys(result)).toBe(
      'command cost engine fingerprint flows input links scenario seed sides simulatedSeconds total',
    );
    expect(result).toMatchObject({ command: 'replay', scenario: 'options', seed: 0x5eed });
    expect(keys(result.engine)).toBe('deliveredPackets events');
    expect(keys(result.cost)).toBe('cpuSeconds packetsPerCpuSecond peakRssBytes wallSeconds');
    expect(keys(result.input)).toBe(
      'copies earlierStamps enteredFrames enteredPackets farStamps files firstTimestamp malformed ' +
        'notCrossing oversized pieces skippedPackets superSegments truncatedPackets unsupportedLinkType',
    );
    expect(result.input.firstTimestamp).toMatch(/^\d+\.\d{9}$/);
    expect(keys(result.total)).toBe('toClient toServer');
    const direction =
      'bytes capturedMbps corruptedPackets deliveredBytes deliveredMbps deliveredPackets drops ' +
      'duplicates maxAddedDelayMs meanAddedDelayMs p50AddedDelayMs p95AddedDelayMs ' +
      'p99AddedDelayMs packets reordering';
    const [flow] = result.flows;
    for (const each of [result.total.toClient, flow?.toServer ?? {}]) {
      expect(keys(each)).toBe(direction);
    }
    expect(keys(result.total.toClient.reordering)).toBe('maxExtent meanExtent packets ratio');
    expect(keys(flow ?? {})).toBe(
      'capturedRetransmits durationSeconds ground handshakeRttMs name startSeconds toClient toServer transport',
    );
    expect(keys(result.links[0] ?? {})).toBe(
      'ceMarks corrupted corruptedEscaped corruptedUnverifiable direction drops duplicates ' +
        'forwardedBytes forwardedPackets meanQueueBytes meanQueueDelayMs name p99QueueDelayMs ' +
        'peakQueueBytes queueDrops randomLosses reordered utilisation',
    );
    expect(result.total.toClient.drops).toEqual({
      randomLoss: result.links[0]?.randomLosses,
    });
  });

  it('of an analysis, with the facts of the capture, and the same in result.json', async () => {
    const out = join(folder, 'analysis');
    const result = parseJson<AnalyzeResult>(
      await sluice(['analyze', TRACE, '--json', '--out', out]),
    );
    expect(result.capture).toMatchObject({
      packets: 501,
      linkTypes: ['Ethernet'],
      truncatedPackets: 0,
      firstTimestamp: '1795343783.835266874',
      lastTimestamp: '1795343785.755323160',
    });
    expect(result.capture.bytes).toBe(result.capture.capturedBytes);
    expect(result.flows).toHaveLength(19);
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual(result);
  });

  it('that is also in result.json, but for what the run cost', async () => {
    const out = join(folder, 'files');
    const options = ['--rate', '4Mbps', '--delay', '10ms 2ms', '--queue', '32KiB', '--out', out];
    const printed = await replay(TRACE, ...options);
    const stored = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as Printed;
    const { cost, ...result } = printed;
    expect(stored).toEqual({ ...result, cost: expect.objectContaining(cost) });
    const { packets } = traceOf(out);
    expect(packets).toHaveLength(printed.engine.deliveredPackets);
    const { queues } = JSON.parse(readFileSync(join(out, 'series.json'), 'utf8')) as {
      queues: QueueSeries[];
    };
    expect(queues.map(({ link }) => link)).toEqual(printed.links.map(({ name }) => name));
    for (const { binSeconds, maxQueueBytes, meanQueueBytes } of queues) {
      expect(maxQueueBytes.length).toBe(meanQueueBytes.length);
      expect(binSeconds * maxQueueBytes.length).toBeGreaterThanOrEqual(printed.simulatedSeconds);
    }
    const peak = Math.max(...(queues[0]?.maxQueueBytes ?? []));
    expect(peak).toBe(printed.links[0]?.peakQueueBytes);
    expect(peak).toBeGreaterThan(0);
  });

  it('and without it a table with a verdict, on a path that does nothing, too', async () => {
    const ran = await sluice(['replay', TRACE]);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^Verdict {3}the path delivered all of 2\d\d frames/m);
    expect(ran.stdout).not.toContain('NaN');
  });
});

describe('inputs', () => {
  const bytes = readFileSync(TRACE);
  const options = ['--rate', '5Mbps', '--loss', '1%'];

  it('are files, gzip, standard input and FIFOs alike', async () => {
    const plain = outcome(await replay(TRACE, ...options));
    const pipe = async (pieces: Uint8Array[]) =>
      outcome(parseJson(await sluice(['replay', '-', ...options, '--json'], { input: pieces })));
    expect(outcome(await replay(file('gzip.pcap', gzipSync(bytes)), ...options))).toEqual(plain);
    expect(await pipe([bytes])).toEqual(plain);
    expect(await pipe([gzipSync(bytes)])).toEqual(plain);
    const pieces = Array.from({ length: 40 }, (_, index) =>
      bytes.subarray(index * 9001, (index + 1) * 9001),
    );
    expect(await pipe(pieces)).toEqual(plain);
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const line = `cat ${TRACE} > fifo & $SLUICE replay fifo ${options.join(' ')} --json`;
    expect(outcome(parseJson(await shell(line, folder)))).toEqual(plain);
    const redirected = `$SLUICE replay - ${options.join(' ')} --json < ${TRACE}`;
    expect(outcome(parseJson(await shell(redirected, folder)))).toEqual(plain);
  });

  it('are merged by time, whichever is named first', async () => {
    const [even, odd] = [0, 1].map((rest) => {
      const { packets } = readCapture(new Uint8Array(bytes));
      const half = packets.filter((_, index) => index % 2 === rest);
      const written = half.map(({ time, data, original }) => {
        const [seconds, nanoseconds] = time.split('.').map(Number) as [number, number];
        return {
          interfaceIndex: 0,
          seconds,
          nanoseconds,
          data: Buffer.from(data, 'hex'),
          original,
        };
      });
      return file(`half-${rest}.pcap`, writePcap(written, 1));
    }) as [string, string];
    const whole = outcome(await replay(TRACE, ...options)) as Printed;
    for (const names of [
      [even, odd],
      [odd, even],
    ]) {
      const { input, ...merged } = outcome(await replay(...names, ...options)) as Printed;
      expect(merged).toEqual({ ...whole, input: undefined });
      expect(input.files).toEqual(names[0] === even ? [251, 250] : [250, 251]);
      expect(input.enteredPackets).toBe(501);
    }
  });

  it('that are cut off are replayed up to there, and the table says so', async () => {
    const path = file('cut.pcap', bytes.subarray(0, 100_000));
    const { input } = await replay(path);
    expect(input.files[0]).toMatchObject({ ending: 'cut' });
    const { stdout, status } = await sluice(['replay', path]);
    expect(stdout).toMatch(/cut\.pcap: \d+ packets; cut: /);
    expect(status).toBe(0);
  });

  it('may have no packet at all', async () => {
    const path = file('none.pcap', bytes.subarray(0, 24));
    const result = await replay(path, '--rate', '1Mbps', '--out', join(folder, 'none'));
    expect(result.input.enteredPackets).toBe(0);
    expect(result.flows).toEqual([]);
    expect((await sluice(['replay', path])).stdout).not.toContain('NaN');
    expect((await sluice(['analyze', path])).status).toBe(0);
  });
});

describe('a scenario file', () => {
  const yaml = `
name: two hops
seed: 7
path:
  toClient:
    - { name: access, rate: 8 Mbps, delay: 5 ms, capture: both }
    - { name: core, delay: 15 ms, capture: in }
  toServer: [{ rate: 2 Mbps }, { delay: 20 ms, capture: out }]
`;
  const json = {
    name: 'two hops',
    seed: 7,
    path: {
      toClient: [
        { name: 'access', rate: '8 Mbps', delay: '5 ms', capture: 'both' },
        { name: 'core', delay: '15 ms', capture: 'in' },
      ],
      toServer: [{ rate: '2 Mbps' }, { delay: '20 ms', capture: 'out' }],
    },
  };

  it('in YAML or JSON has several links a direction, each with capture points', async () => {
    const out = join(folder, 'hops');
    const first = await replay(TRACE, '--scenario', file('s.yaml', yaml), '--out', out);
    const second = await replay(TRACE, '--scenario', file('s.json', JSON.stringify(json)));
    expect(outcome(second)).toEqual(outcome(first));
    expect(first).toMatchObject({ scenario: 'two hops', seed: 7 });
    const links = first.links.map(({ name, direction }) => `${name} ${direction}`);
    expect(links).toEqual([
      'access toClient',
      'core toClient',
      'toServer-1 toServer',
      'toServer-2 toServer',
    ]);
    const { names } = traceOf(out);
    const count = (name: string) => names.filter((each) => each === name).length;
    const { toClient, toServer } = first.total;
    expect([...new Set(names)].sort()).toEqual(
      ['access in', 'access out', 'at client', 'at server', 'core in', 'toServer-2 out'].sort(),
    );
    expect(count('access in')).toBe(toClient.packets);
    for (const name of ['access out', 'core in', 'at client']) {
      expect(count(name)).toBe(toClient.deliveredPackets);
    }
    expect(count('toServer-2 out')).toBe(toServer.deliveredPackets);
    expect(count('at server')).toBe(toServer.deliveredPackets);
  });

  it('gives way to --seed, and to nothing else', async () => {
    const scenario = file('s.yaml', yaml);
    const { seed } = await replay(TRACE, '--scenario', scenario, '--seed', '8');
    expect(seed).toBe(8);
  });

  it('changes rate and delay at planned times, and takes links down and up', async () => {
    const scenario = file(
      'schedule.yaml',
      `
path:
  toClient:
    rate: 1 Mbps
    delay: 10 ms
    schedule:
      changes:
        - { at: 150 ms, delay: 30 ms }
        - { at: 350 ms, rate: 100 kbps }
        - { at: 550 ms, rate: 1 Mbps, up: false }
        - { at: 750 ms, up: true }
`,
    );
    const out = join(folder, 'schedule');
    const capture = file('stream.pcap', stream(10, 100));
    const { total } = await replay(capture, '--scenario', scenario, '--out', out);
    // 1,000 bytes take 8 ms at 1 Mbit/s and 80 ms at 100 kbit/s. 600 and 700 ms meet a link that is down.
    const first = 8 + 10;
    const expected = [
      0,
      100 + 18,
      200 + 38,
      300 + 38,
      400 + 110,
      500 + 80 + 30,
      800 + 38,
      900 + 38,
    ];
    // The frame of 500 ms is in transmission at 550 ms: going down drops it.
    const delivered = expected.filter((ms) => ms !== 610).map((ms) => (ms === 0 ? 0 : ms - first));
    expect(arrivalsMs(out)).toEqual(delivered);
    expect(total.toClient.drops).toEqual({ linkDown: 3 });
  });

  it('finds delivery traces beside itself, wherever it is run from', async () => {
    // One opportunity of 1,504 bytes every 20 ms; the trace repeats.
    file('deep/links/slow.down', '20\n');
    file('deep/path.yaml', 'path: { toClient: { trace: links/slow.down } }');
    const capture = file('burst.pcap', stream(5, 1));
    const out = join(folder, 'traced');
    const args = ['replay', capture, '--scenario', 'deep/path.yaml', '--out', out, '--json'];
    const { total } = parseJson<Printed>(await sluice(args, { cwd: folder }));
    expect(total.toClient.deliveredPackets).toBe(5);
    // Packets of 986 bytes count 990: what one leaves of 1,504 serves the next.
    expect(arrivalsMs(out)).toEqual([0, 20, 20, 40, 60]);
  });

  it('sizes a queue in bandwidth-delay products of the whole round trip', async () => {
    const scenario = file(
      'bdp.yaml',
      'path: { toClient: { rate: 1 Mbps, delay: 10 ms, queue: 2 bdp }, toServer: { delay: 30 ms } }',
    );
    const { links, total } = await replay(
      file('flood.pcap', stream(200, 1)),
      '--scenario',
      scenario,
    );
    // 2 × 1 Mbit/s × 40 ms are 10,000 bytes: ten frames wait and no eleventh.
    expect(links[0]?.peakQueueBytes).toBe(10_000);
    // One frame leaves every 8 ms: at 199 ms the 25th is in transmission, and ten wait behind it.
    expect(total.toClient.deliveredPackets).toBe(25 + 10);
    expect(links[0]?.queueDrops).toBe(200 - 35);
  });
});

describe('a reader that leaves early', () => {
  it('ends the command without a trace of calls', async () => {
    const flows = Array.from({ length: 3000 }, (_, index) => ({
      interfaceIndex: 0,
      seconds: 1,
      nanoseconds: index,
      data: Uint8Array.from(segmentFrame({ seq: 0, ports: [1024 + index, 80] }, true)),
      original: 54,
    }));
    const path = file('flows.pcap', writePcap(flows, 1));
    for (const command of ['analyze', 'replay']) {
      const line = `$SLUICE ${command} ${path} --json | head -1; echo "\${PIPESTATUS[0]}"`;
      expect(await shell(line, folder)).toEqual({ status: 0, stdout: '{\n0\n', stderr: '' });
    }
  });
});

describe('the same seed', () => {
  const options = [
    '--rate',
    '5Mbps',
    '--delay',
    '10ms 3ms',
    '--loss',
    '1%',
    '--corrupt',
    '1% bits 2',
  ];

  it('gives the same result and capture again, and with bytes made at every hop', async () => {
    const run = async (name: string, ...more: string[]) => {
      const out = join(folder, name);
      const result = outcome(await replay(TRACE, ...options, ...more, '--out', out));
      return { result, trace: readFileSync(join(out, 'trace.pcapng')).toString('base64') };
    };
    const first = await run('first');
    expect(await run('second')).toEqual(first);
    expect(await run('always', '--wire', 'always')).toEqual(first);
    expect(await run('named', '--seed', '1')).toEqual(first);
    const other = await run('other', '--seed', '2');
    expect((other.result as Printed).fingerprint).not.toBe((first.result as Printed).fingerprint);
    expect(other.trace).not.toBe(first.trace);
  });
});
