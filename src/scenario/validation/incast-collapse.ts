/**
 * Incast: servers that answer one client at once lose whole windows at its port and wait for their timeouts, while
 * the link is idle; with an RTOmin of 200 µs instead of 200 ms the goodput stays near line rate to 47 servers
 * (Vasudevan et al., SIGCOMM 2009), and DCTCP delays the collapse to about 35 servers at a buffer of 100 packets
 * (Alizadeh et al., SIGCOMM 2010, Fig. 18). Numbers as recalled: reported.
 */
import { summarise } from '../../base/sample-statistics.ts';
import type { ParameterTexts } from '../parameters.ts';
import { runCatalogScenario } from '../run-catalog.ts';
import type { RunCompletion } from '../run-result.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';

const LINE_MBPS = 1000;
const SERVERS = 47;
/** A megabyte in all, in blocks that the servers share. */
const COLLAPSE: ParameterTexts = {
  senders: String(SERVERS),
  bytes: '21 KiB',
  rate: '1 Gbps',
  delay: '25 us',
  buffer: '64 KiB',
  cc: 'reno',
};
const DCTCP: ParameterTexts = {
  senders: '35',
  bytes: '64 KiB',
  rate: '1 Gbps',
  delay: '25 us',
  buffer: '100 packets',
  cc: 'dctcp',
  ecnThreshold: '20 packets',
};
/** One run: it is large, and what it shows is that all complete. */
const MANY: ParameterTexts = {
  senders: '10000',
  bytes: '64 KiB',
  buffer: '1 MiB',
  rtoMin: '10 ms',
  cc: 'dctcp',
  ecnThreshold: '65 packets',
  pacing: 'on',
};

export const incastCollapse: Experiment = {
  name: 'incast-collapse',
  title: 'Goodput of incast with an RTOmin of 200 ms and of 200 us, and with DCTCP',
  source: 'Vasudevan et al., SIGCOMM 2009; Alizadeh et al., SIGCOMM 2010, Fig. 18',
  firmness: 'R',
  method: 'TCP, 1 Gb/s, RTT 100 us, from the first response to the end of the last',
  seeds: seedsFrom1(20),
  numbers: 4,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  const collapsed = goodputs(seeds, COLLAPSE);
  const cured = goodputs(seeds, { ...COLLAPSE, rtoMin: '200 us' });
  const ratios = cured.map((goodput, index) => goodput / (collapsed[index] as number));
  yield measured(`goodput with 200 us over 200 ms, ${SERVERS} servers`, 8, ratios, {
    kind: 'band',
    min: 8,
    max: Number.POSITIVE_INFINITY,
  });
  const shares = cured.map((goodput) => goodput / LINE_MBPS);
  yield measured(`goodput with 200 us, ${SERVERS} servers, of line rate`, 1, shares, {
    kind: 'relative',
    ratio: 0.2,
  });
  const timeouts = seeds.map((seed) => completionOf(DCTCP, seed).timeouts);
  yield measured('timeouts of 35 DCTCP servers, 100 packets of buffer', 0, timeouts, {
    kind: 'absolute',
    by: 0,
  });
  const many = completionOf(MANY, seeds[0] ?? 1);
  yield measured('flows completed of 10,000 paced servers with ECN', 10_000, [many.completed], {
    kind: 'absolute',
    by: 0,
  });
}

function measured(
  quantity: string,
  theirs: number,
  values: readonly number[],
  tolerance: Measurement['tolerance'],
): Measurement {
  const { mean, halfWidth95 } = summarise(values);
  return {
    quantity,
    theirs,
    ours: mean,
    tolerance,
    ...(halfWidth95 !== null && { halfWidth: halfWidth95 }),
  };
}

function goodputs(seeds: readonly number[], parameters: ParameterTexts): number[] {
  return seeds.map((seed) => completionOf(parameters, seed).goodputMbps ?? 0);
}

function completionOf(parameters: ParameterTexts, seed: number): RunCompletion {
  return runCatalogScenario('incast', parameters, { seed }).result.completion as RunCompletion;
}
