/**
 * The clockwork of an open-loop replay: merges the rows of all inputs by their stamps and lets each packet
 * enter at its recorded time. A stamp earlier than its predecessor's enters at the predecessor's time and
 * is counted. Who the packet is and where it goes is the entry's business (replay-entry).
 *
 * When an input has used up its rows, or the round is over, the run stops after the current event; the
 * driver refills it and resumes, so the order of events does not depend on how bytes were read. Hot: no allocation per packet.
 */
import { NetError } from '../base/errors.ts';
import type { Duration } from '../base/units.ts';
import { type EventSink, type Scheduler, SourceClass, type SourceId } from '../engine/scheduler.ts';
import type { ReplayInput } from './replay-input.ts';

/** Takes the packet of a row into the path, at the current virtual time. */
export interface PacketEntry {
  /** The source writes the packet's time here before enter: ns since the capture's first packet. */
  readonly captureNs: Float64Array;
  enter(input: ReplayInput, row: number): void;
}

/** An instant of the capture: since its first packet, or since 1970-01-01 UTC. */
export type CaptureInstant =
  | { readonly sinceStartNs: Duration }
  | { readonly epochSeconds: number; readonly epochNanoseconds: number };

export interface ReplayTiming {
  /** 2 replays twice as fast. */
  readonly speed: number;
  /** Packets before are skipped, and the run counts from the first that is not. */
  readonly from?: CaptureInstant | undefined;
  /** The replay ends before the first packet after. */
  readonly to?: CaptureInstant | undefined;
}

/** Cells of nanoseconds: doubles that live between events. Capture times count from the first packet. */
const enum Ns {
  /** Capture time of the packet that comes next, not before that of its predecessor. */
  Next = 0,
  From = 1,
  To = 2,
  /** Capture time of the first packet that enters; run time counts from there. */
  Start = 3,
  /** Capture time of the last packet that entered. */
  Last = 4,
  /** Run time at which the present round began. */
  Round = 5,
  /** Capture time of the reference stamp. */
  Reference = 6,
}

/** A step between two stamps that no capture makes: one of them is wrong. Also what a run can last. */
const FAR_NS = 100 * 86_400e9;

export class ReplaySource implements EventSink {
  readonly #scheduler: Scheduler;
  readonly #source: SourceId;
  readonly #entry: PacketEntry;
  readonly #timing: ReplayTiming;
  readonly #ns = new Float64Array(7);
  #inputs: readonly ReplayInput[] = [];
  /** Input of the packet that comes next. */
  #next: ReplayInput | undefined = undefined;
  /** Stamp of the first packet of all inputs, the epoch of capture times. */
  #firstSeconds = 0;
  #firstNanoseconds = 0;
  /** The stamp that capture times are counted from: the first, or one behind a far step. */
  #referenceSeconds = 0;
  #referenceNanoseconds = 0;
  #hasEpoch = false;
  #isEnded = false;
  /** Packets that entered, in all rounds. */
  enteredPackets = 0;
  /** Packets before `from`. */
  skippedPackets = 0;
  /** Packets with a stamp earlier than one before them. */
  earlierStamps = 0;
  /** Stamps more than 100 days from their predecessor's: time goes on from there as if they were equal. */
  farStamps = 0;

  constructor(scheduler: Scheduler, entry: PacketEntry, timing: ReplayTiming) {
    this.#scheduler = scheduler;
    this.#entry = entry;
    this.#timing = timing;
    this.#source = scheduler.register(this, 0, SourceClass.Application);
    this.#ns[Ns.Start] = -1;
  }

  /** Stamp of the packet that entered at time 0: whole seconds since 1970. */
  get epochSeconds(): number {
    return this.#firstSeconds + Math.floor(this.#startNanoseconds / 1e9);
  }

  /** Nanoseconds of that stamp, 0 … 999,999,999. */
  get epochNanoseconds(): number {
    return this.#startNanoseconds % 1e9;
  }

