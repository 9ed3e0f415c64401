/**
 * One script against one stack in virtual time. The run owns the clock: for each event it moves the clock
 * to the event's time, each timer of the stack firing at its own, and collects what is sent; then it acts
 * or compares. Expected packets are matched in order of sending; one that nobody asks for is noticed by the
 * next expected line, and at the end. Nothing waits in real time, and each run is repeatable bit for bit.
 */
import { type Duration, type Instant, NEVER, NS_PER_SECOND } from '../base/units.ts';
import type { ScriptAddresses } from './addresses.ts';
import { constantValue, errnoName, errnoValue } from './constants.ts';
import { Conversation } from './conversation.ts';
import type { Flow } from './flow.ts';
import { formatExpected, formatSegment } from './format-segment.ts';
import { buildIcmp, buildSegment } from './inject-packet.ts';
import { findDifference, learnTimestamp } from './match-segment.ts';
import { type PythonValue, runPython, UnsupportedCode } from './python-evaluate.ts';
import type {
  CodeAction,
  EventTime,
  PacketAction,
  Script,
  ScriptEvent,
  SyscallAction,
  TcpPacket,
} from './script.ts';
import { isContinuation, joinSegments, readSegment, type Segment } from './segment.ts';
import { interpretShell } from './shell.ts';
import {
  type CallOutcome,
  type SocketFacts,
  type StackUnderTest,
  Unsupported,
} from './stack-under-test.ts';
import { ScriptFailure } from './verdict.ts';

/** `*` waits at most this long. */
const ANY_TIME_NS: Duration = 300 * NS_PER_SECOND;
/** A stack whose timers do not come to rest within one instant is broken. */
const TIMERS_PER_ADVANCE_MAX = 1_000_000;
/** Later instants are not exact: 52 days. */
const LATEST_NS: Instant = 2 ** 52;

interface Sent {
  readonly segment: Segment;
  readonly flow: Flow;
}

interface PendingCall {
  readonly line: number;
  readonly action: SyscallAction;
  readonly dueNs: Instant;
  readonly toleranceNs: Duration;
  outcome: CallOutcome | undefined;
  doneNs: Instant;
}

export class ScriptRun {
  readonly #script: Script;
  readonly #stack: StackUnderTest;
  readonly #addresses: ScriptAddresses;
  readonly #conversation = new Conversation();
  readonly #sent: Sent[] = [];
  readonly #variables = new Map<string, PythonValue>();
  readonly output: string[] = [];
  readonly unclaimed: string[] = [];
  /** Line of the event at work. */
  line = 0;
  #lastEventNs: Instant = 0;
  #pending: PendingCall | undefined;

  constructor(script: Script, stack: StackUnderTest, addresses: ScriptAddresses) {
    this.#script = script;
    this.#stack = stack;
    this.#addresses = addresses;
  }

  /** Throws ScriptFailure at the first difference and Unsupported for what cannot be run. */
  run(): void {
    for (const { line, text } of this.#script.setUp) {
      this.line = line;
      this.#runShell(text);
    }
    for (const event of this.#script.events) {
      this.line = event.line;
      this.#runEvent(event);
    }
    this.#finishCall();
    this.#claimRest();
    this.line = 0;
    const leftOver = this.#stack.shutDown();
    if (leftOver !== undefined) {
      throw new ScriptFailure('after a reset of all connections', 'an empty stack', leftOver);
    }
  }

  #runEvent(event: ScriptEvent): void {
    const { action, time } = event;
    if (action.kind === 'packet' && action.direction === 'expect') {
      this.#expect(action, time);
      return;
    }
    if (action.kind === 'syscall') this.#finishCall();
    const dueNs = this.#dueNs(time);
    if (dueNs > this.#stack.nowNs) this.#advance(dueNs);
    this.#checkTime('event', this.#stack.nowNs, time);
    const startNs = this.#lastEventNs;
    this.#lastEventNs = this.#stack.nowNs;
    if (action.kind === 'packet') this.#inject(action);
    else if (action.kind === 'syscall') this.#call(action, time, startNs);
    else if (action.kind === 'shell') this.#runShell(action.text);
    else this.#runCode(action);
    this.#settle();
  }

