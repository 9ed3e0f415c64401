/**
 * Transfers over one link, and what they met there: delivered bytes, retransmissions, timeouts, and which of
 * the drops were of data sent again. Every flow starts at a time of its own.
 */
import { assert } from '../../base/assert.ts';
import { type SeqNumber, seqBefore, seqFromWire } from '../../base/seq.ts';
import type { Bytes, Instant } from '../../base/units.ts';
import { Task } from '../../engine/task.ts';
import { FRAME_SHIFT, type FrameId, FrameWord } from '../../frame/frame-record.ts';
import type { FrameObserver, Network } from '../../net/network.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import type { TcpConnection } from '../../tcp/connection.ts';
import { BulkReader, BulkSender } from '../../traffic/bulk.ts';
import { type OneLinkConfig, OneLinkPath } from './one-link.ts';

const PORT = 5001;

export interface BulkFlow {
  readonly controllers: CongestionControllerFactory;
  readonly startNs: Instant;
  /** Infinity without end. */
  readonly sizeBytes: Bytes;
}

export interface BulkTotals {
  /** In order, to the receivers, in the measured time. */
  readonly deliveredBytes: Bytes;
  readonly retransmittedBytes: Bytes;
  readonly timeouts: number;
  /** Drops of data that had been sent before. */
  readonly lostRetransmits: number;
}

export interface BulkRun {
  readonly path: Omit<OneLinkConfig, 'controllers' | 'flowCount'>;
  readonly flows: readonly BulkFlow[];
  /** Left out at the start. */
  readonly warmUpNs: Instant;
  readonly endNs: Instant;
}

export function runBulk({ path: config, flows, warmUpNs, endNs }: BulkRun): BulkTotals {
  const path = new OneLinkPath({
    ...config,
    flowCount: flows.length,
    controllers: (flows[0] as BulkFlow).controllers,
  });
  const { network, from, to } = path;
  const losses = new LossObserver(network);
  const senders: TcpConnection[] = [];
  const receivers: TcpConnection[] = [];
  for (const [index, { controllers, startNs, sizeBytes }] of flows.entries()) {
    const port = PORT + index;
    const reader = new BulkReader(network.clock, sizeBytes);
    to.listen(port, (connection) => {
      receivers.push(connection);
      return reader;
    });
    new Task(network.scheduler, () => {
      const sender = from.connect(to, port, new BulkSender(sizeBytes), { controllers });
      assert(typeof sender !== 'number', 'a host has ports for every transfer');
      senders.push(sender);
    }).runAt(startNs);
  }
  const sum = <Row>(rows: readonly Row[], value: (row: Row) => number) =>
    rows.reduce((total, row) => total + value(row), 0);
  const received = () => sum(receivers, ({ bytesReceived }) => bytesReceived);
  network.scheduler.runUntil(warmUpNs);
  const before = received();
  network.scheduler.runUntil(endNs);
  path.assertConserved();
  return {
    deliveredBytes: received() - before,
    retransmittedBytes: sum(senders, ({ bytesRetransmitted }) => bytesRetransmitted),
    timeouts: sum(senders, ({ timeouts }) => timeouts),
    lostRetransmits: losses.lostRetransmits,
  };
}

/** Which drops are of data that was dropped before: nothing new lies below what has been sent. */
class LossObserver implements FrameObserver {
  lostRetransmits = 0;
  readonly #words: Int32Array;
  /** The highest sequence number dropped, by the ports of the flow. */
  readonly #highest = new Map<number, SeqNumber>();

  constructor(network: Network) {
    this.#words = network.pool.words;
    network.observer = this;
  }

  onDrop(frame: FrameId): void {
    const at = frame << FRAME_SHIFT;
    if ((this.#words[at + FrameWord.PayloadLength] as number) === 0) return;
    const ports = this.#words[at + FrameWord.Ports] as number;
    const seq = seqFromWire(this.#words[at + FrameWord.Seq] as number);
    const highest = this.#highest.get(ports);
    if (highest !== undefined && !seqBefore(highest, seq)) this.lostRetransmits++;
    else this.#highest.set(ports, seq);
  }

  onDuplicate(): void {}
  onCorrupt(): void {}
}
