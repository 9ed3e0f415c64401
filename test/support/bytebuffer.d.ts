/** The part of the package `bytebuffer` that the fixtures use; it ships no types. */
declare module 'bytebuffer' {
  export default class ByteBuffer {
    constructor(capacity: number, littleEndian: boolean);
    writeUint8(value: number): this;
    writeUint16(value: number): this;
    writeUint32(value: number): this;
    append(source: Uint8Array): this;
    flip(): this;
    toBuffer(copy: boolean): Uint8Array;
  }
}