  get #startNanoseconds(): number {
    return this.#firstNanoseconds + Math.max(0, this.#ns[Ns.Start]);
  }

  /** No packet will enter any more in this round. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Time between the first and the last packet that entered in this round, as recorded. */
  get capturedNs(): Duration {
    return this.#ns[Ns.Last] - Math.max(0, this.#ns[Ns.Start]);
  }

  /** An input that must be refilled before the run can go on. */
  get hungryInput(): ReplayInput | undefined {
    if (this.#isEnded) return undefined;
    return this.#inputs.find(isHungry);
  }

  /**
   * Starts a round with freshly opened inputs; refill and resume then. Between two rounds passes the
   * mean time between two packets.
   */
  begin(inputs: readonly ReplayInput[]): void {
    if (this.enteredPackets > 0) {
      const gapNs = this.enteredPackets > 1 ? this.capturedNs / (this.enteredPackets - 1) : 0;
      this.#ns[Ns.Round] = this.#scheduler.clock.nowNs + Math.round(gapNs / this.#timing.speed);
    }
    this.#ns[Ns.Last] = Number.NEGATIVE_INFINITY;
    this.#ns[Ns.Reference] = 0;
    this.#referenceSeconds = this.#firstSeconds;
    this.#referenceNanoseconds = this.#firstNanoseconds;
    this.#inputs = inputs;
    this.#next = undefined;
    this.#isEnded = false;
  }

  /** Goes on after refills, until the next input is hungry or the round has ended. */
  resume(): void {
    if (!this.#hasEpoch) this.#takeEpoch();
    if (this.#chooseNext()) this.#armNext();
  }

  onEvent(): void {
    const input = this.#next as ReplayInput;
    const ns = this.#ns;
    ns[Ns.Last] = ns[Ns.Next];
    this.#entry.captureNs[0] = ns[Ns.Next];
    this.enteredPackets++;
    this.#entry.enter(input, input.cursor++);
    if (this.#chooseNext()) this.#armNext();
    else this.#scheduler.stop();
  }

  /**
   * Chooses the input with the earliest stamp, the first of equals, and places its packet in time. False
   * when an input is hungry or nothing is left.
   */
  #chooseNext(): boolean {
    const inputs = this.#inputs;
    for (;;) {
      let next: ReplayInput | undefined;
      for (let index = 0; index < inputs.length; index++) {
        const input = inputs[index] as ReplayInput;
        if (input.cursor < input.rows.count) {
          if (next === undefined || isEarlier(input, next)) next = input;
        } else if (!input.isEnded) {
          return false;
        }
      }
      this.#next = next;
      if (next === undefined || this.#isBehindEnd(next)) {
        this.#isEnded = true;
        return false;
      }
      if (this.#ns[Ns.Next] >= this.#ns[Ns.From]) return true;
      next.cursor++;
      this.skippedPackets++;
    }
  }

  /** Computes the capture time of the input's next packet, and whether it lies after `to`. */
  #isBehindEnd(input: ReplayInput): boolean {
    const ns = this.#ns;
    const row = input.cursor;
    // Here and not in a call of its own, which would have to return a double.
    const seconds = input.rows.seconds[row] - this.#referenceSeconds;
    const nanoseconds = input.rows.nanoseconds[row] - this.#referenceNanoseconds;
    ns[Ns.Next] = ns[Ns.Reference] + (seconds * 1e9 + nanoseconds);
    if (Math.abs(ns[Ns.Next] - Math.max(0, ns[Ns.Last])) > FAR_NS) this.#countFrom(input, row);
    if (ns[Ns.Next] < ns[Ns.Last]) {
      ns[Ns.Next] = ns[Ns.Last];
      this.earlierStamps++;
    }
    return ns[Ns.Next] > ns[Ns.To];
  }

  /** The stamp of `row` is the reference from now on, at the time of its predecessor. */
  #countFrom(input: ReplayInput, row: number): void {
    this.farStamps++;
    this.#referenceSeconds = input.rows.seconds[row];
    this.#referenceNanoseconds = input.rows.nanoseconds[row];
    this.#ns[Ns.Reference] = Math.max(0, this.#ns[Ns.Last]);
    this.#ns[Ns.Next] = this.#ns[Ns.Reference];
  }

  #armNext(): void {
    const ns = this.#ns;
    if (ns[Ns.Start] < 0) ns[Ns.Start] = ns[Ns.Next];
    const sinceStart = ns[Ns.Next] - ns[Ns.Start];
    const deadline = ns[Ns.Round] + Math.round(sinceStart / this.#timing.speed);
    if (deadline > FAR_NS) {
      throw NetError.value('replay', 'at most 100 days of virtual time', `${deadline / 1e9} s`);
    }
    this.#scheduler.deadlineNs[this.#source] = deadline;
    this.#scheduler.arm(this.#source);
  }

  #takeEpoch(): void {
    let first: ReplayInput | undefined;
    for (const input of this.#inputs) {
      if (input.cursor >= input.rows.count) continue;
      if (first === undefined || isEarlier(input, first)) first = input;
    }
    if (first === undefined) return;
    this.#hasEpoch = true;
    this.#firstSeconds = first.rows.seconds[first.cursor];
    this.#firstNanoseconds = first.rows.nanoseconds[first.cursor];
    this.#referenceSeconds = this.#firstSeconds;
    this.#referenceNanoseconds = this.#firstNanoseconds;
    const { from, to } = this.#timing;
    this.#ns[Ns.From] = this.#captureTime(from, Number.NEGATIVE_INFINITY);
    this.#ns[Ns.To] = this.#captureTime(to, Number.POSITIVE_INFINITY);
  }

  #captureTime(instant: CaptureInstant | undefined, standard: number): number {
    if (instant === undefined) return standard;
    if ('sinceStartNs' in instant) return instant.sinceStartNs;
    const seconds = instant.epochSeconds - this.#firstSeconds;
    return seconds * 1e9 + (instant.epochNanoseconds - this.#firstNanoseconds);
  }
}

const isHungry = (input: ReplayInput): boolean =>
  !input.isEnded && input.cursor >= input.rows.count;

/** Whether the next packet of `one` has an earlier stamp than that of `other`. */
function isEarlier(one: ReplayInput, other: ReplayInput): boolean {
  const seconds = one.rows.seconds[one.cursor] - other.rows.seconds[other.cursor];
  if (seconds !== 0) return seconds < 0;
  return one.rows.nanoseconds[one.cursor] < other.rows.nanoseconds[other.cursor];
}
