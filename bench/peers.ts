/**
 * The programs of other simulators that benchmarks run beside ours: sources in $SLUICE_PEERS (default
 * ../shared/peers), built into the system's folder for temporary files. Debian's packages are `libns3-dev`
 * (ns-3.37, compiled with its logging) with `g++`, and `ns2`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = process.env['SLUICE_PEERS'] ?? join('..', 'shared', 'peers');

const NS3_LIBRARIES = [
  'internet',
  'traffic-control',
  'point-to-point',
  'bridge',
  'network',
  'stats',
  'core',
];

export interface FoundPeer {
  readonly name: string;
  readonly program: string;
}

export interface MissingPeer {
  readonly name: string;
  readonly reason: string;
}

export type Peer = FoundPeer | MissingPeer;

export function isPeer(peer: Peer): peer is FoundPeer {
  return 'program' in peer;
}

/** The built program of ns3/NAME.cc. */
export function findNs3(name: string): Peer {
  const source = join(folder, 'ns3', `${name}.cc`);
  if (!existsSync(source)) return { name: 'ns-3', reason: `${source} is not there` };
  const program = join(tmpdir(), 'sluice-bench', `ns3-${name}`);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) {
    return { name: 'ns-3', program };
  }
  mkdirSync(join(tmpdir(), 'sluice-bench'), { recursive: true });
  const libraries = NS3_LIBRARIES.map((library) => `-lns3-${library}`);
  const options = ['-O3', '-march=native', '-std=c++17', source, '-o', program, ...libraries];
  const build = spawnSync('g++', options, { encoding: 'utf8' });
  if (build.status === 0) return { name: 'ns-3', program };
  const reason = build.error?.message ?? build.stderr.split('\n')[0] ?? '';
  return { name: 'ns-3', reason: `g++ with libns3-dev could not build it: ${reason}` };
}

/** The script ns2/NAME, for the program `ns`. */
export function findNs2(name: string): Peer {
  const script = join(folder, 'ns2', name);
  if (!existsSync(script)) return { name: 'ns-2', reason: `${script} is not there` };
  const probe = spawnSync('ns', ['-'], { input: 'exit 0\n' });
  if (probe.error !== undefined) return { name: 'ns-2', reason: '`ns` is not installed' };
  return { name: 'ns-2', program: script };
}
