/** The experiments that `sluice validate` knows, in the order in which they are run. */
import { NetError } from '../../base/errors.ts';
import { aqmTail } from './aqm-tail.ts';
import { bbrLoss } from './bbr-loss.ts';
import { bbrQueue } from './bbr-queue.ts';
import { bbrShare } from './bbr-share.ts';
import { bbr3Startup, bbrStartup } from './bbr-startup.ts';
import { bufferShare } from './buffer-share.ts';
import { bufferSizing } from './buffer-sizing.ts';
import { burstLengths } from './burst-lengths.ts';
import { codelDelay } from './codel-delay.ts';
import { couplingRate } from './coupling-rate.ts';
import { cubicFriendlyResponse, cubicResponse } from './cubic-response.ts';
import { dctcpQueue } from './dctcp-queue.ts';
import type { Experiment } from './experiment.ts';
import { homeBufferbloat } from './home-bufferbloat.ts';
import { hystartGain } from './hystart-gain.ts';
import { incastCollapse } from './incast-collapse.ts';
import { l4sDelay } from './l4s-delay.ts';
import { lossForRate } from './loss-for-rate.ts';
import { prrGain } from './prr-gain.ts';
import { renoResponse } from './reno-response.ts';
import { renoConstant, renoThroughput } from './reno-throughput.ts';

export const EXPERIMENTS: readonly Experiment[] = [
  renoResponse,
  cubicResponse,
  cubicFriendlyResponse,
  lossForRate,
  renoThroughput,
  renoConstant,
  bufferSizing,
  homeBufferbloat,
  codelDelay,
  aqmTail,
  l4sDelay,
  couplingRate,
  hystartGain,
  prrGain,
  bbrLoss,
  bbrStartup,
  bbr3Startup,
  bbrShare,
  bbrQueue,
  dctcpQueue,
  incastCollapse,
  bufferShare,
  burstLengths,
];

/** All experiments for no names. Throws NetError for a name that is none. */
export function findExperiments(names: readonly string[]): readonly Experiment[] {
  if (names.length === 0) return EXPERIMENTS;
  return names.map((name) => {
    const experiment = EXPERIMENTS.find((candidate) => candidate.name === name);
    if (experiment !== undefined) return experiment;
    const known = ['linux', 'fairness', ...EXPERIMENTS.map((candidate) => candidate.name)].join(
      ', ',
    );
    throw NetError.value('experiment', `one of ${known}`, name);
  });
}
