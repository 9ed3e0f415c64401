import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../../src/pcap/utf8.ts';

const decode = (bytes: Uint8Array) =>
  decodeUtf8(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length);

describe('UTF-8 of options', () => {
  it('agrees with TextEncoder and TextDecoder on text of all lengths — RFC 3629 §3', () => {
    const text = 'aé€😀\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}';
    const bytes = new TextEncoder().encode(text);
    expect(encodeUtf8(text, 1000)).toEqual(bytes);
    expect(decode(bytes)).toBe(text);
  });

  it('shows broken sequences as U+FFFD, never failing — RFC 3629 §3', () => {
    const hex = (text: string) => decode(Uint8Array.from(Buffer.from(text, 'hex')));
    expect(hex('41ff42')).toBe('A\ufffdB');
    expect(hex('c3')).toBe('\ufffd');
    expect(hex('e282')).toBe('\ufffd');
    expect(hex('e28241')).toBe('\ufffdA');
    expect(hex('c080')).toBe('\ufffd\ufffd');
    expect(hex('e08080')).toBe('\ufffd');
    expect(hex('eda080')).toBe('\ufffd');
    expect(hex('f4908080')).toBe('\ufffd');
    expect(encodeUtf8('\ud800x', 10)).toEqual(new TextEncoder().encode('\ufffdx'));
  });

  it('ends at a zero octet — draft-tuexen-opsawg-pcapng §3.5', () => {
    expect(decode(Uint8Array.of(65, 66, 0, 67))).toBe('AB');
  });

  it('cuts after the last character that fits', () => {
    expect(encodeUtf8('a€b', 3)).toEqual(Uint8Array.of(97));
    expect(encodeUtf8('a€b', 4)).toEqual(new TextEncoder().encode('a€'));
  });
});
