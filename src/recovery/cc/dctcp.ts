/**
 * DCTCP, RFC 8257: Reno, but for ECN, to which it answers in proportion to how much was marked (§3.3 step 9),
 * once a window. Slow start and loss are as in RFC 5681 (§3.4, §3.5). Its connection asks for ECN, and its peer must
 * echo marks packet by packet (§3.2, tcp/mark-echo), which the factory says. In whole segments a reduction of
 * less than one segment is none, as in Linux. Hot.
 */
import type { AckSample, CongestionContext, RttView } from '../congestion.ts';
import { LossBasedController, type LossBasedOptions } from './loss-based.ts';
import { MarkedShare } from './marked-share.ts';
import { RenoGrowth } from './reno.ts';
import type { SlowStart } from './slow-start.ts';

export interface DctcpOptions {
  /** g of RFC 8257 §4.2. */
  readonly gain: number;
  readonly initialAlpha: number;
}

class DctcpGrowth extends RenoGrowth {
  readonly #share: MarkedShare;

  constructor(smss: number, share: MarkedShare) {
    super(smss);
    this.#share = share;
  }

  override get betaEcn(): number {
    return 1 - this.#share.alpha / 2;
  }
}

export class DctcpController extends LossBasedController {
  readonly #share: MarkedShare;

  constructor(
    context: CongestionContext,
    slowStart: SlowStart,
    options: LossBasedOptions,
    { gain, initialAlpha }: DctcpOptions,
  ) {
    // With feedback that only says that there were marks, the answer is Reno's.
    const isMeasured = context.hasAccurateMarks !== false;
    const share = isMeasured ? new MarkedShare(gain, initialAlpha) : new MarkedShare(0, 1);
    super(context, { slowStart, growth: new DctcpGrowth(context.smss, share) }, options);
    this.#share = share;
  }

  /** DCTCP.Alpha. */
  get alpha(): number {
    return this.#share.alpha;
  }

  override onAck(sample: Readonly<AckSample>, rtt: RttView): void {
    this.#share.onAck(sample);
    super.onAck(sample, rtt);
  }
}
