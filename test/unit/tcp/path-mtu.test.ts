import { describe, expect, it } from 'vitest';
import { seqAdd } from '../../../src/base/seq.ts';
import { writeZeros } from '../../../src/tcp/commands.ts';
import { LINUX_PROFILE, MtuProbing } from '../../../src/tcp/config.ts';
import { TcpError } from '../../../src/tcp/errors.ts';
import { IcmpErrorKind } from '../../../src/tcp/icmp-errors.ts';
import { tcpInfo } from '../../../src/tcp/info.ts';
import { TcpState } from '../../../src/tcp/state.ts';
import { type PeerOptions, ScriptedPeer } from '../../support/tcp-peer.ts';

function open(options: PeerOptions = {}): ScriptedPeer {
  const peer = new ScriptedPeer({ base: LINUX_PROFILE, mss: 1460, ...options });
  peer.isAccepted(100);
  return peer;
}

function icmp(peer: ScriptedPeer, kind: IcmpErrorKind, offset: number, mtu = 0): void {
  const { connection, host } = peer;
  host.layer.handleIcmp({
    kind,
    localAddress: connection.localAddress,
    remoteAddress: connection.remoteAddress,
    localPort: connection.localPort,
    remotePort: connection.remotePort,
    sequence: seqAdd(connection.iss, offset),
    mtu,
  });
  host.pump();
}

describe('path MTU discovery by ICMP', () => {
  it('sends smaller segments at once when a router says too big — RFC 1191 §6.4', () => {
    const peer = open();
    peer.does((connection) => writeZeros(connection, 2920));
    peer.forget();
    icmp(peer, IcmpErrorKind.PacketTooBig, 1, 1200);
    expect(tcpInfo(peer.connection)).toMatchObject({ tcpi_snd_mss: 1160, tcpi_pmtu: 1200 });
    peer.expects('.', { seq: 1, length: 1160 });
    // Segmented anew: the rest of the first goes with the second.
    peer.expects('P.', { seq: 1161, length: 1160 });
    peer.expects('P.', { seq: 2321, length: 600 });
  });

  it('believes no message about a segment that is not in flight — RFC 5927 §4.1', () => {
    const peer = open();
    peer.does((connection) => writeZeros(connection, 1000));
    icmp(peer, IcmpErrorKind.PacketTooBig, 100_000, 1200);
    expect(tcpInfo(peer.connection).tcpi_pmtu).toBe(1500);
  });

  it('believes no MTU below 552 — RFC 1191 §3', () => {
    const peer = open();
    peer.does((connection) => writeZeros(connection, 1000));
    icmp(peer, IcmpErrorKind.PacketTooBig, 1, 68);
    expect(tcpInfo(peer.connection).tcpi_pmtu).toBe(552);
  });
});

describe('probing for the path MTU', () => {
  it('backs off to a small segment when timeouts repeat — RFC 4821 §7.7', () => {
    const config = { mtuProbing: MtuProbing.OnBlackHole, usesTailLossProbe: false };
    const peer = open({ config });
    peer.does((connection) => writeZeros(connection, 1460));
    peer.wait(10_000);
    expect(tcpInfo(peer.connection).tcpi_snd_mss).toBeLessThanOrEqual(1024);
  });

  it('starts low and moves up when a larger segment arrives — RFC 4821 §7.3', () => {
    const peer = new ScriptedPeer({
      base: LINUX_PROFILE,
      mss: 1460,
      config: { mtuProbing: MtuProbing.Always },
    });
    peer.connects(100);
    expect(peer.connection.smss).toBe(1024);
    peer.does((connection) => writeZeros(connection, 200_000));
    let acknowledged = 1;
    for (let round = 0; round < 6; round++) {
      peer.wait(100);
      for (const { seq, length } of peer.sent.splice(0)) {
        acknowledged = Math.max(acknowledged, (seq as number) + (length as number));
        peer.sends('.', { ack: acknowledged });
      }
    }
    expect(peer.connection.smss).toBeGreaterThan(1024);
  });
});

describe('other ICMP errors', () => {
  it('end a connection that is being opened — RFC 9293 §3.9.2.2', () => {
    const peer = new ScriptedPeer();
    peer.opens();
    icmp(peer, IcmpErrorKind.HostUnreachable, 0);
    expect(peer.connection.state).toBe(TcpState.Closed);
    expect(peer.connection.error).toBe(TcpError.HostUnreachable);
  });

  it('are only remembered by an established connection — RFC 9293 §3.9.2.2', () => {
    const peer = open();
    peer.does((connection) => writeZeros(connection, 1000));
    icmp(peer, IcmpErrorKind.HostUnreachable, 1);
    expect(peer.connection.state).toBe(TcpState.Established);
    expect(peer.connection.softError).toBe(TcpError.HostUnreachable);
  });
});
