import { describe, expect, it } from 'vitest';
import { DropReason } from '../../../src/engine/drop-reason.ts';
import { Link } from '../../../src/net/link.ts';
import { assertConserved, conservationOf } from '../../../src/scenario/conservation.ts';
import { ArrivalSource, Collector, constantRate, createNetwork } from '../../support/network.ts';

/** A link that has forwarded some of twenty frames, dropped some, and holds some. */
function halfway() {
  const network = createNetwork();
  const link = new Link(network, { name: 'port', rate: 1e6, queue: { packets: 5 } });
  link.connect(new Collector(network));
  new ArrivalSource(network, constantRate(20, 1000, 1000), link);
  network.scheduler.runUntil(20e6);
  return { network, link, ports: { network, links: [link] } };
}

describe('conservation', () => {
  it('holds between two events, with every frame forwarded, dropped for a reason, or inside', () => {
    const { ports } = halfway();
    assertConserved(ports);
    expect(conservationOf(ports)).toEqual({
      ports: 1,
      arrivedPackets: 20,
      duplicatedPackets: 0,
      forwardedPackets: 2,
      drops: { queueFull: 14 },
      insidePackets: 4,
    });
  });

  it('ends a run with the port and its figures when a frame is lost or made', () => {
    const lost = halfway();
    Object.defineProperty(lost.link, 'arrivedPackets', { value: 21 });
    expect(() => assertConserved(lost.ports)).toThrow(
      'port port: 21 arrived and 0 were made, but 2 were forwarded, queueFull 14 dropped and 4 are inside',
    );
    const made = halfway();
    Object.defineProperty(made.link, 'forwardedPackets', { value: 3 });
    expect(() => assertConserved(made.ports)).toThrow(/conservation is broken at port port/);
    const dropped = halfway();
    dropped.network.countUnmade(DropReason.RandomLoss, dropped.link.place);
    expect(() => assertConserved(dropped.ports)).toThrow(/randomLoss 1/);
  });

  it('ends a run when a frame is in no port', () => {
    const { network, ports } = halfway();
    network.pool.allocate();
    expect(() => assertConserved(ports)).toThrow('5 frames, of which 4 in ports');
  });
});
