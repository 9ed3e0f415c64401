import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_SHIFT, FrameWord, MetaBit, MetaShift } from '../../src/frame/frame-record.ts';
import type { ImpairmentConfig } from '../../src/net/impairment-config.ts';
import { Link } from '../../src/net/link.ts';
import { Tap } from '../../src/net/tap.ts';
import { PcapngWriter } from '../../src/pcap/pcapng-writer.ts';
import { buildFrame, Collector, captureFrame, createNetwork, MS } from '../support/network.ts';
import { type PacketSpec, packetSpecs, tcpFrame } from '../support/packets.ts';

const seldom = fc.constantFrom(0, 0.3, 1).map((ratio) => ({ ratio, correlation: 0 }));

const impairments: fc.Arbitrary<ImpairmentConfig> = fc.record(
  {
    duplicate: seldom,
    corrupt: seldom.chain((value) =>
      fc.integer({ min: 1, max: 40 }).map((bits) => ({ ...value, bits })),
    ),
  },
  { requiredKeys: [] },
);

type Sent =
  | { kind: 'captured'; spec: PacketSpec; cut: number }
  | { kind: 'changed'; spec: PacketSpec; trafficClass: number; ttl: number }
  | { kind: 'built'; length: number }
  | { kind: 'noise'; bytes: number[] };

const sent: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({
    kind: fc.constant('captured' as const),
    spec: packetSpecs,
    cut: fc.oneof(fc.constant(0), fc.nat({ max: 100 })),
  }),
  fc.record({
    kind: fc.constant('changed' as const),
    spec: packetSpecs,
    trafficClass: fc.nat({ max: 255 }),
    ttl: fc.nat({ max: 255 }),
  }),
  fc.record({ kind: fc.constant('built' as const), length: fc.integer({ min: 54, max: 2000 }) }),
  fc.record({
    kind: fc.constant('noise' as const),
    bytes: fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 80 }),
  }),
);

/** Everything through tap, link, tap, link, tap; gives the fingerprint and the capture. */
function run(list: readonly Sent[], config: ImpairmentConfig, wireAlways: boolean) {
  const network = createNetwork({ seed: 9, wireAlways });
  const blocks: string[] = [];
  const writer = new PcapngWriter({
    sink: (bytes) => blocks.push(Buffer.from(bytes).toString('hex')),
  });
  const collector = new Collector(network);
  const last = new Tap(network, writer, 'last');
  last.connect(collector);
  const second = new Link(network, { name: 'second', delayNs: MS, impairments: config });
  second.connect(last);
  const middle = new Tap(network, writer, 'middle');
  middle.connect(second);
  const first = new Link(network, { name: 'first', rate: 1e9, impairments: config });
  first.connect(middle);
  const entrance = new Tap(network, writer, 'first', 60);
  entrance.connect(first);
  const { words } = network.pool;
  list.forEach((one, ordinal) => {
    if (one.kind === 'built') {
      entrance.deliver(buildFrame(network, one.length, ordinal));
    } else if (one.kind === 'noise') {
      entrance.deliver(captureFrame(network, one.bytes));
    } else {
      const bytes = tcpFrame(one.spec);
      const stored = one.kind === 'captured' ? Math.max(1, bytes.length - one.cut) : bytes.length;
      const frame = captureFrame(network, bytes, stored);
      if (one.kind === 'changed') {
        const meta = (frame << FRAME_SHIFT) + FrameWord.Meta;
        words[meta] = (words[meta] as number) & ~0xffff00;
        words[meta] |= one.trafficClass << MetaShift.TrafficClass;
        words[meta] |= (one.ttl << MetaShift.Ttl) | MetaBit.Changed;
      }
      entrance.deliver(frame);
    }
  });
  network.scheduler.runUntil(Number.MAX_SAFE_INTEGER);
  writer.flush();
  for (const link of [first, second]) link.assertConserved();
  return {
    fingerprint: network.fingerprint.digest(),
    capture: blocks.join(''),
    metas: collector.metas,
    verdicts: [first.escapedPackets, first.unverifiablePackets, second.escapedPackets],
  };
}

describe('wire: always', () => {
  it('gives the fingerprint and the capture of lazy bytes, whatever is sent and done to it', () => {
    fc.assert(
      fc.property(fc.array(sent, { minLength: 1, maxLength: 12 }), impairments, (list, config) => {
        expect(run(list, config, true)).toEqual(run(list, config, false));
      }),
      { seed: 77, numRuns: 100 },
    );
  });
});
