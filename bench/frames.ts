/** Frames for captures that benchmarks make themselves. */
export const FRAME_BYTES = 1514;

/** An Ethernet frame of 1514 bytes: IPv4, TCP with timestamps and ports to fill in, 1448 bytes of payload. */
export function templateFrame(): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  for (let at = 0; at < FRAME_BYTES; at++) frame[at] = Math.imul(at, 0x9e3779b1) >>> 24;
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
  frame.set([0x45, 0, 0x05, 0xdc, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 1, 1], 14);
  frame.set([0x80, 0x10, 0x01, 0xf5, 0, 0, 0, 0, 1, 1, 8, 10], 46);
  return frame;
}

/** Gives frame number `index`: full-size TCP segments of `flows` connections in turn, from server to client. */
export function smallFrames(flows: number): (index: number) => Uint8Array {
  const frame = templateFrame();
  const view = new DataView(frame.buffer);
  view.setUint16(34, 443);
  return (index) => {
    view.setUint16(36, 50_000 + (index % flows));
    view.setUint32(38, Math.floor(index / flows) * 1448);
    view.setUint32(58, index >>> 7);
    return frame;
  };
}