  // Time.

  #dueNs(time: EventTime): Instant {
    if (time.kind === 'any') return this.#stack.nowNs;
    return (time.kind === 'absolute' ? 0 : this.#lastEventNs) + time.atNs;
  }

  /** |actual − scripted| ≤ max(tolerance, share of the distance to the previous event). */
  #toleranceNs(distanceNs: Duration): Duration {
    const { toleranceNs, tolerancePercent } = this.#script.options;
    return Math.max(toleranceNs, (Math.max(0, distanceNs) * tolerancePercent) / 100);
  }

  /** First and last instant at which an event may happen. */
  #window(time: EventTime): { readonly fromNs: Instant; readonly toNs: Instant } {
    if (time.kind === 'any') return { fromNs: 0, toNs: this.#stack.nowNs + ANY_TIME_NS };
    const originNs = time.kind === 'absolute' ? 0 : this.#lastEventNs;
    const fromNs = originNs + time.atNs;
    const lastNs = time.form === 'range' ? originNs + (time.untilNs ?? time.atNs) : fromNs;
    const toleranceNs = this.#toleranceNs(lastNs - this.#lastEventNs);
    return { fromNs: fromNs - toleranceNs, toNs: lastNs + toleranceNs };
  }

  #checkTime(what: string, actualNs: Instant, time: EventTime): void {
    const { fromNs, toNs } = this.#window(time);
    if (actualNs >= fromNs && actualNs <= toNs) return;
    const reason = actualNs < fromNs ? `${what} too early` : `${what} too late`;
    throw new ScriptFailure(reason, this.#describeTime(time), seconds(actualNs));
  }

  #describeTime(time: EventTime): string {
    if (time.kind === 'any') return 'any time';
    const originNs = time.kind === 'absolute' ? 0 : this.#lastEventNs;
    const from = seconds(originNs + time.atNs);
    return time.form === 'range' ? `${from} to ${seconds(originNs + (time.untilNs ?? 0))}` : from;
  }

  /** Every timer up to `toNs` fires at its own time, and what it sends is collected. */
  #advance(toNs: Instant): void {
    if (toNs > LATEST_NS) {
      throw new ScriptFailure('beyond the clock', `at most ${seconds(LATEST_NS)}`, seconds(toNs));
    }
    for (let timers = 0; ; timers++) {
      const timerNs = this.#stack.nextTimerNs();
      if (timerNs > toNs) break;
      if (timers > TIMERS_PER_ADVANCE_MAX)
        throw new Error('timers of the stack do not come to rest');
      this.#stack.runUntil(Math.max(timerNs, this.#stack.nowNs));
      this.#settle();
    }
    this.#stack.runUntil(toNs);
    this.#settle();
  }

  /** Collects what was sent, and lets a blocked call go on. */
  #settle(): void {
    this.#collect();
    const pending = this.#pending;
    if (pending === undefined || pending.outcome !== undefined) return;
    pending.outcome = this.#stack.retryCall();
    if (pending.outcome === undefined) return;
    pending.doneNs = this.#stack.nowNs;
    this.#collect();
  }

  #collect(): void {
    for (const packet of this.#stack.takeSent()) {
      const segment = readSegment(packet);
      if (typeof segment === 'string') {
        throw new ScriptFailure('malformed packet', 'a well-formed packet', segment);
      }
      this.#sent.push({ segment, flow: this.#conversation.sentFlow(segment) });
    }
  }

  // Packets.

  #inject({ packet, ip }: PacketAction): void {
    if (packet.protocol === 'icmp') {
      const flow = this.#conversation.current;
      if (flow === undefined) throw new Unsupported('an ICMP error before any packet of ours');
      this.#stack.receive([buildIcmp({ packet, ip }, flow, this.#addresses)]);
      return;
    }
    const flow = this.#conversation.injectedFlow(packet, this.#stack.listening());
    const { mssBytes } = this.#script.options;
    this.#stack.receive([buildSegment({ packet, ip }, flow, this.#addresses, mssBytes)]);
  }

  #expect(action: PacketAction, time: EventTime): void {
    const { packet } = action;
    if (packet.protocol === 'icmp') throw new Unsupported('an ICMP message of ours');
    const { toNs } = this.#window(time);
    const first = this.#awaitSent(packet, toNs);
    const expected = formatExpected(packet);
    if (first === undefined) {
      if (toNs > this.#stack.nowNs) this.#advance(toNs);
      throw new ScriptFailure('no packet', expected, `none until ${seconds(toNs)}`);
    }
    const { segment, flow } = this.#join(first, packet, toNs);
    const difference = findDifference({ ...action, packet }, segment, flow, {
      timestampTickNs: this.#script.options.timestampTickNs,
      toleranceNs: this.#toleranceNs(segment.sentNs - this.#lastEventNs),
    });
    if (difference !== undefined) {
      const actual = `${formatSegment(segment, flow)} at ${seconds(segment.sentNs)}`;
      throw new ScriptFailure(`packet differs in ${difference}`, expected, actual);
    }
    this.#checkTime('packet', segment.sentNs, time);
    learnTimestamp(packet, segment, flow);
    this.#lastEventNs = segment.sentNs;
  }

  /** Takes the oldest packet sent on the connection of the line, waiting for it until `toNs`. */
  #awaitSent(packet: TcpPacket, toNs: Instant): Sent | undefined {
    for (;;) {
      for (let first = this.#sent.shift(); first !== undefined; first = this.#sent.shift()) {
        if (first.flow === this.#conversation.expectedFlow(packet)) return first;
        this.#claimNothing(first);
      }
      const timerNs = this.#stack.nextTimerNs();
      if (timerNs > toNs || timerNs === NEVER) return undefined;
      this.#advance(Math.max(timerNs, this.#stack.nowNs));
    }
  }

  /** Joins what follows until the scripted length is reached; pieces but the last are of one size. */
  #join(first: Sent, packet: TcpPacket, toNs: Instant): Sent {
    const wantedBytes = packet.sequence.end - packet.sequence.start;
    if (this.#script.options.strictSegments) return first;
    const sizeBytes = first.segment.payloadBytes;
    let whole = first.segment;
    let lastBytes = sizeBytes;
    while (whole.payloadBytes < wantedBytes && lastBytes === sizeBytes) {
      const next = this.#peekSent(toNs);
      const isNext =
        next !== undefined &&
        next.flow === first.flow &&
        next.segment.payloadBytes <= sizeBytes &&
        isContinuation(whole, next.segment);
      if (!isNext || whole.payloadBytes + next.segment.payloadBytes > wantedBytes) break;
      this.#sent.shift();
      lastBytes = next.segment.payloadBytes;
      whole = joinSegments(whole, next.segment);
    }
    return { segment: whole, flow: first.flow };
  }

  #peekSent(toNs: Instant): Sent | undefined {
    while (this.#sent.length === 0) {
      const timerNs = this.#stack.nextTimerNs();
      if (timerNs > toNs || timerNs === NEVER) return undefined;
      this.#advance(Math.max(timerNs, this.#stack.nowNs));
    }
    return this.#sent[0];
  }

  #claimNothing({ segment, flow }: Sent): void {
    this.unclaimed.push(`${formatSegment(segment, flow)} at ${seconds(segment.sentNs)}`);
  }

  #claimRest(): void {
    for (const sent of this.#sent.splice(0)) this.#claimNothing(sent);
  }

  // Calls.

  #call(action: SyscallAction, time: EventTime, startNs: Instant): void {
    const outcome = this.#stack.call(action);
    const isBlocking = time.kind !== 'any' && time.form === 'blocking';
    if (!isBlocking) {
      this.#collect();
      if (outcome === undefined) {
        throw new ScriptFailure('call blocks', describeResult(action), 'no result');
      }
      checkOutcome(action, outcome);
      return;
    }
    const distanceNs = time.untilNs ?? time.atNs;
    this.#pending = {
      line: this.line,
      action,
      dueNs: (time.kind === 'absolute' ? 0 : startNs) + distanceNs,
      toleranceNs: this.#toleranceNs(distanceNs),
      outcome,
      doneNs: this.#stack.nowNs,
    };
  }

  /** Waits for the call that blocks, and judges its result and its time. */
  #finishCall(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const line = this.line;
    this.line = pending.line;
    const latestNs = pending.dueNs + pending.toleranceNs;
    while (pending.outcome === undefined) {
      const timerNs = Math.max(this.#stack.nextTimerNs(), this.#stack.nowNs);
      if (timerNs > latestNs) {
        throw new ScriptFailure('call blocks', describeResult(pending.action), 'no result');
      }
      this.#advance(timerNs);
    }
    this.#pending = undefined;
    if (Math.abs(pending.doneNs - pending.dueNs) > pending.toleranceNs) {
      const reason = 'call returns at another time';
      throw new ScriptFailure(reason, seconds(pending.dueNs), seconds(pending.doneNs));
    }
    checkOutcome(pending.action, pending.outcome);
    this.line = line;
  }

  // Shell and code.

  #runShell(text: string): void {
    for (const effect of interpretShell(text)) {
      const reason =
        effect.kind === 'unknown' ? `command ${effect.text}` : this.#stack.configure(effect);
      if (reason !== undefined) throw new Unsupported(reason);
    }
  }

  #runCode({ statements, unsupported }: CodeAction): void {
    if (unsupported !== undefined) throw new Unsupported(unsupported);
    const flow = this.#conversation.current;
    const info =
      flow === undefined ? undefined : this.#stack.socketFacts(flow.localPort, flow.remotePort);
    try {
      const failed = runPython(statements, {
        variables: this.#variables,
        lookUp: (name) => infoField(info, name) ?? constantValue(name),
        print: (line) => this.output.push(line),
      });
      if (failed !== undefined) {
        throw new ScriptFailure('assertion does not hold', failed.expected, failed.actual);
      }
    } catch (error) {
      if (error instanceof UnsupportedCode) throw new Unsupported(error.message);
      throw error;
    }
  }
}

