/**
 * What HyStart++ saves (RFC 9406 §5): CUBIC transfers over a link of 100 Mb/s whose buffer is one bandwidth-delay
 * product, with HyStart++ and with standard slow start of the same growth (L = 8), over a grid of round trips
 * and sizes. Every recovery is by SACK here, so that there are no timeouts to save.
 */
import { ControllerRegistry } from '../../recovery/cc/controllers.ts';
import { RFC_PROFILE } from '../../tcp/config.ts';
import { type BulkTotals, runBulk } from './bulk-path.ts';
import { type Experiment, type Measurement, seedsFrom1 } from './experiment.ts';

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
  seeds: seedsFrom1(1),
  numbers: 2,
  run,
};

function* run(seeds: readonly number[]): Iterable<Measurement> {
  const standard = transferAll(seeds, 'classic');
  const hystart = transferAll(seeds, 'hystart++');
  yield {
    quantity: 'share of retransmitted bytes saved',
    theirs: 0.5,
    ours: 1 - hystart.retransmittedBytes / standard.retransmittedBytes,
    tolerance: { kind: 'band', min: 0.3, max: 1 },
  };
  yield {
    quantity: 'share of timeouts saved',
    theirs: 0.36,
    ours: standard.timeouts === 0 ? 0 : 1 - hystart.timeouts / standard.timeouts,
    tolerance: { kind: 'band', min: 0, max: 1 },
    reportedBecause: `${standard.timeouts} timeouts with standard slow start, ${hystart.timeouts} with HyStart++`,
  };
}

function transferAll(seeds: readonly number[], slowStart: string) {
  const controllers = ControllerRegistry.withBuiltIns().factory('cubic', {
    slowStart,
    abcLimit: LIMIT,
  });
  const runs = seeds.flatMap((seed) =>
    RTTS_MS.flatMap((rttMs) =>
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
    ),
  );
  return {
    retransmittedBytes: runs.reduce((sum, totals) => sum + totals.retransmittedBytes, 0),
    timeouts: runs.reduce((sum, totals) => sum + totals.timeouts, 0),
  };
}
