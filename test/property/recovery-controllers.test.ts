import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControllerRegistry, type ParameterValues } from '../../src/recovery/cc/controllers.ts';
import {
  CongestionCause,
  type CongestionController,
  type CongestionControllerFactory,
} from '../../src/recovery/congestion.ts';
import {
  ConformanceError,
  checkConformance,
  type Operation,
  operation,
} from '../support/controller-conformance.ts';

const registry = ControllerRegistry.withBuiltIns();
const operations = fc.array(operation, { minLength: 1, maxLength: 300, size: 'max' });

const variants: [string, ParameterValues][] = [
  ['reno', {}],
  ['reno', { slowStart: 'hystart', abe: true }],
  ['reno', { slowStart: 'hystart++', idleRestart: 'initial-window' }],
  ['reno', { abcLimit: 2, idleRestart: 'halve' }],
  ['cubic', {}],
  ['cubic', { slowStart: 'hystart++', abe: true, fastConvergence: false }],
  ['cubic', { slowStart: 'classic', renoFriendly: false, idleRestart: 'halve' }],
  ['cubic', { beta: 0.5, c: 100 }],
  ['reno', { idleRestart: 'validate' }],
  ['cubic', { idleRestart: 'validate' }],
  ['bbr', {}],
  ['bbr3', {}],
  ['prague', {}],
  ['vegas', {}],
  ['ledbat', { targetMs: 5 }],
  ['dctcp', {}],
  ['dctcp', { alpha: 0, idleRestart: 'validate' }],
];

describe('every congestion controller keeps the rules of its interface', () => {
  for (const [name, values] of variants) {
    for (const granularity of ['bytes', 'segments'] as const) {
      it(`${name} ${JSON.stringify(values)} in ${granularity}`, () => {
        const factory = registry.factory(name, values);
        fc.assert(
          fc.property(operations, (list) => checkConformance(factory, granularity, list)),
          { numRuns: 40, seed: 3 },
        );
      });
    }
  }
});

describe('the conformance suite has teeth', () => {
  const reno = registry.factory('reno');
  const send: Operation = { kind: 'send', segments: 1e6, isAppLimited: false };
  const loss: Operation = { kind: 'recover', cause: CongestionCause.Loss };
  /** A rule, the operations that show it, and what to do to Reno so that it breaks. */
  const faults: [string, Operation[], (controller: CongestionController) => void][] = [
    [
      'a timeout leaves one segment',
      [{ kind: 'timeout' }],
      (controller) => {
        controller.onRetransmissionTimeout = () => {};
      },
    ],
    [
      'an undo brings the window back',
      [send, { kind: 'timeout' }, { kind: 'spurious' }],
      (controller) => {
        controller.onSpuriousRecovery = () => {};
      },
    ],
    [
      'ssthresh is at least two segments',
      [send, loss],
      (controller) => {
        controller.onEnterRecovery = () => Object.assign(controller, { ssthresh: 1460 });
      },
    ],
    [
      'an application-limited window does not grow',
      [
        { kind: 'send', segments: 2, isAppLimited: true },
        { kind: 'ack', segments: 1, rttMs: 20 },
      ],
      (controller) => {
        const onAck = controller.onAck.bind(controller);
        controller.onAck = (sample, rtt) => onAck({ ...sample, isCwndLimited: true }, rtt);
      },
    ],
    [
      'the window does not grow in recovery',
      [send, loss, send, { kind: 'ack', segments: 8, rttMs: 20 }],
      (controller) => {
        controller.onAck = () => Object.assign(controller, { cwnd: controller.cwnd + 1 });
      },
    ],
    [
      'cwnd is a whole number of bytes',
      [send],
      (controller) => Object.assign(controller, { cwnd: Number.NaN }),
    ],
    [
      'the pacing rate is positive',
      [send],
      (controller) => Object.defineProperty(controller, 'pacingRate', { value: 0 }),
    ],
  ];
  for (const [rule, operations, breakIt] of faults) {
    it(`finds that "${rule}" does not hold`, () => {
      const broken: CongestionControllerFactory = (context) => {
        const controller = reno(context);
        breakIt(controller);
        return controller;
      };
      expect(() => checkConformance(broken, 'bytes', operations)).toThrow(ConformanceError);
      expect(() => checkConformance(broken, 'bytes', operations)).toThrow(rule);
      expect(() => checkConformance(reno, 'bytes', operations)).not.toThrow();
    });
  }

  it('finds windows that are not whole segments', () => {
    const inBytes: CongestionControllerFactory = (context) =>
      reno({ ...context, granularity: 'bytes' });
    const list: Operation[] = [send, { kind: 'ack', segments: 1, rttMs: 20 }, loss];
    expect(() => checkConformance(inBytes, 'segments', list)).toThrow('whole segments');
  });
});
