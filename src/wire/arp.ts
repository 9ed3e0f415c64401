/**
 * ARP for any pair of address lengths: RFC 826. With Ethernet and IPv4 (6 and 4) it is 28 bytes.
 * Cold: it says what a packet holds; who answers it is not decided here.
 */
import { viewOf } from './_bytes.ts';
import { Malformed } from './malformed.ts';

export const enum ArpOperation {
  Request = 1,
  Reply = 2,
}

/** Byte offsets of the fixed part; the addresses follow it. */
const enum ArpField {
  HardwareType = 0,
  ProtocolType = 2,
  HardwareLength = 4,
  ProtocolLength = 5,
  Operation = 6,
  Addresses = 8,
}

export interface ArpPacket {
  readonly hardwareType: number;
  /** An EtherType. */
  readonly protocolType: number;
  readonly operation: number;
  /** The two hardware addresses are equally long, and so are the two protocol addresses. */
  readonly senderHardware: Uint8Array;
  readonly senderProtocol: Uint8Array;
  readonly targetHardware: Uint8Array;
  readonly targetProtocol: Uint8Array;
}

/** Length in bytes of the ARP packet at `start`, or a reason. Reads within [start, end). */
export function checkArp(view: DataView, start: number, end: number): number {
  if (start + ArpField.Addresses > end) return Malformed.Truncated;
  const addresses =
    view.getUint8(start + ArpField.HardwareLength) + view.getUint8(start + ArpField.ProtocolLength);
  const length = ArpField.Addresses + 2 * addresses;
  return start + length > end ? Malformed.Truncated : length;
}

/** Reads the packet at `start`; bytes from `end` on are not there. Addresses are copies. */
export function parseArp(bytes: Uint8Array, start: number, end: number): ArpPacket | Malformed {
  const view = viewOf(bytes);
  const length = checkArp(view, start, end);
  if (length < 0) return length;
  const hardware = view.getUint8(start + ArpField.HardwareLength);
  const protocol = view.getUint8(start + ArpField.ProtocolLength);
  const sender = start + ArpField.Addresses;
  const target = sender + hardware + protocol;
  return {
    hardwareType: view.getUint16(start + ArpField.HardwareType),
    protocolType: view.getUint16(start + ArpField.ProtocolType),
    operation: view.getUint16(start + ArpField.Operation),
    senderHardware: bytes.slice(sender, sender + hardware),
    senderProtocol: bytes.slice(sender + hardware, target),
    targetHardware: bytes.slice(target, target + hardware),
    targetProtocol: bytes.slice(target + hardware, start + length),
  };
}

/** Writes the packet at `at`, where there must be room. Returns its length in bytes. */
export function emitArp(packet: ArpPacket, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  view.setUint16(at + ArpField.HardwareType, packet.hardwareType);
  view.setUint16(at + ArpField.ProtocolType, packet.protocolType);
  view.setUint8(at + ArpField.HardwareLength, packet.senderHardware.length);
  view.setUint8(at + ArpField.ProtocolLength, packet.senderProtocol.length);
  view.setUint16(at + ArpField.Operation, packet.operation);
  let next = at + ArpField.Addresses;
  for (const address of [
    packet.senderHardware,
    packet.senderProtocol,
    packet.targetHardware,
    packet.targetProtocol,
  ]) {
    bytes.set(address, next);
    next += address.length;
  }
  return next - at;
}
