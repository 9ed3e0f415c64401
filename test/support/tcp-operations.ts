/**
 * Random lists of operations on both ends of a TCP connection over a random path, against a model: what one end reads
 * is what the other has written, every byte once and in order, up to where somebody broke off. Operations go on when
 * the connection is over: then they must do nothing. After its list an end reads to the end of the stream, shuts
 * its own half and closes; one that hears nothing for 20 hours gives up and closes.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Task } from '../../src/engine/task.ts';
import type { LinkConfig } from '../../src/net/link-config.ts';
import type { Network } from '../../src/net/network.ts';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import {
  abort,
  close,
  discard,
  isAtEnd,
  read,
  shutdownWrite,
  write,
  writeZeros,
} from '../../src/tcp/commands.ts';
import { LINUX_PROFILE, RFC_PROFILE, type TcpConfig } from '../../src/tcp/config.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import { TransportEvent } from '../../src/tcp/events.ts';
import type { TcpHost } from './tcp-hosts.ts';
import { createPath, expectNothingLeft, patternAt } from './tcp-path.ts';

const BDP_BYTES_MAX = 64 * 2 ** 20;
const HOUR_NS = 3600e9;
const GIVE_UP_NS = 20 * HOUR_NS;
const END_NS = 60 * HOUR_NS;

type Kind = 'write' | 'read' | 'shutdown' | 'close' | 'abort' | 'noDelay' | 'cork' | 'uncork';

interface Operation {
  readonly kind: Kind;
  /** Of a write or a read. */
  readonly bytes: number;
  /** Before it, in round trips. */
  readonly waitRoundTrips: number;
}

interface Script {
  readonly operations: readonly Operation[];
  readonly isReal: boolean;
}

/** Breaks the stream off, or may: closing with unread data resets (RFC 9293 §3.6.1). */
const breaksOff = ({ operations }: Script) =>
  operations.some(({ kind }) => kind === 'close' || kind === 'abort');

class OperatingEnd {
  written = 0;
  received = 0;
  isWrong = false;
  isOver = false;
  connection: TcpConnection | undefined = undefined;
  readonly #host: TcpHost;
  readonly #network: Network;
  readonly #script: Script;
  readonly #other: Script;
  readonly #roundTripNs: number;
  readonly #buffer = new Uint8Array(1 << 16);
  readonly #step: Task;
  readonly #giveUp: Task;
  #next = 0;
  #isShut = false;
  #isFinishing = false;

