/**
 * The headers that Linux puts in place of a link header in captures of the `any` device and of
 * point-to-point links: LINKTYPE_LINUX_SLL (16 bytes) and LINKTYPE_LINUX_SLL2 (20 bytes), as the
 * tcpdump group's registry of link types describes them. VLAN tags may follow the protocol field;
 * they are not part of this header.
 * Cold: wire/dissect reads the protocol field by itself.
 */
import { viewOf } from './_bytes.ts';
import { Malformed } from './malformed.ts';

/** Byte offsets of the fields of version 1. */
const enum LinuxCookedField {
  PacketType = 0,
  ArpHardwareType = 2,
  AddressLength = 4,
  Address = 6,
  /** An EtherType where the ARP hardware type is Ethernet's or a tunnel's. */
  Protocol = 14,
}

/** Byte offsets of the fields of version 2. */
const enum LinuxCooked2Field {
  Protocol = 0,
  InterfaceIndex = 4,
  ArpHardwareType = 8,
  PacketType = 10,
  AddressLength = 11,
  Address = 12,
}

const LINUX_COOKED_BYTES = 16;
const LINUX_COOKED2_BYTES = 20;
/** Longer addresses are cut to this. */
const ADDRESS_BYTES_MAX = 8;

/** How the packet came to the capturing host. */
export const enum CookedPacketType {
  ToUs = 0,
  Broadcast = 1,
  Multicast = 2,
  ToOther = 3,
  FromUs = 4,
}

export interface LinuxCookedHeader {
  readonly version: 1 | 2;
  readonly packetType: number;
  readonly arpHardwareType: number;
  /** 0 in version 1, which has no such field. */
  readonly interfaceIndex: number;
  /** As the field says; more than 8 when the address was cut. */
  readonly addressLength: number;
  /** The sender's link address, up to 8 bytes. */
  readonly address: Uint8Array;
  readonly protocol: number;
}

/** Reads the header of that version that starts at `start`; bytes from `end` on are not there. */
export function parseLinuxCooked(
  bytes: Uint8Array,
  start: number,
  end: number,
  version: 1 | 2,
): LinuxCookedHeader | Malformed {
  if (start + linuxCookedLength(version) > end) return Malformed.Truncated;
  const view = viewOf(bytes);
  if (version === 1) {
    const addressLength = view.getUint16(start + LinuxCookedField.AddressLength);
    return {
      version,
      packetType: view.getUint16(start + LinuxCookedField.PacketType),
      arpHardwareType: view.getUint16(start + LinuxCookedField.ArpHardwareType),
      interfaceIndex: 0,
      addressLength,
      address: sliceAddress(bytes, start + LinuxCookedField.Address, addressLength),
      protocol: view.getUint16(start + LinuxCookedField.Protocol),
    };
  }
  const addressLength = view.getUint8(start + LinuxCooked2Field.AddressLength);
  return {
    version,
    packetType: view.getUint8(start + LinuxCooked2Field.PacketType),
    arpHardwareType: view.getUint16(start + LinuxCooked2Field.ArpHardwareType),
    interfaceIndex: view.getUint32(start + LinuxCooked2Field.InterfaceIndex),
    addressLength,
    address: sliceAddress(bytes, start + LinuxCooked2Field.Address, addressLength),
    protocol: view.getUint16(start + LinuxCooked2Field.Protocol),
  };
}

function sliceAddress(bytes: Uint8Array, at: number, addressLength: number): Uint8Array {
  return bytes.slice(at, at + Math.min(addressLength, ADDRESS_BYTES_MAX));
}

/** Writes the header at `at`, where there must be room. Returns its length in bytes. */
export function emitLinuxCooked(header: LinuxCookedHeader, bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes);
  const length = linuxCookedLength(header.version);
  bytes.fill(0, at, at + length);
  if (header.version === 1) {
    view.setUint16(at + LinuxCookedField.PacketType, header.packetType);
    view.setUint16(at + LinuxCookedField.ArpHardwareType, header.arpHardwareType);
    view.setUint16(at + LinuxCookedField.AddressLength, header.addressLength);
    bytes.set(header.address, at + LinuxCookedField.Address);
    view.setUint16(at + LinuxCookedField.Protocol, header.protocol);
  } else {
    view.setUint16(at + LinuxCooked2Field.Protocol, header.protocol);
    view.setUint32(at + LinuxCooked2Field.InterfaceIndex, header.interfaceIndex);
    view.setUint16(at + LinuxCooked2Field.ArpHardwareType, header.arpHardwareType);
    view.setUint8(at + LinuxCooked2Field.PacketType, header.packetType);
    view.setUint8(at + LinuxCooked2Field.AddressLength, header.addressLength);
    bytes.set(header.address, at + LinuxCooked2Field.Address);
  }
  return length;
}

/** Length of the header of that version in bytes. */
function linuxCookedLength(version: 1 | 2): number {
  return version === 1 ? LINUX_COOKED_BYTES : LINUX_COOKED2_BYTES;
}
