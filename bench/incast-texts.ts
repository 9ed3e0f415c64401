/** The incast that benchmarks run: 10 Gbit/s, two links of 5 µs each way, 64 KiB of each server. */
export const INCAST = { rtoMinMs: 10, bytes: 65_536, bufferBytes: 1 << 20, delayNs: 5000 };

/** Parameters of the catalogue scenario. */
export function incastTexts(senders: number): Record<string, string> {
  const { rtoMinMs, bytes, bufferBytes, delayNs } = INCAST;
  return {
    senders: String(senders),
    bytes: `${bytes} B`,
    buffer: `${bufferBytes} B`,
    rate: '10 Gbps',
    delay: `${delayNs} ns`,
    rtoMin: `${rtoMinMs} ms`,
  };
}