  constructor(host: TcpHost, network: Network, scripts: readonly [Script, Script], rttNs: number) {
    this.#host = host;
    this.#network = network;
    [this.#script, this.#other] = scripts;
    this.#roundTripNs = rttNs;
    this.#step = new Task(network.scheduler, () => this.#onStep());
    this.#giveUp = new Task(network.scheduler, () => this.#onGiveUp());
    host.application = (event, connection) => this.#on(event, connection);
  }

  #on(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Established) {
      connection.listener?.accept();
      this.connection = connection;
      this.#giveUp.runAt(this.#network.clock.nowNs + GIVE_UP_NS);
      this.#awaitStep();
    } else if (event >= TransportEvent.Closed) {
      this.isOver = true;
    } else if (this.#isFinishing) {
      this.#finish(connection);
    }
  }

  #awaitStep(): void {
    const operation = this.#script.operations[this.#next];
    const waitNs = Math.ceil((operation?.waitRoundTrips ?? 1) * this.#roundTripNs);
    this.#step.runAt(this.#network.clock.nowNs + waitNs);
  }

  #onStep(): void {
    const connection = this.connection as TcpConnection;
    const operation = this.#script.operations[this.#next++];
    if (operation === undefined) {
      this.#isFinishing = true;
      this.#finish(connection);
    } else {
      this.#do(operation, connection);
      this.#awaitStep();
    }
    this.#host.pump();
  }

  #onGiveUp(): void {
    close(this.connection as TcpConnection);
    this.#host.pump();
  }

  #do({ kind, bytes }: Operation, connection: TcpConnection): void {
    switch (kind) {
      case 'write':
        this.#write(connection, bytes);
        return;
      case 'read':
        this.#read(connection, bytes);
        return;
      case 'shutdown':
        shutdownWrite(connection);
        this.#isShut = true;
        return;
      case 'close':
        close(connection);
        this.#isShut = true;
        return;
      case 'abort':
        abort(connection);
        this.#isShut = true;
        return;
      case 'noDelay':
        connection.isNoDelay = !connection.isNoDelay;
        return;
      default:
        connection.isCorked = kind === 'cork';
    }
  }

  #write(connection: TcpConnection, bytes: number): void {
    const count = Math.min(bytes, this.#buffer.length);
    for (let index = 0; index < count; index++) {
      this.#buffer[index] = patternAt(this.written + index);
    }
    const taken = this.#script.isReal
      ? write(connection, this.#buffer, 0, count)
      : writeZeros(connection, bytes);
    // After a shutdown, a close or the end of the connection nothing is taken.
    if (taken > 0 && (this.#isShut || this.isOver)) this.isWrong = true;
    this.written += taken;
  }

  /** Up to `bytes`; how many came. */
  #read(connection: TcpConnection, bytes: number): number {
    const max = Math.min(bytes, this.#buffer.length);
    const count = this.#other.isReal
      ? read(connection, this.#buffer, 0, max)
      : discard(connection, max);
    for (let index = 0; this.#other.isReal && index < count; index++) {
      if (this.#buffer[index] !== patternAt(this.received + index)) this.isWrong = true;
    }
    this.received += count;
    return count;
  }

  #finish(connection: TcpConnection): void {
    while (this.#read(connection, this.#buffer.length) > 0);
    connection.isCorked = false;
    shutdownWrite(connection);
    this.#isShut = true;
    if (isAtEnd(connection)) close(connection);
  }
}

const ratio = (max: number) => fc.oneof(fc.constant(0), fc.double({ min: 0, max, noNaN: true }));

const logarithmic = (from: number, to: number) =>
  fc.double({ min: 0, max: 1, noNaN: true }).map((x) => Math.round(from * (to / from) ** x));

/** 10 kbit/s to 100 Gbit/s, 10 µs to 1 s, BDP up to 64 MiB, with all that can happen to packets. */
export const impairedLinks: fc.Arbitrary<Omit<LinkConfig, 'name'>> = fc
  .record({
    rate: logarithmic(1e4, 1e11),
    rttNs: logarithmic(1e4, 1e9),
    queueSegments: fc.integer({ min: 4, max: 400 }),
    loss: ratio(0.12),
    duplicate: ratio(0.2),
    corrupt: ratio(0.05),
    reorder: ratio(0.3),
    jitterShare: ratio(0.5),
  })
  .map(({ rate, rttNs, queueSegments, loss, duplicate, corrupt, reorder, jitterShare }) => ({
    rate: Math.min(rate, Math.floor((BDP_BYTES_MAX * 8e9) / rttNs)),
    delayNs: Math.ceil(rttNs / 2),
    // A queue that takes longer to drain than R2 allows is no path that any TCP survives.
    queue: { bytes: Math.max(4 * 1514, Math.min(queueSegments * 1514, rate)) },
    impairments: {
      ...(loss > 0 && { loss: { kind: 'random' as const, ratio: loss, correlation: 0 } }),
      ...(duplicate > 0 && { duplicate: { ratio: duplicate, correlation: 0 } }),
      ...(corrupt > 0 && { corrupt: { ratio: corrupt, correlation: 0, bits: 1 } }),
      ...(reorder > 0 && { reorder: { ratio: reorder, correlation: 0, gap: 1 } }),
      ...(jitterShare > 0 && {
        jitter: {
          spreadNs: Math.ceil((rttNs / 2) * jitterShare),
          distribution: 'uniform' as const,
          correlation: 0,
        },
      }),
    },
  }));

const operation = (kinds: readonly Kind[]): fc.Arbitrary<Operation> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    bytes: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 60_000 })),
    waitRoundTrips: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 8, noNaN: true })),
  });

