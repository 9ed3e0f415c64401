/**
 * `sluice replay` as a whole process: 4 M records of 96 bytes through one link, once idle (the rate is above
 * the offered 1.21 Gb/s) and once with a full queue that drops. Its CPU time, user and system, from its
 * start. Prints frames a CPU second and what came out; the outcome of all rounds must be one.
 */
import { fileURLToPath } from 'node:url';
import { largeCapture } from './captures.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { median } from './statistics.ts';

const ROUNDS = 7;
const PACKETS = 4_000_000;
const RATES = ['2Gbps', '1Gbps'] as const;

interface Outcome {
  readonly fingerprint: string;
  readonly engine: { readonly events: number; readonly deliveredPackets: number };
}

const command = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const path = largeCapture(PACKETS, 96);
for (const rate of RATES) {
  const speeds: number[] = [];
  const outcomes = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const options = ['--rate', `${rate}/${rate}`, '--delay', '1ms', '--queue', '256KiB', '--json'];
    const { seconds, output } = cpuSeconds(process.execPath, command, 'replay', path, ...options);
    const { fingerprint, engine } = JSON.parse(output) as Outcome;
    speeds.push(PACKETS / seconds / 1e6);
    outcomes.add(`${engine.deliveredPackets} delivered, fingerprint ${fingerprint}`);
  }
  console.log(
    `replay through one link of ${rate}: ${median(speeds).toFixed(2)} M frames/CPU s (goal >= 1); ` +
      [...outcomes].join('; '),
  );
}
