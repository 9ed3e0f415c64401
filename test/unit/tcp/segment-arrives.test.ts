import { describe, expect, it } from 'vitest';
import { discard, readableBytes, writeZeros } from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE } from '../../../src/tcp/config.ts';
import { TcpError } from '../../../src/tcp/errors.ts';
import { setReceiveBuffer } from '../../../src/tcp/options.ts';
import { TcpState } from '../../../src/tcp/state.ts';
import { ScriptedPeer } from '../../support/tcp-peer.ts';

function open(): ScriptedPeer {
  const peer = new ScriptedPeer();
  peer.isAccepted();
  return peer;
}

describe('first, the sequence number', () => {
  it('answers a segment outside the window with an ACK and drops it — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.sends('P.', { seq: 5_000_000, ack: 1, length: 10 });
    peer.expects('.', { seq: 1, ack: 1 });
    expect(readableBytes(peer.connection)).toBe(0);
  });

  it('takes the new part of a segment that is partly old, and reports the rest — RFC 2883 §4', () => {
    const peer = open();
    peer.sends('P.', { seq: 1, ack: 1, length: 100 });
    peer.forget();
    peer.sends('P.', { seq: 51, ack: 1, length: 100 });
    expect(readableBytes(peer.connection)).toBe(150);
    peer.wait(300);
    peer.expects('.', { ack: 151, sack: [[51, 101]] });
  });

  it('reports a segment that came twice — RFC 2883 §4', () => {
    const peer = open();
    peer.sends('P.', { seq: 1, ack: 1, length: 100 });
    peer.forget();
    peer.sends('P.', { seq: 1, ack: 1, length: 100 });
    peer.expects('.', { ack: 101, sack: [[1, 101]] });
  });

  it('takes of a segment only what the window has room for — RFC 9293 §3.10.7.4', () => {
    const peer = new ScriptedPeer({
      config: { receiveBufferBytes: 3000, usesWindowScaling: false },
    });
    peer.isAccepted();
    peer.sends('P.', { seq: 1, ack: 1, length: 5000 });
    expect(readableBytes(peer.connection)).toBe(2920);
  });

  it('drops a segment with an old timestamp and acknowledges — RFC 7323 §5.3', () => {
    const peer = new ScriptedPeer();
    peer.isAccepted(0, { timestamps: [1000, 0] });
    peer.sends('.', { seq: 1, ack: 1, timestamps: [2000, 1] });
    peer.sends('P.', { seq: 1, ack: 1, length: 10, timestamps: [1500, 1] });
    peer.expects('.', { ack: 1 });
    expect(readableBytes(peer.connection)).toBe(0);
  });
});

describe('second, the RST bit', () => {
  it('resets at exactly RCV.NXT — RFC 5961 §3.2', () => {
    const peer = open();
    peer.sends('R', { seq: 1 });
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(peer.connection.error).toBe(TcpError.ConnectionReset);
    peer.expectsNothing();
  });

  it('answers an in-window RST that is not exactly RCV.NXT with a challenge ACK — RFC 5961 §3.2', () => {
    const peer = open();
    peer.sends('R', { seq: 2 });
    peer.expects('.', { seq: 1, ack: 1 });
    expect(peer.connection.state).toBe(TcpState.Established);
  });

  it('drops an RST outside the window in silence — RFC 5961 §3.2', () => {
    const peer = open();
    peer.sends('R', { seq: 5_000_000 });
    peer.expectsNothing();
    expect(peer.connection.state).toBe(TcpState.Established);
  });

  it('sends not more than one challenge ACK in half a second — RFC 5961 §7', () => {
    const peer = open();
    for (let count = 0; count < 5; count++) peer.sends('R', { seq: 2 });
    peer.expects('.');
    peer.expectsNothing();
    peer.wait(500);
    peer.sends('R', { seq: 2 });
    peer.expects('.');
  });
});

describe('fourth, the SYN bit', () => {
  it('answers a SYN on a synchronized connection with a challenge ACK — RFC 5961 §4.2', () => {
    const peer = open();
    peer.sends('S', { seq: 10, mss: 1000 });
    peer.expects('.', { seq: 1, ack: 1 });
    expect(peer.connection.state).toBe(TcpState.Established);
  });
});

