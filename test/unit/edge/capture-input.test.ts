import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openCapture } from '../../../src/edge/capture-input.ts';
import { CaptureOutput } from '../../../src/edge/capture-output.ts';
import { patternBytes } from '../../support/capture-builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

const content = patternBytes(900_000);
let files = 0;
function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, bytes);
  return path;
}

/** All bytes of a source, read in odd lengths, and its damage. */
async function readAll(path: string): Promise<{ bytes: Uint8Array; damage: string }> {
  const source = await openCapture(path);
  const target = new Uint8Array(1_000_000);
  let at = 0;
  for (let got = -1; got !== 0; at += got) {
    got = await source.read(target, at, Math.min(12_345, target.length - at));
  }
  source.close();
  return { bytes: target.subarray(0, at), damage: source.damage };
}

describe('openCapture', () => {
  it('reads a plain file at once, without promises', async () => {
    const source = await openCapture(fileOf(content));
    const target = new Uint8Array(1_000_000).fill(0xee);
    let at = 10;
    for (let got = -1; got !== 0; at += got as number)
      got = source.read(target, at, 990_000 - at) as number;
    source.close();
    expect(at).toBe(900_010);
    expect(Buffer.compare(target.subarray(10, at), content)).toBe(0);
    expect([target[9], target[at]]).toEqual([0xee, 0xee]);
  });

  it('inflates gzip whatever its name, also of several members — RFC 1952 §2.2', async () => {
    const members = [content.subarray(0, 500_000), content.subarray(500_000)];
    for (const gzip of [gzipSync(content), Buffer.concat(members.map((each) => gzipSync(each)))]) {
      const { bytes, damage } = await readAll(fileOf(gzip));
      expect(Buffer.compare(bytes, content)).toBe(0);
      expect(damage).toBe('');
    }
  });

  it('gives what is there of a cut gzip file, and says so', async () => {
    const noise = Uint8Array.from(
      { length: 600_000 },
      (_, at) => Math.imul(at, at * 2654435761) >>> 24,
    );
    const gzip = gzipSync(noise);
    const { bytes, damage } = await readAll(fileOf(gzip.subarray(0, gzip.length >> 1)));
    expect(damage).toBe('gzip: unexpected end of file');
    expect(bytes.length).toBeGreaterThan(200_000);
    expect(Buffer.compare(bytes, noise.subarray(0, bytes.length))).toBe(0);
  });

  it('says when the sum at the end of a gzip file is wrong', async () => {
    const gzip = gzipSync(content);
    gzip[gzip.length - 6] = (gzip[gzip.length - 6] as number) ^ 1;
    expect((await readAll(fileOf(gzip))).damage).toBe('gzip: incorrect data check');
  });

  it('reads a FIFO, plain or gzip, whose first piece may be one byte', async () => {
    for (const bytes of [content, gzipSync(content)]) {
      const fifo = join(folder, `fifo-${files++}`);
      execFileSync('mkfifo', [fifo]);
      const file = fileOf(bytes);
      const script = `(head -c 1 ${file}; sleep 0.05; tail -c +2 ${file}) > ${fifo}`;
      const writer = once(spawn('sh', ['-c', script]), 'close');
      const read = await readAll(fifo);
      expect(Buffer.compare(read.bytes, content)).toBe(0);
      await writer;
    }
  });

  it('reads empty and one-byte files as they are', async () => {
    expect((await readAll(fileOf(new Uint8Array(0)))).bytes.length).toBe(0);
    expect((await readAll(fileOf(Uint8Array.of(0x1f)))).bytes).toEqual(Uint8Array.of(0x1f));
  });

  it('refuses what cannot be read, in one line', async () => {
    await expect(openCapture(join(folder, 'none'))).rejects.toThrow(
      `${join(folder, 'none')}: expected a readable capture, got no such file`,
    );
    await expect(openCapture(folder)).rejects.toThrow(
      `${folder}: expected a readable capture, got a directory`,
    );
  });
});

describe('CaptureOutput', () => {
  it('writes pieces one after the other', () => {
    const path = join(folder, 'out.pcap');
    const output = new CaptureOutput(path);
    output.write(content.subarray(0, 1000));
    expect(readFileSync(path).length).toBe(1000);
    output.write(content.subarray(1000));
    output.close();
    expect(output.bytesWritten).toBe(content.length);
    expect(Buffer.compare(readFileSync(path), content)).toBe(0);
  });

  it('refuses a file that cannot be written, in one line', () => {
    expect(() => new CaptureOutput(folder)).toThrow(
      /^.*: expected to write a capture, got EISDIR: illegal operation on a directory/,
    );
  });
});
