import { describe, expect, it } from 'vitest';
import { writableBytes, writeZeros } from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE, RFC_PROFILE, type TcpConfig } from '../../../src/tcp/config.ts';
import { ScriptedPeer } from '../../support/tcp-peer.ts';

/** Room of a send buffer of 100 kB with 60 kB in it, and what lies SACKed or lost around a hole. */
function aboveHole(base: TcpConfig) {
  const peer = new ScriptedPeer({ base, config: { sendBufferBytes: 100_000 } });
  peer.isAccepted();
  peer.does((connection) => void writeZeros(connection, 60_000));
  peer.sends('.', { seq: 1, ack: 1, sack: [[3001, 9001]] });
  let room = 0;
  let parts = 0;
  peer.does((connection) => {
    room = writableBytes(connection);
    const { chunks, lostSegments, sackedSegments, segments } = connection.scoreboard;
    parts = chunks + lostSegments;
    // In chunks of two, with those at the end of chunks SACKed.
    expect(chunks).toBeLessThanOrEqual((segments - sackedSegments + 1) / 2);
  });
  return { room, parts };
}

describe('room in the send buffer', () => {
  it('counts bytes alone in the rfc profile', () => {
    expect(aboveHole(RFC_PROFILE).room).toBe(40_000);
  });

  it('counts what chunks and lost segments cost in the linux profile', () => {
    const { room, parts } = aboveHole(LINUX_PROFILE);
    expect(parts).toBeGreaterThan(3);
    expect(room).toBe(40_000 - parts * LINUX_PROFILE.sendOverheadBytes);
  });
});
