/**
 * A controller of somebody else's, watched: what it throws and every value that no sender can use become one error
 * that names it, so that a mistake in a plug-in is not taken for one of the stack. A window must be of
 * one segment at least and below 2^31; thresholds, rates and quanta above 0. It corrects nothing.
 */
import { NetError } from '../../base/errors.ts';
import type { Bytes, Duration } from '../../base/units.ts';
import {
  type AckSample,
  type BytesPerSecond,
  type CongestionCause,
  type CongestionContext,
  type CongestionController,
  type CongestionControllerFactory,
  type LossSample,
  type RttView,
  SSTHRESH_UNSET,
} from '../congestion.ts';

const METHODS = [
  'onPacketSent',
  'onAck',
  'onPacketsLost',
  'onEnterRecovery',
  'onExitRecovery',
  'onRetransmissionTimeout',
  'onPersistentCongestion',
  'onSpuriousRecovery',
  'onIdleRestart',
  'onMtuChange',
] as const;

/** Makes what `factory` makes, watched. Errors begin with `controller NAME`. */
export function guardedFactory(
  name: string,
  factory: CongestionControllerFactory,
): CongestionControllerFactory {
  const guarded = (context: CongestionContext): CongestionController => {
    const inner = guard(name, 'its factory', () => factory(context));
    checkShape(name, inner);
    return new GuardedController(name, inner, context);
  };
  const { preciseEcn, usesAccurateEcn } = factory;
  if (preciseEcn === undefined) return guarded;
  return Object.assign(guarded, { preciseEcn, ...(usesAccurateEcn && { usesAccurateEcn }) });
}

function checkShape(name: string, controller: unknown): void {
  if (typeof controller !== 'object' || controller === null) {
    throw failure(name, 'a factory that makes an object', typeof controller);
  }
  const members = controller as Readonly<Record<string, unknown>>;
  const missing = METHODS.filter((method) => typeof members[method] !== 'function');
  if (missing.length > 0)
    throw failure(name, `methods ${METHODS.join(', ')}`, `no ${missing.join(', ')}`);
  const { recoveryWindow } = members;
  if (recoveryWindow !== 'prr' && recoveryWindow !== 'own') {
    throw failure(name, "recoveryWindow 'prr' or 'own'", show(recoveryWindow));
  }
}

/** Runs a part of the controller; what it throws is told with its name. */
function guard<Value>(name: string, part: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof NetError) throw error;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw failure(name, `${part} to return`, reason);
  }
}

function failure(name: string, expected: string, got: string): NetError {
  return new NetError('ERR_CONTROLLER', `controller ${name}: expected ${expected}, got ${got}`);
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

class GuardedController implements CongestionController {
  readonly recoveryWindow: 'prr' | 'own';
  declare readonly phase?: string;
  declare readonly bandwidth?: BytesPerSecond;
  declare readonly sendBufferFactor?: number;
  readonly #name: string;
  readonly #inner: CongestionController;
  #smss: Bytes;

  constructor(name: string, inner: CongestionController, { smss }: CongestionContext) {
    this.recoveryWindow = inner.recoveryWindow;
    this.#name = name;
    this.#inner = inner;
    this.#smss = smss;
    // Only what there is: who looks at them can tell none from some.
    for (const field of ['phase', 'bandwidth', 'sendBufferFactor'] as const) {
      if (field in inner) Object.defineProperty(this, field, { get: () => inner[field] });
    }
  }

  get cwnd(): Bytes {
    const { cwnd } = this.#inner;
    return this.#check('cwnd', cwnd, cwnd >= this.#smss && cwnd < SSTHRESH_UNSET);
  }

  get ssthresh(): Bytes {
    const { ssthresh } = this.#inner;
    return this.#check('ssthresh', ssthresh, ssthresh > 0 && ssthresh <= SSTHRESH_UNSET);
  }

  /** UNPACED is Infinity. */
  get pacingRate(): BytesPerSecond {
    const { pacingRate } = this.#inner;
    return this.#check('pacingRate', pacingRate, pacingRate > 0);
  }

  get sendQuantum(): Bytes {
    const { sendQuantum } = this.#inner;
    return this.#check('sendQuantum', sendQuantum, sendQuantum > 0);
  }

  get isHoldingBack(): boolean {
    return this.#inner.isHoldingBack === true;
  }

  onPacketSent(sentBytes: Bytes, inFlight: Bytes, isAppLimited: boolean): void {
    this.#call('onPacketSent', (inner) => inner.onPacketSent(sentBytes, inFlight, isAppLimited));
  }

  onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    this.#call('onAck', (inner) => inner.onAck(sample, rtt));
  }

  onPacketsLost(loss: Readonly<LossSample>): void {
    this.#call('onPacketsLost', (inner) => inner.onPacketsLost(loss));
  }

  onEnterRecovery(cause: CongestionCause, sample: Readonly<AckSample>): void {
    this.#call('onEnterRecovery', (inner) => inner.onEnterRecovery(cause, sample));
  }

  onExitRecovery(window?: Bytes): void {
    this.#call('onExitRecovery', (inner) => inner.onExitRecovery(window));
  }

  onRetransmissionTimeout(inFlight: Bytes): void {
    this.#call('onRetransmissionTimeout', (inner) => inner.onRetransmissionTimeout(inFlight));
  }

  onPersistentCongestion(): void {
    this.#call('onPersistentCongestion', (inner) => inner.onPersistentCongestion());
  }

  onSpuriousRecovery(): void {
    this.#call('onSpuriousRecovery', (inner) => inner.onSpuriousRecovery());
  }

  onIdleRestart(idleNs: Duration, rtoNs: Duration): void {
    this.#call('onIdleRestart', (inner) => inner.onIdleRestart(idleNs, rtoNs));
  }

  onMtuChange(smss: Bytes): void {
    this.#smss = smss;
    this.#call('onMtuChange', (inner) => inner.onMtuChange(smss));
  }

  #call(method: string, run: (inner: CongestionController) => void): void {
    guard(this.#name, method, () => run(this.#inner));
  }

  #check(field: string, value: number, isUsable: boolean): number {
    if (isUsable && typeof value === 'number') return value;
    const expected =
      field === 'cwnd'
        ? `cwnd of ${this.#smss} (one segment) to 2^31 - 2 bytes`
        : `${field} above 0`;
    throw failure(this.#name, expected, show(value));
  }
}
