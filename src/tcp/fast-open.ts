/**
 * TCP Fast Open: RFC 7413. The server's cookie is a keyed hash of both addresses (§4.1.2); the client keeps
 * one cookie a server (§4.1.3). Cookies are words in network order, four bytes each.
 */
import { sipHash } from '../base/siphash.ts';
import type { Bytes } from '../base/units.ts';
import type { RandomSource } from '../engine/random.ts';
import { BuiltExtra, FastOpenForm, FrameWord, MetaBit } from '../frame/frame-record.ts';
import type { ArrivedSegment } from './arrived-segment.ts';
import type { TcpConnection } from './connection.ts';
import type { TcpContext } from './context.ts';
import { TcpCounter } from './counters.ts';
import type { TcpListener } from './listener.ts';

const COOKIE_WORDS = 4;
const COOKIE_BYTES = 8;

/** What a client knows of a server: RFC 7413 §4.1.3. */
interface ServerNote {
  /** Place of its cookie; -1 while there is none. */
  place: number;
  /** The MSS of its last SYN-ACK. */
  mss: Bytes;
  /** The form of its cookie. */
  form: FastOpenForm;
  /** It gave no cookie when asked: not even once, in the standard form, in both. */
  refused: FastOpenForm;
}

export class FastOpenCookies {
  /** Four words a cookie: the server's own at 0, the client's from 4 on. */
  cookies = new Int32Array(COOKIE_WORDS);
  /** Four words, as `net.ipv4.tcp_fastopen_key` has them. */
  readonly key: Int32Array;
  readonly #lengths: number[] = [COOKIE_BYTES];
  /** By remote address. */
  readonly #servers = new Map<number, ServerNote>();
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
    return this.#servers.get(remoteAddress)?.place ?? -1;
  }

  /** MSS that the server told last; 0 when it is not known. */
  mssOf(remoteAddress: number): Bytes {
    return this.#servers.get(remoteAddress)?.mss ?? 0;
  }

  /** The form of the option to use: the cookie's, or the older one after the standard one got no cookie. */
  formFor(remoteAddress: number): FastOpenForm {
    const note = this.#servers.get(remoteAddress);
    if (note === undefined) return FastOpenForm.Option;
    if (note.place >= 0) return note.form;
    return note.refused === FastOpenForm.Option ? FastOpenForm.Experiment : FastOpenForm.Option;
  }

  /** A server answered a SYN of Fast Open with this MSS. */
  rememberMss(remoteAddress: number, mss: Bytes): void {
    this.#noteOf(remoteAddress).mss = mss;
  }

  /** It was asked for a cookie in this form and gave none. */
  rememberRefusal(remoteAddress: number, asked: FastOpenForm): void {
    const note = this.#noteOf(remoteAddress);
    if (note.refused !== FastOpenForm.Experiment) note.refused = asked;
  }

  /** Keeps the cookie that a server gave. */
  remember(remote: number, words: Int32Array, at: number, length: Bytes, form: FastOpenForm): void {
    const note = this.#noteOf(remote);
    if (note.place < 0) {
      note.place = this.cookies.length;
      const cookies = new Int32Array(note.place + COOKIE_WORDS);
      cookies.set(this.cookies);
      this.cookies = cookies;
    }
    for (let word = 0; word < COOKIE_WORDS; word++) {
      this.cookies[note.place + word] = words[at + word];
    }
    this.#lengths[note.place / COOKIE_WORDS] = length;
    note.form = form;
  }

  #noteOf(remoteAddress: number): ServerNote {
    let note = this.#servers.get(remoteAddress);
    if (note === undefined) {
      note = { place: -1, mss: 0, form: FastOpenForm.Option, refused: FastOpenForm.Absent };
      this.#servers.set(remoteAddress, note);
    }
    return note;
  }

  forget(remoteAddress: number): void {
    this.#servers.delete(remoteAddress);
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

/** An active open with Fast Open: with the server's cookie or asking for one; or without any, by agreement. */
export function startFastOpen(connection: TcpConnection, needsCookie: boolean): void {
  const { context, remoteAddress } = connection;
  const { fastOpen } = context;
  connection.peerMss = fastOpen.mssOf(remoteAddress) || connection.advMss;
  if (needsCookie) {
    connection.fastOpenForm = fastOpen.formFor(remoteAddress);
    connection.fastOpenCookieAt = fastOpen.placeOf(remoteAddress);
  }
  connection.maySendSynData = !needsCookie || connection.fastOpenCookieAt >= 0;
  context.count(
    connection.maySendSynData ? TcpCounter.FastOpenActive : TcpCounter.FastOpenCookieRequests,
  );
}

/** RFC 7413 §4.1.3.1 and §4.2.2: what the SYN-ACK of a server says about the next connection to it. */
export function onFastOpenAnswer(connection: TcpConnection, segment: ArrivedSegment): void {
  const { context, fastOpenForm, synDataBytes, remoteAddress } = connection;
  const { fastOpen } = context;
  if (fastOpenForm === FastOpenForm.Absent && synDataBytes === 0) return;
  fastOpen.rememberMss(remoteAddress, connection.peerMss);
  // A cookie that nobody asked for is not kept.
  if (fastOpenForm === FastOpenForm.Absent) return;
  const extra = context.pool.extraWords;
  const { record } = segment;
  const form = extra[record + BuiltExtra.FastOpen];
  const length = extra[record + BuiltExtra.FastOpenLength];
  if (form !== FastOpenForm.Absent && isCookieLength(length)) {
    fastOpen.remember(remoteAddress, extra, record + BuiltExtra.FastOpenCookie, length, form);
  } else if (synDataBytes === 0 && connection.synRetransmits === 0) {
    fastOpen.rememberRefusal(remoteAddress, fastOpenForm);
  }
}

/** RFC 7413 §4.1.1: 4 to 16 bytes, and even. */
function isCookieLength(bytes: Bytes): boolean {
  return bytes >= 4 && bytes <= 4 * COOKIE_WORDS && bytes % 2 === 0;
}

/** Whether a SYN may open a connection at once: RFC 7413 §4.2.1. Sets what the SYN-ACK has to carry. */
export function acceptFastOpen(
  connection: TcpConnection,
  listener: TcpListener,
  segment: ArrivedSegment,
): boolean {
  const { context } = connection;
  const extra = context.pool.extraWords;
  const form = extra[segment.record + BuiltExtra.FastOpen];
  const isAsked = form !== FastOpenForm.Absent || segment.length > 0;
  if (!isAsked || listener.fastOpenQueue === 0) return false;
  // RFC 7413 §5.1: a bound on those whose address nobody has proved.
  if (listener.fastOpenPending >= listener.fastOpenQueue) return false;
  if (listener.takesSynDataWithoutCookie) return accept(context);
  if (form === FastOpenForm.Absent) return false;
  if (context.fastOpen.isValid(context, segment)) return accept(context);
  if (extra[segment.record + BuiltExtra.FastOpenLength] > 0) {
    context.count(TcpCounter.FastOpenPassiveFail);
  }
  // A cookie is due: the SYN-ACK brings it.
  connection.fastOpenForm = form;
  connection.fastOpenCookieAt = 0;
  return false;
}

/** The peer's address is proved, or the connection has failed. */
export function endFastOpenHandshake(connection: TcpConnection): void {
  const { fastOpenListener } = connection;
  if (fastOpenListener === undefined) return;
  fastOpenListener.fastOpenPending--;
  connection.fastOpenListener = undefined;
}

function accept(context: TcpContext): true {
  context.count(TcpCounter.FastOpenPassive);
  return true;
}
