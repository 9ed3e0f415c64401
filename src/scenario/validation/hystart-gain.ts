/**
 * What HyStart++ saves (RFC 9406 §5): CUBIC transfers over a link of 100 Mb/s whose buffer is one bandwidth-delay
 * product, with HyStart++ and with standard slow start of the same growth (L = 8), over a grid of round trips
 * and sizes. Every recovery is by SACK here, so that there are no timeouts to save.
 */
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { RFC_PROFILE } from '../../tcp/config.ts';
import { type BulkTotals, runBulk } from './bulk-path.ts';
import { type Experiment, type Measurement, oursOf, seedsFrom1 } from './experiment.ts';

const RATE = 100e6;
const RTTS_MS = [10, 20, 50, 100, 200];
const SIZES = [4e6, 16e6, 64e6];
const HOST_NS = 100e3;
const END_NS = 60e9;
/** Segments an ACK of both, as RFC 9406 recommends without pacing. */
const LIMIT = 8;

export const hystartGain: Experiment = {
  name: 'hystart-gain',
  title: 'HyStart++ against standard slow start, 100 Mb/s, buffer of one BDP',
  source: 'RFC 9406 §5',
  firmness: 'S',
  method: 'TCP, CUBIC, transfers of 4, 16 and 64 MB at RTT 10 to 200 ms',
  seeds: seedsFrom1(20),
  numbers: 2,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  const standard = seeds.map((seed) => transferAll(seed, 'classic'));
  const hystart = seeds.map((seed) => transferAll(seed, 'hystart++'));
  yield {
    quantity: 'share of retransmitted bytes saved',
    theirs: 0.5,
    ...oursOf(
      hystart.map(({ retransmittedBytes }, index) => {
        const without = standard[index] as TransferTotals;
        return 1 - retransmittedBytes / without.retransmittedBytes;
      }),
    ),
    tolerance: { kind: 'band', min: 0.3, max: 1 },
  };
  const timeouts = (totals: readonly TransferTotals[]) =>
    totals.reduce((sum, each) => sum + each.timeouts, 0);
  yield {
    quantity: 'share of timeouts saved',
    theirs: 0.36,
    ours: timeouts(standard) === 0 ? 0 : 1 - timeouts(hystart) / timeouts(standard),
    tolerance: { kind: 'band', min: 0, max: 1 },
    reportedBecause: `${timeouts(standard)} timeouts with standard slow start, ${timeouts(hystart)} with HyStart++`,
  };
}

type TransferTotals = Pick<BulkTotals, 'retransmittedBytes' | 'timeouts'>;

/** All sizes over all round trips, one after the other. */
function transferAll(seed: number, slowStart: string): TransferTotals {
  const controllers = ControllerRegistry.withBuiltIns().factory('cubic', {
    slowStart,
    abcLimit: LIMIT,
  });
  const runs = RTTS_MS.flatMap((rttMs) =>
    SIZES.map((sizeBytes): BulkTotals => {
      const rttNs = rttMs * 1e6;
      return runBulk({
        path: {
          seed,
          rate: RATE,
          rttNs,
          queue: { bytes: (RATE * rttNs) / 8e9 },
          tcp: RFC_PROFILE,
          processingDelayNs: HOST_NS,
        },
        flows: [{ controllers, startNs: 0, sizeBytes }],
        warmUpNs: 0,
        endNs: END_NS,
      });
    }),
  );
  return {
    retransmittedBytes: runs.reduce((sum, totals) => sum + totals.retransmittedBytes, 0),
    timeouts: runs.reduce((sum, totals) => sum + totals.timeouts, 0),
  };
}
