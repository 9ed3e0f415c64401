import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  close,
  discard,
  isAtEnd,
  read,
  shutdownWrite,
  write,
  writeZeros,
} from '../../src/tcp/commands.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import { TransportEvent } from '../../src/tcp/events.ts';
import type { TcpHost } from '../support/tcp-hosts.ts';
import { impairedLinks, tcpConfigs } from '../support/tcp-operations.ts';
import { createPath, expectNothingLeft, patternAt } from '../support/tcp-path.ts';

const SEED = 0x7c9;
const HOUR_NS = 3600e9;

/** One end's part: what it writes, in which pieces, and how it reads. */
interface Part {
  readonly writes: readonly number[];
  readonly isReal: boolean;
  readonly isNoDelay: boolean;
  readonly readBytes: number;
  readonly readsBeforeEnd: boolean;
}

/** An application that does its part and checks the other's bytes against the pattern. */
class Peer {
  written = 0;
  received = 0;
  isWrong = false;
  readonly #part: Part;
  readonly #other: Part;
  readonly #buffer = new Uint8Array(1 << 16);
  #next = 0;
  #left = 0;

  constructor(host: TcpHost, part: Part, other: Part) {
    this.#part = part;
    this.#other = other;
    host.application = (event, connection) => this.#on(event, connection);
  }

  #on(event: TransportEvent, connection: TcpConnection): void {
    if (event === TransportEvent.Established) {
      connection.listener?.accept();
      connection.isNoDelay = this.#part.isNoDelay;
      this.#write(connection);
    } else if (event === TransportEvent.Writable) this.#write(connection);
    else if (event === TransportEvent.Readable) this.#read(connection);
  }

  #write(connection: TcpConnection): void {
    while (this.#left > 0 || this.#next < this.#part.writes.length) {
      if (this.#left === 0) this.#left = this.#part.writes[this.#next++] as number;
      const taken = this.#part.isReal
        ? this.#writeReal(connection, this.#left)
        : writeZeros(connection, this.#left);
      this.written += taken;
      this.#left -= taken;
      if (this.#left > 0) return;
    }
    shutdownWrite(connection);
    this.#finish(connection);
  }

  #writeReal(connection: TcpConnection, length: number): number {
    const count = Math.min(length, this.#buffer.length);
    for (let index = 0; index < count; index++) {
      this.#buffer[index] = patternAt(this.written + index);
    }
    return write(connection, this.#buffer, 0, count);
  }

  #read(connection: TcpConnection): void {
    const max = Math.min(this.#part.readBytes, this.#buffer.length);
    for (;;) {
      const count = this.#other.isReal
        ? read(connection, this.#buffer, 0, max)
        : discard(connection, max);
      if (count === 0) break;
      for (let index = 0; this.#other.isReal && index < count; index++) {
        if (this.#buffer[index] !== patternAt(this.received + index)) this.isWrong = true;
      }
      this.received += count;
    }
    this.#finish(connection);
  }

  #finish(connection: TcpConnection): void {
    if (isAtEnd(connection) && connection.isWriteShut) close(connection);
  }
}

const parts: fc.Arbitrary<Part> = fc.record({
  writes: fc.array(
    fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 60_000 })),
    {
      maxLength: 8,
    },
  ),
  isReal: fc.boolean(),
  isNoDelay: fc.boolean(),
  readBytes: fc.integer({ min: 1000, max: 65_536 }),
  readsBeforeEnd: fc.boolean(),
});

const total = (part: Part): number => part.writes.reduce((sum, bytes) => sum + bytes, 0);

describe('a transfer over any path', () => {
  it('delivers every byte once and in order, ends, and leaves nothing behind — RFC 9293 §3.4, §3.6', () => {
    fc.assert(
      fc.property(
        impairedLinks,
        impairedLinks,
        parts,
        parts,
        tcpConfigs,
        tcpConfigs,
        fc.constantFrom('reno', 'cubic', 'bbr', 'bbr3', 'dctcp', 'prague', 'vegas', 'ledbat'),
        fc.nat(),
        (forward, backward, clientPart, serverPart, config, serverConfig, controller, seed) => {
          const path = createPath({ forward, backward, config, serverConfig, controller, seed });
          const { network, client, server } = path;
          server.layer.listen({ port: 80 });
          const sender = new Peer(client, clientPart, serverPart);
          const receiver = new Peer(server, serverPart, clientPart);
          client.layer.connect({
            localAddress: client.address,
            remoteAddress: server.address,
            remotePort: 80,
          });
          client.pump();
          network.scheduler.runUntil(40 * HOUR_NS);
          expect(sender.isWrong || receiver.isWrong).toBe(false);
          expect(receiver.received).toBe(total(clientPart));
          expect(sender.received).toBe(total(serverPart));
          expectNothingLeft(path);
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });
});
