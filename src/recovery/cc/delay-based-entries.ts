/** The delay-based controllers by name: Vegas and LEDBAT. Cold. */
import type { CongestionContext } from '../congestion.ts';
import type { ControllerEntry } from './controllers.ts';
import { DelayBasedController } from './delay-based.ts';
import { LEDBAT_WINDOW_SEGMENTS, LedbatDelays, LedbatGrowth, LedbatStart } from './ledbat.ts';
import type { LossBasedOptions } from './loss-based.ts';
import { VegasGrowth, VegasRounds, VegasSlowStart } from './vegas.ts';

const MS = 1e6;

const optionsOf = ({ granularity }: CongestionContext): LossBasedOptions => ({
  ecnBackoff: 'as-loss',
  idleRestart: granularity === 'segments' ? 'halve' : 'initial-window',
});

const VEGAS: ControllerEntry = {
  name: 'vegas',
  description: 'Vegas: keeps a few segments in queues, by the RTT (Brakmo and Peterson 1995)',
  parameters: [
    { name: 'alpha', description: 'fewer segments than this: grow', default: 2, min: 0 },
    { name: 'beta', description: 'more segments than this: shrink', default: 4, min: 0 },
    { name: 'gamma', description: 'more segments than this end slow start', default: 1, min: 0 },
  ],
  create(values) {
    const vegas = {
      alpha: values['alpha'] as number,
      beta: values['beta'] as number,
      gamma: values['gamma'] as number,
    };
    return (context) => {
      const rounds = new VegasRounds();
      const { smss } = context;
      const slowStart = new VegasSlowStart(smss, rounds, vegas);
      const growth = new VegasGrowth(smss, rounds, vegas);
      const parts = { slowStart, growth };
      return new DelayBasedController(context, parts, optionsOf(context), rounds);
    };
  },
};

const LEDBAT: ControllerEntry = {
  name: 'ledbat',
  description: 'LEDBAT: a background flow that adds at most a target of delay (RFC 6817)',
  parameters: [
    { name: 'targetMs', description: 'TARGET (RFC 6817 §2.5)', default: 100, min: 1, max: 100 },
    { name: 'gain', description: 'GAIN (RFC 6817 §2.5)', default: 1, min: 0.01, max: 1 },
  ],
  create(values) {
    const ledbat = {
      targetNs: (values['targetMs'] as number) * MS,
      gain: values['gain'] as number,
    };
    return (context) => {
      const delays = new LedbatDelays();
      const { smss, granularity } = context;
      const initialWindow = Math.min(context.initialWindow, LEDBAT_WINDOW_SEGMENTS * smss);
      const growth = new LedbatGrowth(smss, delays, ledbat, granularity === 'segments');
      const parts = { slowStart: new LedbatStart(smss), growth };
      const own = { ...context, initialWindow };
      return new DelayBasedController(own, parts, optionsOf(context), delays);
    };
  },
};

export const DELAY_BASED_ENTRIES: readonly ControllerEntry[] = [VEGAS, LEDBAT];
