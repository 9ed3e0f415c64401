/** Hosts that are nothing but TCP: a layer, a source of the scheduler, and somewhere to send frames. */
import { parseIpAddress } from '../../src/base/ip-address.ts';
import { NEVER } from '../../src/base/units.ts';
import { type EventSink, SourceClass, type SourceId } from '../../src/engine/scheduler.ts';
import {
  CapturedExtra,
  FRAME_SHIFT,
  type FrameId,
  FrameWord,
  NO_FRAME,
} from '../../src/frame/frame-record.ts';
import type { FrameSink } from '../../src/frame/frame-sink.ts';
import type { Network } from '../../src/net/network.ts';
import type { CongestionControllerFactory } from '../../src/recovery/congestion.ts';
import type { TcpConfig } from '../../src/tcp/config.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import { TransportEvent } from '../../src/tcp/events.ts';
import { TcpLayer } from '../../src/tcp/tcp-layer.ts';
import { decodeFrame } from '../../src/wire/decode.ts';
import { IpProtocol } from '../../src/wire/ipv4.ts';
import { PacketColumns } from '../../src/wire/packet-columns.ts';
import { arenaMemory } from '../../src/wire/packet-memory.ts';
import { ChecksumVerdict, verifyChecksums } from '../../src/wire/verify-checksums.ts';

export type Application = (event: TransportEvent, connection: TcpConnection) => void;

export class TcpHost implements EventSink, FrameSink {
  readonly layer: TcpLayer;
  readonly address: number;
  application: Application = () => {};
  readonly events: TransportEvent[] = [];
  badFrames = 0;
  readonly #network: Network;
  readonly #source: SourceId;
  #to: FrameSink | undefined;
  readonly #columns = new PacketColumns(1);
  #isPumping = false;

  constructor(
    network: Network,
    name: string,
    address: string,
    config: TcpConfig,
    controllers: CongestionControllerFactory,
  ) {
    this.#network = network;
    const words = Int32Array.from(parseIpAddress(address) as readonly number[]);
    this.address = network.addresses.intern(words, 0);
    this.layer = new TcpLayer(
      {
        pool: network.pool,
        addresses: network.addresses,
        clock: network.clock,
        random: network.random.fork(name),
        payloadWriter: network.payloadWriter,
      },
      config,
      controllers,
    );
    this.#source = network.scheduler.register(this, 0, SourceClass.TransportTimer);
  }

  connect(to: FrameSink): void {
    this.#to = to;
  }

  /** Frames whose bits were flipped come as bytes: their checksums decide, as at a real interface. */
  deliver(frame: FrameId): void {
    if (this.#network.pool.isCaptured(frame) && !this.#receiveBytes(frame)) {
      this.badFrames++;
      this.#network.pool.release(frame);
      return;
    }
    this.layer.handleFrame(frame);
    this.pump();
  }

  #receiveBytes(frame: FrameId): boolean {
    const { pool, addresses } = this.#network;
    const { view } = pool.payloads;
    const at = frame << FRAME_SHIFT;
    const start = pool.words[at + FrameWord.Payload] as number;
    const length = pool.extraWords[at + CapturedExtra.CapturedLength] as number;
    const end = start + length;
    const verdict = verifyChecksums(arenaMemory(pool.payloads), start + 14, end, end);
    if (verdict !== ChecksumVerdict.Good) return false;
    decodeFrame(pool, addresses, frame, view, start, length, length, this.#columns);
    const payloadLength = pool.words[at + FrameWord.PayloadLength] as number;
    pool.words[at + FrameWord.Payload] = end - payloadLength;
    const isTcp = ((pool.words[at + FrameWord.Meta] as number) & 0xff) === IpProtocol.Tcp;
    return isTcp && pool.words[at + FrameWord.Dst] === this.address;
  }

  onEvent(): void {
    this.layer.handleTimeout();
    this.pump();
  }

  /** After a command: sends what is due, tells the application, sets the timer. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { layer } = this;
    for (;;) {
      for (let frame = layer.pollTransmit(); frame !== NO_FRAME; frame = layer.pollTransmit()) {
        (this.#to as FrameSink).deliver(frame);
      }
      const event = layer.pollEvent();
      if (event === TransportEvent.None) break;
      this.events.push(event);
      this.application(event, layer.eventConnection as TcpConnection);
    }
    this.#isPumping = false;
    const { scheduler } = this.#network;
    const deadline = layer.pollTimeoutNs();
    scheduler.deadlineNs[this.#source] = deadline;
    if (deadline < NEVER) scheduler.arm(this.#source);
  }
}
