/**
 * One connection of a script: how its relative numbers map to live ones. Our initial sequence number reads
 * as 0 from our first SYN or SYN-ACK on; the peer's is what the script injects, and packets with SYN show
 * it as it is. Timestamps of ours are random in origin: each value that the script expects is tied to the
 * live one, and an echo that it injects is translated back.
 */

export class Flow {
  readonly localPort: number;
  readonly remotePort: number;
  /** We sent the first SYN. */
  readonly isActive: boolean;
  /** Live and unsigned; undefined until we send a SYN. */
  #localIsn: number | undefined;
  remoteIsn = 0;
  /** Of a SYN injected into a connection that exists: holds if we answer with a new SYN-ACK. */
  reopeningIsn: number | undefined;
  /** We acknowledged the peer's SYN: its initial sequence number is settled. */
  isSynchronized = false;
  /** Of the socket that its SYN went to: a later one has connections of its own. */
  listenerSerial: number | undefined;
  readonly timestamps = new TimestampMap();

  constructor(localPort: number, remotePort: number, isActive: boolean) {
    this.localPort = localPort;
    this.remotePort = remotePort;
    this.isActive = isActive;
  }

  get hasLocalIsn(): boolean {
    return this.#localIsn !== undefined;
  }

  /** 0 for a connection that never was. */
  get localIsn(): number {
    return this.#localIsn ?? 0;
  }

  set localIsn(live: number) {
    this.#localIsn = live;
  }

  /** Number of ours in the script's terms, from the live one, and back. */
  localToScript(live: number): number {
    return (live - this.localIsn) >>> 0;
  }

  localToLive(scripted: number): number {
    return (scripted + this.localIsn) >>> 0;
  }

  /** Number of the peer's; packets with SYN show it as it is. */
  remoteToScript(live: number, hasSyn: boolean): number {
    return hasSyn ? live : (live - this.remoteIsn) >>> 0;
  }

  remoteToLive(scripted: number, hasSyn: boolean): number {
    return hasSyn ? scripted >>> 0 : (scripted + this.remoteIsn) >>> 0;
  }
}

class TimestampMap {
  readonly #live = new Map<number, number>();
  #first: { scripted: number; live: number } | undefined;
  #last = { scripted: 0, live: 0 };

  /** Ties a scripted TS val of ours to the live one. */
  learn(scripted: number, live: number): void {
    this.#live.set(scripted, live);
    this.#first ??= { scripted, live };
    this.#last = { scripted, live };
  }

  /** The live value behind an echo in the script; one never seen keeps its distance to the last. */
  toLive(scripted: number): number {
    const seen = this.#live.get(scripted);
    if (seen !== undefined || this.#first === undefined) return seen ?? scripted;
    return (this.#last.live + scripted - this.#last.scripted) >>> 0;
  }

  /** How far a live value lies from the scripted one, counted from the first pair; 0 before that. */
  driftTicks(scripted: number, live: number): number {
    if (this.#first === undefined) return 0;
    const scriptedTicks = (scripted - this.#first.scripted) | 0;
    return ((live - this.#first.live) | 0) - scriptedTicks;
  }
}
