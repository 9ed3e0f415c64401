/** A path of bulk TCP that benchmarks run. */
export interface DumbbellPath {
  readonly mbps: number;
  readonly rttMs: number;
  readonly flows: number;
  readonly seconds: number;
  /** 1 BDP in full packets, as the ns-3 program has it. */
  readonly queuePackets: number;
}

export const DUMBBELLS: readonly DumbbellPath[] = [
  { mbps: 100, rttMs: 40, flows: 4, seconds: 60, queuePackets: 332 },
  { mbps: 1000, rttMs: 20, flows: 16, seconds: 10, queuePackets: 1664 },
];

/** Parameters of the catalogue scenario. */
export function dumbbellTexts(path: DumbbellPath): Record<string, string> {
  const { mbps, rttMs, flows, seconds, queuePackets } = path;
  return {
    rate: `${mbps} Mbps`,
    rtt: `${rttMs} ms`,
    flows: String(flows),
    duration: `${seconds} s`,
    queue: `${queuePackets} packets`,
    // The peers start their flows so far apart.
    stagger: '137 us',
  };
}
