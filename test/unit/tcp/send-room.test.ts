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
  let single = 0;
  peer.does((connection) => {
    room = writableBytes(connection);
    single = connection.scoreboard.sackedSegments + connection.scoreboard.lostSegments;
  });
  expect(single).toBeGreaterThan(4);
  return { room, single };
}

describe('room in the send buffer', () => {
  it('counts bytes alone in the rfc profile', () => {
    expect(aboveHole(RFC_PROFILE).room).toBe(40_000);
  });

  it('counts what single segments cost above a hole in the linux profile', () => {
    const { room, single } = aboveHole(LINUX_PROFILE);
    expect(room).toBe(40_000 - single * LINUX_PROFILE.sendOverheadBytes);
  });
});
