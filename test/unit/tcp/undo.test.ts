import { describe, expect, it } from 'vitest';
import { discard, writeZeros } from '../../../src/tcp/commands.ts';
import type { TcpConnection } from '../../../src/tcp/connection.ts';
import { TransportEvent } from '../../../src/tcp/events.ts';
import { createPath } from '../../support/tcp-path.ts';

const MS = 1e6;
const ALL = 1 << 30;

describe('undo of a recovery', () => {
  it.each(['cubic', 'bbr'])(
    'takes no answer to a retransmission of the period before for an original, with %s — RFC 4015 §3.2',
    (controller) => {
      // Nothing overtakes anything here, so every recovery is for a loss, and one often follows on another.
      const { network, client, server } = createPath({
        controller,
        forward: {
          rate: 20e6,
          delayNs: 20 * MS,
          queue: { bytes: 200_000 },
          impairments: { loss: { kind: 'random', ratio: 0.01, correlation: 0 } },
        },
        backward: { delayNs: 20 * MS },
      });
      server.layer.listen({ port: 80 });
      server.application = (event, connection) => {
        if (event === TransportEvent.Established) connection.listener?.accept();
        if (event === TransportEvent.Readable) discard(connection, ALL);
      };
      client.application = (event, connection) => {
        const isReady = event === TransportEvent.Established || event === TransportEvent.Writable;
        if (isReady) writeZeros(connection, ALL);
      };
      const opened = client.layer.connect({
        localAddress: client.address,
        remoteAddress: server.address,
        remotePort: 80,
      });
      client.pump();
      network.scheduler.runUntil(5000 * MS);
      const connection = opened as TcpConnection;
      expect(connection.totalRetransmits).toBeGreaterThan(10);
      expect(connection.spuriousRecoveries).toBe(0);
    },
  );
});
