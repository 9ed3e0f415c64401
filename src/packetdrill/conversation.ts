/**
 * All connections of a script and which of them a packet line is about. A line without ports speaks of the
 * connection opened last: by the first SYN that the script injected to a listening socket (a later one has the same ends),
 * or by our own. With
 * ports (`1234 > 8080`) it names its connection.
 */
import { TcpFlag } from '../wire/tcp.ts';
import { PEER_PORT_FIRST, SERVICE_PORT } from './addresses.ts';
import { Flow } from './flow.ts';
import type { TcpPacket } from './script.ts';
import type { Segment } from './segment.ts';
import type { ListeningSocket } from './stack-under-test.ts';

export class Conversation {
  readonly #flows = new Map<number, Flow>();
  #current: Flow | undefined;
  #nextPeerPort = PEER_PORT_FIRST;

  /** The connection opened last. */
  get current(): Flow | undefined {
    return this.#current;
  }

  /** The connection of an expected line; undefined when there is none yet. */
  expectedFlow(packet: TcpPacket): Flow | undefined {
    if (packet.ports === undefined) return this.#current;
    return this.#flows.get(keyOf(packet.ports.source, packet.ports.destination));
  }

  /** The connection that a line injects into, with what its SYN says noted. */
  injectedFlow(packet: TcpPacket, listening: ListeningSocket | undefined): Flow {
    const isSyn = (packet.flags & TcpFlag.Syn) !== 0;
    const isOpening = isSyn && (packet.flags & TcpFlag.Ack) === 0;
    const flow = isOpening
      ? this.#openedFlow(packet, listening)
      : this.#existingFlow(packet, listening?.port ?? SERVICE_PORT);
    if (!isSyn) return flow;
    if (!flow.isSynchronized) flow.remoteIsn = packet.sequence.start;
    else if (isOpening) flow.reopeningIsn = packet.sequence.start;
    return flow;
  }

  #openedFlow(packet: TcpPacket, listening: ListeningSocket | undefined): Flow {
    const current = this.#current;
    if (packet.ports !== undefined || current === undefined) {
      const flow = this.#existingFlow(packet, listening?.port ?? SERVICE_PORT);
      flow.listenerSerial ??= listening?.serial;
      return flow;
    }
    const isSimultaneous = current.isActive && !current.isSynchronized;
    const isOfListener =
      !current.isActive &&
      (current.listenerSerial === undefined || current.listenerSerial === listening?.serial);
    if (isSimultaneous || isOfListener || listening === undefined) return current;
    const opened = this.#add(new Flow(listening.port, this.#nextPeerPort++, false));
    opened.listenerSerial = listening.serial;
    return opened;
  }

  #existingFlow(packet: TcpPacket, localPort: number): Flow {
    const { ports } = packet;
    if (ports === undefined) {
      return this.#current ?? this.#add(new Flow(localPort, this.#nextPeerPort++, false));
    }
    const flow =
      this.#flows.get(keyOf(ports.destination, ports.source)) ??
      this.#add(new Flow(ports.destination, ports.source, false));
    this.#current = flow;
    return flow;
  }

  /** The connection of a segment that we sent, with what its SYN says noted. */
  sentFlow(segment: Segment): Flow {
    const isSyn = (segment.flags & TcpFlag.Syn) !== 0;
    const isOpening = isSyn && (segment.flags & TcpFlag.Ack) === 0;
    let flow = this.#flows.get(keyOf(segment.sourcePort, segment.destinationPort));
    const isNew = flow?.hasLocalIsn === true && flow.localIsn !== segment.sequence;
    if (flow === undefined || (isOpening && isNew)) {
      flow = new Flow(segment.sourcePort, segment.destinationPort, isOpening);
      if (isOpening) this.#add(flow);
      else this.#flows.set(keyOf(flow.localPort, flow.remotePort), flow);
    }
    if (isSyn) noteSyn(flow, segment);
    const isReset = (segment.flags & TcpFlag.Rst) !== 0;
    if (!isReset && (segment.flags & TcpFlag.Ack) !== 0) flow.isSynchronized = true;
    return flow;
  }

  #add(flow: Flow): Flow {
    this.#flows.set(keyOf(flow.localPort, flow.remotePort), flow);
    this.#current = flow;
    return flow;
  }
}

function noteSyn(flow: Flow, segment: Segment): void {
  if (flow.hasLocalIsn && flow.localIsn === segment.sequence) return;
  if (flow.hasLocalIsn && flow.reopeningIsn !== undefined) flow.remoteIsn = flow.reopeningIsn;
  flow.reopeningIsn = undefined;
  flow.localIsn = segment.sequence;
}

const keyOf = (localPort: number, remotePort: number): number => localPort * 65_536 + remotePort;
