/** Zeros that stand for themselves and bytes, in one stream, read whenever and in any pieces, come as written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { read, readableBytes, shutdownWrite, write, writeZeros } from '../../src/tcp/commands.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import { TransportEvent } from '../../src/tcp/events.ts';
import { impairedLinks, tcpConfigs } from '../support/tcp-operations.ts';
import { createPath, patternAt } from '../support/tcp-path.ts';

const MINUTE_NS = 60e9;
const RUN_BYTES_MAX = 3000;

const runs = fc.array(
  fc.record({ isZeros: fc.boolean(), bytes: fc.integer({ min: 1, max: RUN_BYTES_MAX }) }),
  { minLength: 1, maxLength: 12 },
);
/** Reads of so many bytes at most, each time something has come; 0 for none yet. */
const reads = fc.array(fc.nat({ max: 4000 }), { minLength: 1, maxLength: 6 });

describe('a stream of zeros and of bytes', () => {
  it('is read as it was written — RFC 9293 §3.10.5', () => {
    fc.assert(
      fc.property(
        runs,
        reads,
        impairedLinks,
        tcpConfigs,
        fc.nat(),
        (list, sizes, link, config, seed) => {
          const { network, client, server } = createPath({ forward: link, config, seed });
          const written: number[] = [];
          client.application = (event, connection) => {
            if (event !== TransportEvent.Established) return;
            for (const { isZeros, bytes } of list) {
              const part = Uint8Array.from({ length: bytes }, (_, index) =>
                isZeros ? 0 : patternAt(written.length + index),
              );
              const taken = isZeros
                ? writeZeros(connection, bytes)
                : write(connection, part, 0, bytes);
              written.push(...part.subarray(0, taken));
            }
            shutdownWrite(connection);
          };
          const got: number[] = [];
          const target = new Uint8Array(list.length * RUN_BYTES_MAX).fill(0xff);
          const take = (connection: TcpConnection, max: number): void => {
            const before = readableBytes(connection);
            const count = read(connection, target, 0, max);
            expect(count).toBe(Math.min(max, before));
            expect(readableBytes(connection)).toBe(before - count);
            got.push(...target.subarray(0, count));
            target.fill(0xff);
          };
          let turn = 0;
          let accepted: TcpConnection | undefined;
          server.application = (event, connection) => {
            if (event === TransportEvent.Established) connection.listener?.accept();
            if (event !== TransportEvent.Readable) return;
            accepted = connection;
            take(connection, sizes[turn++ % sizes.length] as number);
          };
          server.layer.listen({ port: 80 });
          client.layer.connect({
            localAddress: client.address,
            remoteAddress: server.address,
            remotePort: 80,
          });
          client.pump();
          // What did not fit the window comes when there is room.
          for (let minutes = 30; minutes < 300; minutes += 30) {
            network.scheduler.runUntil(minutes * MINUTE_NS);
            if (accepted !== undefined) take(accepted, target.length);
            server.pump();
          }
          expect(got).toEqual(written);
        },
      ),
      { seed: 0x7ee, numRuns: 60 },
    );
  });
});