describe('fifth, the ACK field', () => {
  it('drops a segment without ACK — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.sends('P', { seq: 1, length: 10 });
    peer.expectsNothing();
    expect(readableBytes(peer.connection)).toBe(0);
  });

  it('answers an ACK of what was never sent with an ACK — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.sends('P.', { seq: 1, ack: 500, length: 10 });
    peer.expects('.', { seq: 1, ack: 1 });
    expect(readableBytes(peer.connection)).toBe(0);
  });

  it('drops an ACK that is older than the largest window — RFC 5961 §5.2', () => {
    const peer = new ScriptedPeer({ window: 4000 });
    peer.isAccepted();
    for (let ack = 1; ack < 20_000; ack += 2000) {
      peer.does((connection) => writeZeros(connection, 2000));
      peer.sends('.', { seq: 1, ack: ack + 2000 });
    }
    peer.forget();
    peer.sends('P.', { seq: 1, ack: 1, length: 10 });
    peer.expects('.', { ack: 1 });
    expect(readableBytes(peer.connection)).toBe(0);
  });

  it('resets a half-open connection whose SYN-ACK is acknowledged wrongly — RFC 9293 §3.10.7.4', () => {
    const peer = new ScriptedPeer();
    peer.host.layer.listen({ port: 40_000 });
    peer.sends('S', { seq: 0, mss: 1000 });
    peer.expects('S.');
    peer.sends('.', { seq: 1, ack: 500 });
    peer.expects('R', { seq: 500 });
  });

  it('does not let an old segment set the window — RFC 9293 §3.10.7.4', () => {
    const peer = open();
    peer.sends('P.', { seq: 1, ack: 1, length: 10, window: 2000 });
    peer.sends('.', { seq: 1, ack: 1, window: 9000 });
    expect(peer.connection.sndWnd).toBe(2000);
  });
});

describe('seventh, the segment text', () => {
  it('reports what came out of order, the newest first, and delivers it when the hole is filled — RFC 2018 §4', () => {
    const peer = open();
    peer.sends('.', { seq: 1001, ack: 1, length: 1000 });
    peer.expects('.', { ack: 1, sack: [[1001, 2001]] });
    peer.sends('.', { seq: 3001, ack: 1, length: 1000 });
    peer.expects('.', {
      ack: 1,
      sack: [
        [3001, 4001],
        [1001, 2001],
      ],
    });
    peer.sends('.', { seq: 2001, ack: 1, length: 1000 });
    peer.expects('.', { ack: 1, sack: [[1001, 4001]] });
    expect(readableBytes(peer.connection)).toBe(0);
    peer.sends('.', { seq: 1, ack: 1, length: 1000 });
    const { sack } = peer.expects('.', { ack: 4001 });
    expect(sack).toBeUndefined();
    expect(readableBytes(peer.connection)).toBe(4000);
  });

  it('reports three blocks beside timestamps and four without — RFC 2018 §3', () => {
    for (const [timestamps, count] of [
      [[1000, 0], 3],
      [undefined, 4],
    ] as const) {
      const peer = new ScriptedPeer();
      peer.isAccepted(0, timestamps ? { timestamps } : {});
      const echo = timestamps ? { timestamps: [2000, 1] as const } : {};
      for (let block = 1; block <= 5; block++) {
        peer.sends('.', { seq: 1 + 2000 * block, ack: 1, length: 1000, ...echo });
      }
      expect(peer.sent.at(-1)?.sack?.length).toBe(count);
    }
  });

  it('echoes CE until CWR comes — RFC 3168 §6.1.3', () => {
    const peer = new ScriptedPeer();
    peer.host.layer.listen({ port: 40_000 });
    peer.sends('SEW', { seq: 0, mss: 1000 });
    peer.expects('SE.');
    peer.sends('.', { seq: 1, ack: 1 });
    peer.sends('.', { seq: 1, ack: 1, length: 1000, ecn: 3 });
    peer.sends('.', { seq: 1001, ack: 1, length: 1000, ecn: 2 });
    peer.expects('E.', { ack: 2001 });
    peer.sends('W.', { seq: 2001, ack: 1, length: 1000, ecn: 2 });
    peer.sends('.', { seq: 3001, ack: 1, length: 1000, ecn: 2 });
    peer.expects('.', { ack: 4001 });
  });
});

