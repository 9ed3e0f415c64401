/**
 * Captures as tests want them, correct or odd: pcap and pcapng in either byte order, written field by
 * field with none of the code under test.
 */
import ByteBuffer from 'bytebuffer';

export interface PcapRecordSpec {
  seconds: number;
  fraction: number;
  data: Uint8Array;
  captured?: number;
  original?: number;
}

export interface PcapSpec {
  magic?: number;
  littleEndian?: boolean;
  major?: number;
  minor?: number;
  linkType?: number;
  snapLength?: number;
}

export function buildPcap(records: readonly PcapRecordSpec[], spec: PcapSpec = {}): Uint8Array {
  const magic = spec.magic ?? 0xa1b2c3d4;
  const out = new ByteBuffer(64, spec.littleEndian ?? true);
  out.writeUint32(magic);
  out.writeUint16(spec.major ?? 2).writeUint16(spec.minor ?? 4);
  out.writeUint32(0).writeUint32(0);
  out.writeUint32(spec.snapLength ?? 65535).writeUint32(spec.linkType ?? 1);
  for (const { seconds, fraction, data, captured, original } of records) {
    out.writeUint32(seconds).writeUint32(fraction);
    out.writeUint32(captured ?? data.length).writeUint32(original ?? data.length);
    if (magic === 0xa1b2cd34) out.writeUint32(1).writeUint16(0x0800).writeUint8(0).writeUint8(0);
    out.append(data);
  }
  return new Uint8Array(out.flip().toBuffer(true));
}

export interface OptionSpec {
  code: number;
  value: Uint8Array;
  /** Stated length, where it is to differ. */
  length?: number;
}

export interface InterfaceSpec {
  linkType?: number;
  snapLength?: number;
  /** The byte of if_tsresol. */
  resolution?: number;
  /** if_tsoffset. */
  offset?: bigint;
  options?: readonly OptionSpec[];
}

export interface PacketSpec {
  interfaceId?: number;
  ticks?: bigint;
  data: Uint8Array;
  captured?: number;
  original?: number;
  options?: readonly OptionSpec[];
}

export const textOption = (code: number, text: string): OptionSpec => ({
  code,
  value: new TextEncoder().encode(text),
});

const paddingOf = (length: number) => new Uint8Array(-length & 3);

/** Blocks one after the other; a section sets the byte order of what follows. */
export class PcapngBuilder {
  readonly #blocks: Uint8Array[] = [];
  #littleEndian = true;

  section(spec: { littleEndian?: boolean; major?: number; length?: bigint } = {}): this {
    this.#littleEndian = spec.littleEndian ?? true;
    const body = this.#body();
    body
      .writeUint32(0x1a2b3c4d)
      .writeUint16(spec.major ?? 1)
      .writeUint16(0);
    this.#writeUint64(body, spec.length ?? -1n);
    return this.block(0x0a0d0d0a, body);
  }

  interface(spec: InterfaceSpec = {}): this {
    const body = this.#body();
    body
      .writeUint16(spec.linkType ?? 1)
      .writeUint16(0)
      .writeUint32(spec.snapLength ?? 0);
    const options = [...(spec.options ?? [])];
    if (spec.resolution !== undefined) {
      options.push({ code: 9, value: Uint8Array.of(spec.resolution) });
    }
    if (spec.offset !== undefined) {
      const value = this.#writeUint64(this.#body(), spec.offset).flip().toBuffer(true);
      options.push({ code: 14, value });
    }
    this.#writeOptions(body, options);
    return this.block(1, body);
  }

  enhanced(spec: PacketSpec): this {
    const body = this.#body().writeUint32(spec.interfaceId ?? 0);
    return this.block(6, this.#writePacket(body, spec));
  }

  obsolete(spec: PacketSpec): this {
    const body = this.#body();
    body.writeUint16(spec.interfaceId ?? 0).writeUint16(0xffff);
    return this.block(2, this.#writePacket(body, spec));
  }

  simple(data: Uint8Array, original: number): this {
    const body = this.#body().writeUint32(original);
    return this.block(3, body.append(data).append(paddingOf(data.length)));
  }

  secrets(type: number, bytes: Uint8Array): this {
    const body = this.#body().writeUint32(type).writeUint32(bytes.length);
    return this.block(10, body.append(bytes).append(paddingOf(bytes.length)));
  }

  /** A block with any body; `length` and `trailer` are stated instead of the true length. */
  block(type: number, body: ByteBuffer | Uint8Array, length?: number, trailer?: number): this {
    const bytes = body instanceof Uint8Array ? body : body.flip().toBuffer(true);
    const total = bytes.length + 12;
    const block = this.#body()
      .writeUint32(type)
      .writeUint32(length ?? total);
    block.append(bytes).writeUint32(trailer ?? total);
    return this.raw(block.flip().toBuffer(true));
  }

  raw(bytes: Uint8Array): this {
    this.#blocks.push(bytes);
    return this;
  }

  build(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#blocks));
  }

  #body(): ByteBuffer {
    return new ByteBuffer(64, this.#littleEndian);
  }

  #writePacket(body: ByteBuffer, spec: PacketSpec): ByteBuffer {
    const ticks = BigInt.asUintN(64, spec.ticks ?? 0n);
    body.writeUint32(Number(ticks >> 32n)).writeUint32(Number(ticks & 0xffffffffn));
    body.writeUint32(spec.captured ?? spec.data.length);
    body.writeUint32(spec.original ?? spec.data.length);
    body.append(spec.data).append(paddingOf(spec.data.length));
    this.#writeOptions(body, spec.options ?? []);
    return body;
  }

  #writeOptions(body: ByteBuffer, options: readonly OptionSpec[]): void {
    for (const { code, value, length } of options) {
      body.writeUint16(code).writeUint16(length ?? value.length);
      body.append(value).append(paddingOf(value.length));
    }
    if (options.length > 0) body.writeUint32(0);
  }

  #writeUint64(body: ByteBuffer, value: bigint): ByteBuffer {
    const bits = BigInt.asUintN(64, value);
    const words = [Number(bits & 0xffffffffn), Number(bits >> 32n)];
    if (!this.#littleEndian) words.reverse();
    return body.writeUint32(words[0] as number).writeUint32(words[1] as number);
  }
}

/** `length` bytes of a pattern that differs from packet to packet. */
export function patternBytes(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed * 31) & 255);
}
