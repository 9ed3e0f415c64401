/**
 * The packetdrill scripts have teeth: each deliberate fault in our TCP makes at least one of them end otherwise.
 * The sources are compiled once to a folder of their own; a fault replaces one file there, and a process of
 * its own runs all scripts, since a fault may loop.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TCP_FAULTS, type TcpFault } from '../support/tcp-faults.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = join(ROOT, 'src');
const SCRIPTS = join(ROOT, 'test/packetdrill');
/** All that a script run needs. */
const FOLDERS = ['base', 'engine', 'frame', 'wire', 'recovery', 'tcp', 'packetdrill'];
const TIMEOUT_MS = 20_000;
const SET_UP_MS = 120_000;

/** Prints how each script ended, without times. */
const RUNNER = `
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from './packetdrill/run-script.js';
const folder = process.argv[2];
const paths = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.pkt'));
const ends = paths.map((path) => {
  try {
    const text = readFileSync(join(folder, path), 'utf8');
    const { verdict, line, actual } = runScript(path, text, { claimsAll: true });
    return [path, verdict, line, actual?.replace(/ at .*/, '')].join(' ');
  } catch (error) {
    return path + ' ' + error.message;
  }
});
console.log(JSON.stringify(ends));
`;

let work = '';

function compile(file: string, text: string): void {
  const { outputText } = ts.transpileModule(text, {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      isolatedModules: true,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  const target = join(work, file.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
}

function runAll(): string[] {
  try {
    const text = execFileSync(process.execPath, [join(work, 'runner.js'), SCRIPTS], {
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return JSON.parse(text) as string[];
  } catch (error) {
    return [`no result: ${(error as Error).message.split('\n')[0]}`];
  }
}

const read = (file: string): string => readFileSync(join(SOURCES, file), 'utf8');

/** How the scripts end with the fault. */
function runWith(fault: TcpFault): string[] {
  const text = read(fault.file);
  expect(text.split(fault.find), `the text in ${fault.file}`).toHaveLength(2);
  compile(
    fault.file,
    text.replace(fault.find, () => fault.replace),
  );
  const ends = runAll();
  compile(fault.file, text);
  return ends;
}

describe('packetdrill scripts catch', () => {
  let sound: string[] = [];

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'tcp-faults-'));
    writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(work, 'runner.js'), RUNNER);
    for (const folder of FOLDERS) {
      const names = readdirSync(join(SOURCES, folder), { recursive: true, encoding: 'utf8' });
      for (const name of names.filter((path) => path.endsWith('.ts'))) {
        compile(join(folder, name), read(join(folder, name)));
      }
    }
    sound = runAll();
    expect(sound.length).toBeGreaterThan(200);
  }, SET_UP_MS);
  afterAll(() => rmSync(work, { recursive: true }));

  for (const fault of TCP_FAULTS) {
    it(fault.name, () => {
      const ends = runWith(fault);
      expect(ends.filter((end) => !sound.includes(end))).not.toEqual([]);
    });
  }
});
