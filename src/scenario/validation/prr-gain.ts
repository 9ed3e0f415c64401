/**
 * PRR against the recovery of RFC 3517, which lets bursts go where the pipe falls below ssthresh (RFC 6937 §5, from
 * web servers): Poisson arrivals of short transfers at one bottleneck, and how many retransmissions were lost.
 * The published traffic is not known beyond that, so that only sign and order of magnitude are judged.
 */
import { RandomSource } from '../../engine/random.ts';
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import { RFC_PROFILE } from '../../tcp/config.ts';
import { type BulkFlow, runBulk } from './bulk-path.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';

const RATE = 10e6;
const RTT_NS = 50e6;
const QUEUE_BDP = 0.5;
const LOAD = 0.7;
const TRANSFERS = 300;
const SIZE_BYTES = 100e3;
const HOST_NS = 1e6;
const DRAIN_NS = 5e9;
/** Ten times less and ten times more than the published increase of 29 %. */
const LOST_MIN = 1.029;
const LOST_MAX = 3.9;

export const prrGain: Experiment = {
  name: 'prr-gain',
  title: 'Recovery of RFC 3517 over PRR: lost retransmissions and timeouts',
  source: 'RFC 6937 §5',
  firmness: 'S',
  method:
    'TCP, Reno, transfers of 100 kB in the mean at 70 % of 10 Mb/s, RTT 50 ms, half a BDP of buffer',
  seeds: seedsFrom1(20),
  numbers: 2,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  const usual = ControllerRegistry.withBuiltIns().factory('reno');
  const prr = transferAll(seeds, usual);
  const bursts = transferAll(seeds, withoutPrr(usual));
  yield {
    quantity: 'lost retransmissions, ratio',
    theirs: 1.29,
    ours: bursts.lostRetransmits / prr.lostRetransmits,
    tolerance: { kind: 'band', min: LOST_MIN, max: LOST_MAX },
  };
  yield {
    quantity: 'timeouts, ratio',
    theirs: 1.026,
    ours: bursts.timeouts / prr.timeouts,
    tolerance: { kind: 'relative', ratio: 0.1 },
    reportedBecause: 'so small a difference is the traffic’s',
  };
}

/** cwnd falls to ssthresh at once, and what the pipe has room for goes at once. */
function withoutPrr(factory: CongestionControllerFactory): CongestionControllerFactory {
  return (context) => Object.defineProperty(factory(context), 'recoveryWindow', { value: 'own' });
}

function transferAll(seeds: readonly number[], controllers: CongestionControllerFactory) {
  let lostRetransmits = 0;
  let timeouts = 0;
  for (const seed of seeds) {
    const flows = poissonTransfers(seed, controllers);
    const totals = runBulk({
      path: {
        seed,
        rate: RATE,
        rttNs: RTT_NS,
        queue: { bytes: (QUEUE_BDP * RATE * RTT_NS) / 8e9 },
        tcp: RFC_PROFILE,
        processingDelayNs: HOST_NS,
      },
      flows,
      warmUpNs: 0,
      endNs: (flows.at(-1)?.startNs ?? 0) + DRAIN_NS,
    });
    lostRetransmits += totals.lostRetransmits;
    timeouts += totals.timeouts;
  }
  return { lostRetransmits, timeouts };
}

function poissonTransfers(seed: number, controllers: CongestionControllerFactory): BulkFlow[] {
  const random = RandomSource.fromSeed(seed).fork('transfers');
  const gapNs = (SIZE_BYTES * 8e9) / (RATE * LOAD);
  let startNs = 0;
  return Array.from({ length: TRANSFERS }, () => {
    startNs += Math.round(random.exponential(gapNs));
    return { controllers, startNs, sizeBytes: 1 + Math.round(random.exponential(SIZE_BYTES)) };
  });
}
