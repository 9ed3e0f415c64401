/** What the sender learns of marks by AccECN, against what the receiver has counted: random marks, losses both ways. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_SHIFT, FrameWord, MetaShift } from '../../src/frame/frame-record.ts';
import type { AccurateEcn } from '../../src/tcp/accurate-ecn.ts';
import { writeZeros } from '../../src/tcp/commands.ts';
import { AccEcnOption, EcnMode, LINUX_PROFILE, RFC_PROFILE } from '../../src/tcp/config.ts';
import type { TcpConnection } from '../../src/tcp/connection.ts';
import { TransportEvent } from '../../src/tcp/events.ts';
import { Chance } from '../support/chance.ts';
import { createPath } from '../support/tcp-path.ts';

const SEED = 1977;
const HOUR_NS = 3600e9;
const stateOf = (connection: TcpConnection) =>
  connection.context.accurateEcn[connection.slot] as AccurateEcn;

interface Case {
  readonly base: typeof RFC_PROFILE;
  readonly accEcnOption: number;
  readonly marked: number;
  readonly lossTo: number;
  readonly lossFrom: number;
  readonly bytes: number;
  readonly seed: number;
}

/** A transfer of one way, with marks on the way there; both ends' counters when it is done. */
function transfer({ base, accEcnOption, marked, lossTo, lossFrom, bytes, seed }: Case) {
  const config = { ...base, ecn: EcnMode.Request, usesAccurateEcn: true, accEcnOption };
  const link = { rate: 5e6, delayNs: 5e6, queue: { bytes: 1e6 } };
  const path = createPath({
    config,
    seed,
    forward: { ...link, impairments: { loss: { kind: 'random', ratio: lossTo, correlation: 0 } } },
    backward: {
      ...link,
      impairments: { loss: { kind: 'random', ratio: lossFrom, correlation: 0 } },
    },
  });
  const { network, pool, client, server, forward } = path;
  const chance = new Chance(seed);
  forward.connect({
    deliver: (frame) => {
      const at = (frame << FRAME_SHIFT) + FrameWord.Meta;
      const meta = pool.words[at] as number;
      const ecn = (meta >>> MetaShift.TrafficClass) & 3;
      const isMarked = ecn !== 0 && chance.below(1000) < 1000 * marked;
      if (isMarked) pool.words[at] = meta | (3 << MetaShift.TrafficClass);
      server.deliver(frame);
    },
  });
  let receiver: TcpConnection | undefined;
  server.application = (event, connection) => {
    if (event === TransportEvent.Established) receiver = connection;
    connection.listener?.accept();
  };
  server.layer.listen({ port: 80 });
  client.application = (event, connection) => {
    if (event === TransportEvent.Established) writeZeros(connection, bytes);
  };
  const sender = client.layer.connect({
    localAddress: client.address,
    remoteAddress: server.address,
    remotePort: 80,
  }) as TcpConnection;
  client.pump();
  network.scheduler.runUntil(HOUR_NS);
  if (receiver === undefined) throw new Error('no handshake');
  expect(receiver.bytesReceived).toBe(bytes);
  return { heard: stateOf(sender), counted: stateOf(receiver), sender, receiver };
}

const cases: fc.Arbitrary<Case> = fc.record({
  base: fc.constantFrom(RFC_PROFILE, LINUX_PROFILE),
  accEcnOption: fc.constantFrom<number>(
    AccEcnOption.Efficient,
    AccEcnOption.Sparing,
    AccEcnOption.Full,
  ),
  marked: fc.constantFrom(0, 0.02, 0.3, 1),
  lossTo: fc.constantFrom(0, 0.02),
  lossFrom: fc.constantFrom(0, 0.3),
  bytes: fc.integer({ min: 1, max: 60_000 }),
  seed: fc.nat(1e6),
});

describe('what AccECN tells', () => {
  it('of marked packets and bytes is exact when no ACK is lost — RFC 9768 §3.2', () => {
    let most = 0;
    fc.assert(
      fc.property(cases, (one) => {
        const { heard, counted } = transfer({ ...one, lossTo: 0, lossFrom: 0 });
        most = Math.max(most, counted.cePackets);
        expect(heard.peerCePackets).toBe(counted.cePackets);
        expect(heard.peerCeBytes).toBe(counted.ceBytes);
        expect(heard.peerEct0Bytes).toBe(counted.ect0Bytes);
      }),
      { seed: SEED, numRuns: 40 },
    );
    expect(most).toBeGreaterThan(24);
  });

  it('of marked packets agrees with the counter, whatever is lost — RFC 9768 §3.2.2', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const { heard, counted, sender } = transfer(one);
        // A field of three bits that was read to the end cannot be off by anything but cycles.
        if (sender.hasAccEcn) expect((heard.peerCePackets - counted.cePackets) & 7).toBe(0);
      }),
      { seed: SEED, numRuns: 40 },
    );
  });
});
