import { describe, expect, it } from 'vitest';
import type { FrameId } from '../../../src/frame/frame-record.ts';
import { CapturedExtra, FRAME_SHIFT, FrameWord, MetaBit } from '../../../src/frame/frame-record.ts';
import { type CaptureSink, Tap } from '../../../src/net/tap.ts';
import { LinkLayer } from '../../../src/wire/link-layer.ts';
import { ArrivalSource, buildFrame, captureFrame, createNetwork } from '../../support/network.ts';

interface Written {
  interface: number;
  seconds: number;
  nanoseconds: number;
  bytes: number[];
  originalLength: number;
  comment: string | undefined;
}

function createTap(snapLength = 0) {
  const network = createNetwork();
  const interfaces: Parameters<CaptureSink['addInterface']>[0][] = [];
  const written: Written[] = [];
  const passed: FrameId[] = [];
  const sink: CaptureSink = {
    addInterface: (options) => interfaces.push(options) - 1,
    writePacket: (index, seconds, nanoseconds, bytes, start, captured, originalLength, comment) =>
      written.push({
        interface: index,
        seconds,
        nanoseconds,
        bytes: [...bytes.slice(start, start + captured)],
        originalLength,
        comment,
      }),
  };
  const tap = new Tap(network, sink, 'here', snapLength);
  tap.connect({
    deliver: (frame) => {
      passed.push(frame);
      network.pool.release(frame);
    },
  });
  return { network, tap, interfaces, written, passed };
}

describe('Tap', () => {
  it('writes a captured frame byte for byte with its length on the wire, and passes it on', () => {
    const { network, tap, written, passed } = createTap();
    const bytes = Array.from({ length: 90 }, (_, index) => index);
    const frame = captureFrame(network, bytes, 64);
    tap.deliver(frame);
    expect(written[0]?.bytes).toEqual(bytes.slice(0, 64));
    expect(written[0]?.originalLength).toBe(90);
    expect(passed).toEqual([frame]);
  });

  it('writes a built frame with headers and zeros for a length-only payload', () => {
    const { network, tap, written } = createTap();
    tap.deliver(buildFrame(network, 1000, 5));
    const { bytes, originalLength } = written[0] as Written;
    expect([bytes.length, originalLength]).toEqual([1000, 1000]);
    expect(bytes.slice(12, 15)).toEqual([0x08, 0x00, 0x45]);
    expect(bytes.slice(54).every((byte) => byte === 0)).toBe(true);
  });

  it('adds the time of the run to the epoch without losing a nanosecond', () => {
    const { network, tap, written } = createTap();
    tap.setEpoch(1_700_000_000, 999_999_999);
    new ArrivalSource(
      network,
      [0, 1, 86_400_000_000_123].map((atNs) => ({ atNs, length: 100 })),
      tap,
    );
    network.scheduler.runUntil(Number.MAX_SAFE_INTEGER);
    expect(written.map(({ seconds, nanoseconds }) => [seconds, nanoseconds])).toEqual([
      [1_700_000_000, 999_999_999],
      [1_700_000_001, 0],
      [1_700_086_401, 122],
    ]);
  });

  it('has an offset where nanoseconds since 1970 do not fit 64 bits', () => {
    for (const [epoch, offset] of [
      [0, 0],
      [-100, -100],
      [4_294_967_295, 0],
      [18_446_744_073_709, 18_446_744_073_709],
      [1e19, 2 ** 62],
    ] as const) {
      const { network, tap, interfaces } = createTap();
      tap.setEpoch(epoch, 0);
      tap.deliver(captureFrame(network, new Array<number>(60).fill(0)));
      expect(interfaces[0]?.offsetSeconds).toBe(offset);
    }
  });

  it('notes on a packet what the path did to its frame', () => {
    const { network, tap, written } = createTap();
    const { words } = network.pool;
    for (const bit of [0, MetaBit.Corrupted, MetaBit.Duplicate]) {
      const frame = captureFrame(network, new Array<number>(60).fill(0));
      words[(frame << FRAME_SHIFT) + FrameWord.Meta] |= bit;
      tap.deliver(frame);
    }
    expect(written.map(({ comment }) => comment)).toEqual([
      undefined,
      'sluice: bits flipped by the path',
      'sluice: duplicate made by the path',
    ]);
  });

  it('opens one interface for each link type that passes, with its name and snap length', () => {
    const { network, tap, interfaces, written } = createTap(96);
    const asLayer = (layer: LinkLayer) => {
      const frame = captureFrame(network, [0x45, 0, 0, 20]);
      network.pool.extraWords[(frame << FRAME_SHIFT) + CapturedExtra.LinkLayer] = layer;
      return frame;
    };
    for (const layer of [LinkLayer.Raw, LinkLayer.Ethernet, LinkLayer.Raw]) {
      tap.deliver(asLayer(layer));
    }
    expect(interfaces).toEqual([
      { linkType: LinkLayer.Raw, name: 'here', snapLength: 96, offsetSeconds: 0 },
      { linkType: LinkLayer.Ethernet, name: 'here', snapLength: 96, offsetSeconds: 0 },
    ]);
    expect(written.map((one) => one.interface)).toEqual([0, 1, 0]);
  });
});
