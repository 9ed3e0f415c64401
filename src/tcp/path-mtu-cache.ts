/** Path MTUs that a host has learnt from ICMP: RFC 1191 §5.1 and §6.3, RFC 8201 §5.2. Cold. */
import type { Bytes, Instant } from '../base/units.ts';

/** RFC 1191 §6.3 suggests 10 minutes until a larger one is tried. */
const PATH_MTU_AGE_MAX_NS = 600e9;

/** What is known of paths, by remote address: RFC 1191 §5.1. A connection starts with it. */
export class PathMtuCache {
  readonly #notes = new Map<number, { readonly bytes: Bytes; readonly atNs: Instant }>();

  note(remoteAddress: number, bytes: Bytes, nowNs: Instant): void {
    this.#notes.set(remoteAddress, { bytes, atNs: nowNs });
  }

  /** The MTU of the path, at most that of the link. What is old is forgotten: RFC 1191 §6.3. */
  find(remoteAddress: number, linkMtu: Bytes, nowNs: Instant): Bytes {
    if (this.#notes.size === 0) return linkMtu;
    const note = this.#notes.get(remoteAddress);
    if (note === undefined) return linkMtu;
    if (nowNs - note.atNs < PATH_MTU_AGE_MAX_NS) return Math.min(note.bytes, linkMtu);
    this.#notes.delete(remoteAddress);
    return linkMtu;
  }

  forget(remoteAddress: number): void {
    this.#notes.delete(remoteAddress);
  }
}
