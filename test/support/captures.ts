/** The captures that tests read: those bundled with the package, and the given ones where they are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CaptureReader } from '../../src/pcap/capture-reader.ts';
import { CaptureRows } from '../../src/pcap/capture-rows.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DATA = resolve(ROOT, process.env['SLUICE_DATA'] ?? '../shared', 'data/pcap');

function capturesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.pcap(ng)?$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Paths of all captures; says once which folder is missing. */
export function captureFiles(): string[] {
  const given = capturesOf(DATA);
  if (given.length === 0) console.warn(`no captures in ${DATA}: only the bundled ones are tested`);
  return [...capturesOf(join(ROOT, 'traces')), ...given];
}

export const captureName = (path: string): string => basename(path);

/** A whole capture in memory. */
export interface LoadedCapture {
  bytes: Uint8Array;
  rows: CaptureRows;
  /** LINKTYPE_ of the packet in a row. */
  linkType(row: number): number;
}

export function loadCapture(path: string): LoadedCapture {
  const bytes = new Uint8Array(readFileSync(path));
  const rows = new CaptureRows(1 << 17);
  const reader = new CaptureReader(path);
  reader.finish(bytes.length - reader.decode(bytes, 0, bytes.length, rows));
  return {
    bytes,
    rows,
    linkType: (row) => reader.interfaces[rows.interfaceIndex[row] as number]?.linkType ?? -1,
  };
}