describe('acknowledging', () => {
  it('acknowledges every second full segment at once, others after a delay — RFC 9293 §3.8.6.3', () => {
    const peer = open();
    peer.sends('.', { seq: 1, ack: 1, length: 1000 });
    peer.expectsNothing();
    peer.sends('.', { seq: 1001, ack: 1, length: 1000 });
    peer.expects('.', { ack: 2001 });
    peer.sends('.', { seq: 2001, ack: 1, length: 1000 });
    peer.expectsNothing();
    peer.wait(200);
    peer.expects('.', { ack: 3001, atMs: 200 });
  });

  it('lets data carry the ACK — RFC 9293 §3.8.6.3', () => {
    const peer = open();
    peer.sends('P.', { seq: 1, ack: 1, length: 100 });
    peer.does((connection) => writeZeros(connection, 100));
    peer.expects('P.', { ack: 101, length: 100 });
    peer.wait(300);
    peer.expectsNothing();
  });

  it('acknowledges the first segments of a connection at once in the linux profile', () => {
    // No room for the window to grow, which would be told at once as well.
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, config: { growsReceiveWindow: false } });
    peer.isAccepted();
    for (let segment = 0; segment < 16; segment++) {
      peer.sends('.', { seq: 1 + 1000 * segment, ack: 1, length: 1000 });
      peer.expects('.', { ack: 1001 + 1000 * segment });
    }
    peer.sends('.', { seq: 16_001, ack: 1, length: 1000 });
    peer.expectsNothing();
    peer.wait(40);
    peer.expects('.', { ack: 17_001 });
  });

  it('acknowledges every segment at once by which the window grows, in the linux profile', () => {
    // 1460 bytes in a block of 2304 leave more of the buffer to text than was thought: 73,078 bytes in steps of 2920.
    const config = { receiveBufferBytes: 540_000, segmentMemory: 'blocks' } as const;
    const peer = new ScriptedPeer({ base: LINUX_PROFILE, config });
    peer.isAccepted();
    peer.does((connection) => setReceiveBuffer(connection, config.receiveBufferBytes));
    // 25 segments by which it grows, and the 16 of every connection.
    for (let segment = 0; segment < 41; segment++) {
      peer.sends('.', { seq: 1 + 1460 * segment, ack: 1, length: 1460 });
      peer.expects('.', { ack: 1461 + 1460 * segment });
      peer.does((connection) => discard(connection, 1460));
    }
    peer.sends('.', { seq: 59_861, ack: 1, length: 1460 });
    peer.expectsNothing();
  });
});

describe('the receive window', () => {
  it('keeps its right edge when the buffer becomes smaller — RFC 9293 §3.8.6', () => {
    const peer = open();
    peer.sends('.', { seq: 1, ack: 1, length: 1000 });
    peer.sends('.', { seq: 1001, ack: 1, length: 1000 });
    const before = peer.expects('.', { ack: 2001 });
    peer.does((connection) => setReceiveBuffer(connection, 10_000));
    peer.sends('.', { seq: 2001, ack: 1, length: 1000 });
    peer.sends('.', { seq: 3001, ack: 1, length: 1000 });
    const after = peer.expects('.', { ack: 4001 });
    expect(after.window).toBe((before.window as number) - 2000);
  });

  it('closes with unread data and opens by half or by a segment when it is read — RFC 9293 §3.8.6.2.2', () => {
    const peer = new ScriptedPeer({ config: { receiveBufferBytes: 5840 } });
    peer.isAccepted();
    for (let segment = 0; segment < 4; segment++) {
      peer.sends('.', { seq: 1 + 1460 * segment, ack: 1, length: 1460 });
    }
    expect(peer.sent.at(-1)).toMatchObject({ ack: 5841, window: 0 });
    peer.forget();
    peer.does((connection) => discard(connection, 500));
    peer.expectsNothing();
    peer.does((connection) => discard(connection, 3000));
    // Whole segments of the room.
    peer.expects('.', { ack: 5841, window: 2920 });
  });
});