function infoField(info: SocketFacts | undefined, name: string): number | undefined {
  if (info === undefined || !Object.hasOwn(info, name)) return undefined;
  return info[name as keyof SocketFacts];
}

function seconds(instant: Instant): string {
  return `${(instant / NS_PER_SECOND).toFixed(6)} s`;
}

function describeResult({ name, result, errno }: SyscallAction): string {
  if (result.kind === 'number') return `${name} = ${result.value}${errno ? ` ${errno}` : ''}`;
  return `${name} = ${result.kind === 'symbol' ? result.name : '...'}`;
}

function checkOutcome(action: SyscallAction, outcome: CallOutcome): void {
  const { name, result } = action;
  const wanted = result.kind === 'number' ? result.value : undefined;
  const hasError = outcome.result === -1;
  const isResult = wanted === undefined || wanted === outcome.result;
  const isErrno = action.errno === undefined || errnoValue(action.errno) === outcome.errno;
  if (!isResult || (hasError && !isErrno)) {
    const errno = hasError ? ` ${errnoName(outcome.errno)}` : '';
    const actual = `${name} = ${outcome.result}${errno}`;
    throw new ScriptFailure('call returns otherwise', describeResult(action), actual);
  }
  if (outcome.difference === undefined) return;
  const { expected, actual } = outcome.difference;
  throw new ScriptFailure(`output of ${name} differs`, expected, actual);
}
