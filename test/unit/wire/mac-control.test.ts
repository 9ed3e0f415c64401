import { describe, expect, it } from 'vitest';
import {
  isPauseFrame,
  PAUSE_FRAME_BYTES,
  pauseQuanta,
  writePauseFrame,
} from '../../../src/wire/mac-control.ts';

describe('a priority flow control frame — IEEE 802.1Qbb', () => {
  it('has its bytes where the standard has them, and the rest is padding', () => {
    const bytes = new Uint8Array(80).fill(0xff);
    const view = new DataView(bytes.buffer);
    writePauseFrame({ bytes, view }, 10, 0b0000_1001, 0b0000_1000, 0x1234);
    const frame = [...bytes.subarray(10, 10 + PAUSE_FRAME_BYTES)];
    expect(frame.slice(0, 6)).toEqual([0x01, 0x80, 0xc2, 0x00, 0x00, 0x01]);
    expect(frame.slice(12, 18)).toEqual([0x88, 0x08, 0x01, 0x01, 0x00, 0x09]);
    const times = [0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(frame.slice(18, 34)).toEqual(times);
    expect(frame.slice(34)).toEqual(Array.from({ length: 26 }, () => 0));
    expect([bytes[9], bytes[70]]).toEqual([0xff, 0xff]);
  });

  it('is read as it was written: a time, to go on, or nothing for a priority', () => {
    const bytes = new Uint8Array(PAUSE_FRAME_BYTES);
    const view = new DataView(bytes.buffer);
    writePauseFrame({ bytes, view }, 0, 0b1000_0001, 0b1000_0000, 0xffff);
    expect(isPauseFrame(view, 0, PAUSE_FRAME_BYTES)).toBe(true);
    expect([0, 1, 7].map((priority) => pauseQuanta(view, 0, priority))).toEqual([0, -1, 0xffff]);
  });

  it('is none when it is cut off, or says something else', () => {
    const bytes = new Uint8Array(PAUSE_FRAME_BYTES);
    const view = new DataView(bytes.buffer);
    writePauseFrame({ bytes, view }, 0, 1, 1, 1);
    expect(isPauseFrame(view, 0, 33)).toBe(false);
    // 0x0001 is the pause of all priorities of IEEE 802.3x.
    view.setUint16(14, 0x0001);
    expect(isPauseFrame(view, 0, PAUSE_FRAME_BYTES)).toBe(false);
  });
});
