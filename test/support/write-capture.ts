/** Captures made by our writers, in memory. */
import { PcapWriter } from '../../src/pcap/pcap-writer.ts';
import { PcapngWriter } from '../../src/pcap/pcapng-writer.ts';

export interface WrittenPacket {
  interfaceIndex: number;
  seconds: number;
  nanoseconds: number;
  data: Uint8Array;
  original: number;
  comment?: string | undefined;
}

export interface WrittenInterface {
  linkType: number;
  name?: string | undefined;
  snapLength?: number;
  offsetSeconds?: number;
}

/** Keeps copies of what a writer hands over, as a file would. */
export class MemorySink {
  readonly pieces: Uint8Array[] = [];
  readonly write = (bytes: Uint8Array): void => {
    this.pieces.push(bytes.slice());
  };
  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.pieces));
  }
}

export function writePcap(
  packets: readonly WrittenPacket[],
  linkType: number,
  snapLength = 0,
): Uint8Array {
  const sink = new MemorySink();
  const writer = new PcapWriter({ linkType, snapLength, sink: sink.write });
  for (const { seconds, nanoseconds, data, original } of packets) {
    writer.writePacket(seconds, nanoseconds, data, 0, data.length, original);
  }
  writer.flush();
  return sink.bytes();
}

export function writePcapng(
  interfaces: readonly WrittenInterface[],
  packets: readonly WrittenPacket[],
): Uint8Array {
  const sink = new MemorySink();
  const writer = new PcapngWriter({ sink: sink.write });
  for (const each of interfaces) writer.addInterface(each);
  for (const { interfaceIndex, seconds, nanoseconds, data, original, comment } of packets) {
    writer.writePacket(
      interfaceIndex,
      seconds,
      nanoseconds,
      data,
      0,
      data.length,
      original,
      comment,
    );
  }
  writer.flush();
  return sink.bytes();
}
