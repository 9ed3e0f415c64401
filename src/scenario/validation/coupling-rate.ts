/**
 * DualPI2's coupling: a scalable and a classic flow of equal round trip get about equal rates, since the scalable one
 * is marked k times the square root of what drops the other (RFC 9332 §2.1, k = 2 in its Appendix A).
 */
import { summarise } from '../../base/sample-statistics.ts';
import { runCatalogScenario } from '../run-catalog.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';

const LINES = [
  { rateMbps: 40, rttMs: 20 },
  { rateMbps: 120, rttMs: 20 },
];
const CLASSIC = ['cubic', 'reno'];

export const couplingRate: Experiment = {
  name: 'coupling-rate',
  title: 'Rate of a Prague flow over that of a classic one, DualPI2',
  source: 'RFC 9332 §2.1 and Appendix A',
  firmness: 'S',
  method: 'TCP, one flow each, equal round trips, 15 s',
  seeds: seedsFrom1(20),
  numbers: LINES.length * CLASSIC.length,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  for (const { rateMbps, rttMs } of LINES) {
    for (const classic of CLASSIC) {
      const parameters = {
        rate: `${rateMbps} Mbps`,
        rtt: `${rttMs} ms`,
        qdisc: 'dualpi2 limit 10000packets',
        cc: `prague,${classic}`,
        ecn: 'on',
        duration: '15 s',
      };
      const ratios = seeds.map((seed) => {
        const { flows } = runCatalogScenario('dumbbell', parameters, { seed }).result;
        const [prague, other] = flows.map(({ goodputMbps }) => goodputMbps);
        return (prague ?? 0) / (other ?? 1);
      });
      const { mean, halfWidth95 } = summarise(ratios);
      yield {
        quantity: `Prague over ${classic} at ${rateMbps} Mb/s, RTT ${rttMs} ms`,
        theirs: 1,
        ours: mean,
        ...(halfWidth95 !== null && { halfWidth: halfWidth95 }),
        tolerance: { kind: 'band', min: 0.5, max: 2 },
      };
    }
  }
}
