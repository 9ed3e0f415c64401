/**
 * TCP Fast Open: RFC 7413. The server's cookie is a keyed hash of both addresses (§4.1.2); the client keeps
 * one cookie a server (§4.1.3). Cookies are words in network order, four bytes each.
 */
import { seqAdd } from '../base/seq.ts';
import { sipHash } from '../base/siphash.ts';
import type { Bytes } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import { BuiltExtra, FastOpenForm, FrameWord, MetaBit } from '../frame/frame-record.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import type { TcpContext } from './context.ts';
import { TcpCounter } from './counters.ts';

const COOKIE_WORDS = 4;
const COOKIE_BYTES = 8;

export class FastOpenCookies {
  /** Four words a cookie: the server's own at 0, the client's from 4 on. */
  cookies = new Int32Array(COOKIE_WORDS);
  /** Four words, as `net.ipv4.tcp_fastopen_key` has them. */
  readonly key: Int32Array;
  readonly #lengths: number[] = [COOKIE_BYTES];
  /** The MSS that came with each: the peer's, known before its SYN-ACK. */
  readonly #mss: number[] = [0];
  /** Place of the cookie by remote address. */
  readonly #places = new Map<number, number>();
  readonly #hash = new Int32Array(2);
  readonly #input = new Int32Array(8);

  constructor(random: RandomSource) {
    this.key = Int32Array.from({ length: 4 }, () => random.nextInt32());
  }

  /** Bytes of the cookie at a place; 0 for none, which is a request. */
  cookieLength(place: number): Bytes {
    return place < 0 ? 0 : (this.#lengths[place / COOKIE_WORDS] as number);
  }

  /** Place of the cookie for a server, or -1. */
  placeOf(remoteAddress: number): number {
    return this.#places.get(remoteAddress) ?? -1;
  }

  mssOf(place: number): Bytes {
    return this.#mss[place / COOKIE_WORDS] as number;
  }

  /** Keeps what a server gave, with its MSS. */
  remember(remote: number, words: Int32Array, at: number, length: Bytes, mss: Bytes): void {
    let place = this.placeOf(remote);
    if (place < 0) {
      place = this.cookies.length;
      const cookies = new Int32Array(place + COOKIE_WORDS);
      cookies.set(this.cookies);
      this.cookies = cookies;
      this.#places.set(remote, place);
    }
    for (let word = 0; word < COOKIE_WORDS; word++) this.cookies[place + word] = words[at + word];
    this.#lengths[place / COOKIE_WORDS] = length;
    this.#mss[place / COOKIE_WORDS] = mss;
  }

  forget(remoteAddress: number): void {
    this.#places.delete(remoteAddress);
  }

  /** Writes the cookie for the ends of an arrived SYN to place 0. */
  generate(context: TcpContext, segment: ArrivedSegment): void {
    const { words } = context.pool;
    const isIpv6 = (words[segment.record + FrameWord.Meta] & MetaBit.Ipv6) !== 0;
    const table = context.addresses.words;
    const input = this.#input;
    let count = 0;
    for (const end of [FrameWord.Src, FrameWord.Dst]) {
      const address = words[segment.record + end] << 2;
      for (let word = isIpv6 ? 0 : 3; word < 4; word++)
        input[count++] = swap(table[address + word]);
    }
    sipHash(this.key, input, count, this.#hash);
    this.cookies[0] = swap(this.#hash[0]);
    this.cookies[1] = swap(this.#hash[1]);
  }

  /** Whether the SYN carries the right cookie; generate leaves it at place 0. */
  isValid(context: TcpContext, segment: ArrivedSegment): boolean {
    this.generate(context, segment);
    const extra = context.pool.extraWords;
    const at = segment.record + BuiltExtra.FastOpenCookie;
    if (extra[segment.record + BuiltExtra.FastOpenLength] !== COOKIE_BYTES) return false;
    return extra[at] === this.cookies[0] && extra[at + 1] === this.cookies[1];
  }
}

/** Exchanges the bytes of a word. */
function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** An active open with Fast Open: with the server's cookie, or asking for one. True when data may go along. */
export function startFastOpen(connection: TcpConnection): boolean {
  const { context } = connection;
  connection.fastOpenForm = FastOpenForm.Option;
  connection.fastOpenCookieAt = context.fastOpen.placeOf(connection.remoteAddress);
  if (connection.fastOpenCookieAt < 0) {
    context.count(TcpCounter.FastOpenCookieRequests);
    return false;
  }
  connection.peerMss = context.fastOpen.mssOf(connection.fastOpenCookieAt);
  context.count(TcpCounter.FastOpenActive);
  return true;
}

/** RFC 7413 §4.2.2: the SYN-ACK of a client that asked for Fast Open. */
export function onFastOpenAnswer(connection: TcpConnection, segment: ArrivedSegment): void {
  if (connection.fastOpenForm === FastOpenForm.Absent) return;
  const { context } = connection;
  const extra = context.pool.extraWords;
  const { record } = segment;
  const length = extra[record + BuiltExtra.FastOpenLength];
  if (extra[record + BuiltExtra.FastOpen] !== FastOpenForm.Absent && length > 0) {
    const from = record + BuiltExtra.FastOpenCookie;
    const { remoteAddress, peerMss } = connection;
    context.fastOpen.remember(remoteAddress, extra, from, length, peerMss);
  }
  if (connection.synDataBytes > 0 && segment.ack === seqAdd(connection.iss, 1)) {
    context.count(TcpCounter.FastOpenActiveFail);
  }
}

/** Whether a SYN may open a connection at once: RFC 7413 §4.2.1. Sets what the SYN-ACK has to carry. */
export function acceptFastOpen(connection: TcpConnection, segment: ArrivedSegment): boolean {
  const { context } = connection;
  const extra = context.pool.extraWords;
  const form = extra[segment.record + BuiltExtra.FastOpen];
  if (form === FastOpenForm.Absent) return false;
  if (context.fastOpen.isValid(context, segment)) {
    context.count(TcpCounter.FastOpenPassive);
    return true;
  }
  if (extra[segment.record + BuiltExtra.FastOpenLength] > 0) {
    context.count(TcpCounter.FastOpenPassiveFail);
  }
  // A cookie is due: the SYN-ACK brings it.
  connection.fastOpenForm = form;
  connection.fastOpenCookieAt = 0;
  return false;
}
