/** The built command, run as a user runs it: a process with arguments, standard input and an exit code. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface How {
  /** Standard input, piece by piece; nothing when absent. */
  input?: readonly Uint8Array[];
  cwd?: string;
  uid?: number;
}

/** A run that hangs is killed, and its status is null. */
const DEADLINE_MS = 60_000;

export function sluice(args: readonly string[], how: How = {}): Promise<Ran> {
  if (!existsSync(MAIN)) throw new Error('dist/main.js is missing: npm test builds it');
  const { input = [], ...options } = how;
  return run(process.execPath, [MAIN, ...args], input, options);
}

/** A shell line in which `$SLUICE` is the command. */
export function shell(line: string, cwd: string): Promise<Ran> {
  const env = { ...process.env, SLUICE: `${process.execPath} ${MAIN}` };
  return run('bash', ['-c', line], [], { cwd, env });
}

function run(
  program: string,
  args: readonly string[],
  input: readonly Uint8Array[],
  options: SpawnOptions,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: 'pipe', timeout: DEADLINE_MS });
    const ran: Ran = { status: null, stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      ran.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      ran.stderr += text;
    });
    // A command that stops reading is what some tests are about.
    child.stdin?.on('error', () => {});
    for (const piece of input) child.stdin?.write(piece);
    child.stdin?.end();
    child.on('error', reject);
    child.on('close', (status) => resolve({ ...ran, status }));
  });
}

/** The one document that `--json` prints. */
export function parseJson<Document>({ status, stdout, stderr }: Ran): Document {
  if (status !== 0 || stderr !== '') throw new Error(`status ${status}: ${stderr}`);
  return JSON.parse(stdout) as Document;
}