const GENTLE: readonly Kind[] = [
  'write',
  'write',
  'write',
  'read',
  'read',
  'noDelay',
  'cork',
  'uncork',
];

const scripts: fc.Arbitrary<Script> = fc
  .record({
    gentle: fc.array(operation(GENTLE), { maxLength: 14 }),
    last: fc.array(operation(['shutdown', 'close', 'abort']), { maxLength: 2 }),
    after: fc.array(operation(['write', 'read', 'shutdown', 'close', 'abort']), { maxLength: 3 }),
    breaks: fc.boolean(),
    isReal: fc.boolean(),
  })
  .map(({ gentle, last, after, breaks, isReal }) => ({
    operations: breaks ? [...gentle, ...last, ...after] : gentle,
    isReal,
  }));

/** Either profile, with options of TCP on and off, and buffers from small to large. */
export const tcpConfigs: fc.Arbitrary<TcpConfig> = fc
  .record({
    base: fc.constantFrom(RFC_PROFILE, LINUX_PROFILE),
    usesSack: fc.boolean(),
    usesTimestamps: fc.boolean(),
    usesWindowScaling: fc.boolean(),
    usesPacing: fc.boolean(),
    ecn: fc.integer({ min: 0, max: 2 }),
    usesAccurateEcn: fc.boolean(),
    accEcnOption: fc.integer({ min: 0, max: 2 }),
    marksControl: fc.boolean(),
    sendBufferBytes: fc.constantFrom(3000, 65_536, 1 << 20),
    receiveBufferBytes: fc.constantFrom(6000, 65_536, 1 << 20),
  })
  .map(({ base, ...changes }) => ({ ...base, ...changes }));

// An end whose peer is gone without a word would wait for ever by the texts.
const configs = tcpConfigs.map((config) => ({ ...config, finWait2Ns: 60e9 }));

const CONTROLLERS = ControllerRegistry.withBuiltIns().entries.map(({ name }) => name);

/** Throws what fails, with the list that does. */
export function checkOperations(seed: number, numRuns: number): void {
  fc.assert(
    fc.property(
      fc.tuple(impairedLinks, impairedLinks),
      fc.tuple(scripts, scripts),
      fc.tuple(configs, configs),
      fc.constantFrom(...CONTROLLERS),
      fc.boolean(),
      fc.nat(),
      (
        [forward, backward],
        [ofClient, ofServer],
        [config, serverConfig],
        controller,
        isIpv6,
        chance,
      ) => {
        const options = { forward, backward, config, serverConfig, controller, isIpv6 };
        const path = createPath({ ...options, seed: chance });
        const { network, client, server } = path;
        const rttNs = (forward.delayNs as number) + (backward.delayNs as number);
        const ends = [
          new OperatingEnd(client, network, [ofClient, ofServer], rttNs),
          new OperatingEnd(server, network, [ofServer, ofClient], rttNs),
        ] as const;
        server.layer.listen({ port: 80 });
        client.layer.connect({
          localAddress: client.address,
          remoteAddress: server.address,
          remotePort: 80,
          isIpv6,
        });
        client.pump();
        network.scheduler.runUntil(END_NS);
        const [a, b] = ends;
        expect(a.isWrong || b.isWrong).toBe(false);
        expect(a.received).toBeLessThanOrEqual(b.written);
        expect(b.received).toBeLessThanOrEqual(a.written);
        if (!breaksOff(ofClient) && !breaksOff(ofServer)) {
          expect([a.received, b.received]).toEqual([b.written, a.written]);
        }
        expectNothingLeft(path);
      },
    ),
    { seed, numRuns },
  );
}
