/**
 * Opens what a capture is read from: a file, a gzip file, a FIFO, `-` for standard input. Plain files are
 * read synchronously, straight into the caller's memory; gzip and pipes come through a Node stream, whose
 * pieces are copied. Gzip is recognised by its first bytes (RFC 1952 §2.3.1), never by a name. Memory does
 * not grow with the input. A user's mistake is a NetError of one line.
 */
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { NetError } from '../base/errors.ts';
import type { ByteSource } from '../pcap/capture-stream.ts';

const STDIN = 0;
const GZIP_MAGIC = [0x1f, 0x8b];
/** Size of pieces asked of a stream: inflating is the bound, larger ones gain nothing. */
const PIECE_BYTES = 1 << 18;

/** Opens `path`, or standard input for `-`. Throws NetError when that cannot be. */
export async function openCapture(path: string): Promise<ByteSource> {
  if (path === '-') return openStandardInput();
  const isFile = inputError(path, () => isRegularFile(path, statSync(path)));
  if (!isFile) return openStream(path, createReadStream(path, { highWaterMark: PIECE_BYTES }));
  const file = inputError(path, () => openSync(path, 'r'));
  return openFile(path, file);
}

/** True for a regular file, false for what must be read as a stream. */
function isRegularFile(path: string, facts: Stats): boolean {
  if (facts.isDirectory()) throw openError(path, 'a directory');
  return facts.isFile();
}

async function openStandardInput(): Promise<ByteSource> {
  const isFile = inputError('-', () => isRegularFile('-', fstatSync(STDIN)));
  return isFile ? openFile('-', STDIN) : openStream('-', process.stdin);
}

/** A regular file: gzip goes through a stream, which takes over the descriptor. */
function openFile(path: string, file: number): ByteSource {
  const space = new Uint8Array(GZIP_MAGIC.length);
  const start = space.subarray(
    0,
    inputError(path, () => readSync(file, space, 0, space.length, null)),
  );
  if (!isGzip(start)) return new FileSource(path, file, start);
  const stream = createReadStream('', { fd: file, highWaterMark: PIECE_BYTES });
  return new StreamSource(path, inflate(start, stream));
}

/** A pipe or the like: its first piece tells what it is. */
async function openStream(path: string, stream: Readable): Promise<ByteSource> {
  ignoreErrors(stream);
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < GZIP_MAGIC.length) {
    const piece = stream.read() as Uint8Array | null;
    if (piece !== null) start = Buffer.concat([start, piece]);
    else if (isOver(stream)) break;
    else await change(stream);
  }
  if (isGzip(start)) return new StreamSource(path, inflate(start, stream));
  return new StreamSource(path, stream, start);
}

const isGzip = (start: Uint8Array): boolean => GZIP_MAGIC.every((byte, at) => start[at] === byte);

/** The inflated form of `start` and the rest of a stream, whose errors come out of the result. */
function inflate(start: Uint8Array, rest: Readable): Readable {
  const inflated = createGunzip({ chunkSize: PIECE_BYTES });
  inflated.write(start);
  rest.on('error', (error) => inflated.destroy(error));
  inflated.on('close', () => rest.destroy());
  return rest.pipe(inflated);
}

/** Errors are looked up in `errored` when all that came before them is read. */
const ignoreErrors = (stream: Readable): void => {
  stream.on('error', () => {});
};

const isOver = (stream: Readable): boolean =>
  stream.readableEnded || stream.destroyed || stream.errored !== null;

/** Settles when a stream has more to read, is over, or failed. */
function change(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close', 'error'];
    const settle = () => {
      for (const event of events) stream.off(event, settle);
      resolve();
    };
    for (const event of events) stream.on(event, settle);
  });
}

class FileSource implements ByteSource {
  readonly damage = '';
  readonly #path: string;
  readonly #file: number;
  /** What was read to recognise the format. */
  #start: Uint8Array;

  constructor(path: string, file: number, start: Uint8Array) {
    this.#path = path;
    this.#file = file;
    this.#start = start;
  }

  read(target: Uint8Array, at: number, length: number): number {
    const early = Math.min(this.#start.length, length);
    if (early > 0) {
      target.set(this.#start.subarray(0, early), at);
      this.#start = this.#start.subarray(early);
      return early;
    }
    // Not through inputError: its closure would be most of a long run's garbage.
    try {
      return readSync(this.#file, target, at, length, null);
    } catch (error) {
      throw refusal(this.#path, error);
    }
  }

  close(): void {
    if (this.#file !== STDIN) closeSync(this.#file);
  }
}

/** A Node stream, pulled: nothing is read ahead beyond the stream's own high-water mark. */
class StreamSource implements ByteSource {
  damage = '';
  readonly #path: string;
  readonly #stream: Readable;
  #piece: Uint8Array;

  /** `start` was read from the stream before. */
  constructor(path: string, stream: Readable, start: Uint8Array = new Uint8Array(0)) {
    this.#path = path;
    this.#stream = stream;
    this.#piece = start;
    ignoreErrors(stream);
  }

  async read(target: Uint8Array, at: number, length: number): Promise<number> {
    const stream = this.#stream;
    while (this.#piece.length === 0) {
      // A stream that failed still gives what it had before.
      const piece = stream.read() as Uint8Array | null;
      if (piece !== null) this.#piece = piece;
      else if (isOver(stream)) return this.#atEnd(stream.errored);
      else await change(stream);
    }
    const got = Math.min(length, this.#piece.length);
    target.set(this.#piece.subarray(0, got), at);
    this.#piece = this.#piece.subarray(got);
    return got;
  }

  close(): void {
    this.#stream.destroy();
  }

  /** Damaged gzip ends the input; what cannot be read at all is an error. */
  #atEnd(error: NodeJS.ErrnoException | null): number {
    if (error === null) return 0;
    if (!error.code?.startsWith('Z_')) throw openError(this.#path, reasonOf(error));
    this.damage = `gzip: ${error.message}`;
    return 0;
  }
}

/** Runs `action` and puts what the system refuses into one line. */
function inputError<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw refusal(path, error);
  }
}

/** What the system says in one line; any other error as it is. */
function refusal(path: string, error: unknown): unknown {
  const isRefused = error instanceof Error && 'syscall' in error;
  return isRefused ? openError(path, reasonOf(error)) : error;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'a directory',
};

const reasonOf = (error: Error): string =>
  REASONS[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message;

const openError = (path: string, got: string): NetError =>
  new NetError('ERR_INPUT', `${path}: expected a readable capture, got ${got}`);
