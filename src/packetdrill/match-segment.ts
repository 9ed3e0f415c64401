/**
 * Is this the packet that the script expects? Flags, sequence range, acknowledgment, and options in order
 * and byte for byte; window, urgent pointer and IP fields where the script names them. TS values of ours
 * are compared by their distance to the first one when the script gives the tick.
 */
import type { Duration } from '../base/units.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { Flow } from './flow.ts';
import { findTsVal, optionBytes } from './option-bytes.ts';
import type { EcnMark, PacketAction, TcpPacket } from './script.ts';
import type { Segment } from './segment.ts';

export interface MatchSettings {
  /** 0: TS values are not compared. */
  readonly timestampTickNs: Duration;
  /** How far a TS value may be off. */
  readonly toleranceNs: Duration;
}

const ECN_BITS: Readonly<Record<EcnMark, readonly number[]>> = {
  noecn: [0],
  ect1: [1],
  ect0: [2],
  ect01: [1, 2],
  ce: [3],
};

/** The name of the first field that differs; undefined when none does. */
export function findDifference(
  action: PacketAction & { readonly packet: TcpPacket },
  segment: Segment,
  flow: Flow,
  settings: MatchSettings,
): string | undefined {
  const { ip, packet } = action;
  if (segment.flags !== packet.flags) return 'flags';
  const hasSyn = (packet.flags & TcpFlag.Syn) !== 0;
  // On a SYN the script's number is a name for our random one.
  const start = hasSyn && !packet.isAbsolute ? 0 : packet.sequence.start >>> 0;
  const live = segment.sequence >>> 0;
  if ((packet.isAbsolute ? live : flow.localToScript(live)) !== start) return 'sequence';
  if (segment.payloadBytes !== packet.sequence.end - packet.sequence.start) return 'length';
  const hasAck = (packet.flags & TcpFlag.Ack) !== 0;
  if (packet.ack !== undefined || hasAck) {
    const ack = flow.remoteToScript(segment.acknowledgment, hasSyn);
    if (ack !== (packet.ack ?? 0)) return 'ack';
  }
  if (packet.window !== undefined && segment.window !== packet.window) return 'window';
  if (packet.urgent !== undefined && segment.urgent !== packet.urgent) return 'urgent pointer';
  if (packet.options !== 'any' && !haveSameOptions(packet, segment, flow)) return 'options';
  if (!isTsValInTime(packet, segment, flow, settings)) return 'TS val';
  if (ip.ecn !== undefined && !ECN_BITS[ip.ecn].includes(segment.trafficClass & 3)) return 'ECN';
  if (ip.trafficClass !== undefined && segment.trafficClass !== ip.trafficClass) {
    return `traffic class ${segment.trafficClass}`;
  }
  if (ip.ttl !== undefined && segment.ttl !== ip.ttl) return `TTL ${segment.ttl}`;
  return undefined;
}

function haveSameOptions(packet: TcpPacket, segment: Segment, flow: Flow): boolean {
  if (packet.options === 'any') return true;
  const hasSyn = (packet.flags & TcpFlag.Syn) !== 0;
  const tsVal = findTsVal(segment.options) ?? 0;
  const expected = optionBytes(packet.options, {
    sequence: (scripted) => flow.remoteToLive(scripted, hasSyn),
    tsVal: () => tsVal,
    tsEcr: (scripted) => scripted,
  });
  return (
    expected.length === segment.options.length &&
    expected.every((byte, index) => byte === segment.options[index])
  );
}

function isTsValInTime(
  packet: TcpPacket,
  segment: Segment,
  flow: Flow,
  { timestampTickNs, toleranceNs }: MatchSettings,
): boolean {
  const scripted = scriptedTsVal(packet);
  const live = findTsVal(segment.options);
  if (timestampTickNs === 0 || scripted === undefined || live === undefined) return true;
  const drift = flow.timestamps.driftTicks(scripted, live);
  return Math.abs(drift) * timestampTickNs <= toleranceNs;
}

/** Ties the TS val that the script names to the one on the wire. */
export function learnTimestamp(packet: TcpPacket, segment: Segment, flow: Flow): void {
  const scripted = scriptedTsVal(packet);
  const live = findTsVal(segment.options);
  if (scripted !== undefined && live !== undefined) flow.timestamps.learn(scripted, live);
}

function scriptedTsVal(packet: TcpPacket): number | undefined {
  if (packet.options === 'any') return undefined;
  for (const option of packet.options) if (option.kind === 'timestamps') return option.tsVal;
  return undefined;
}
