/** Two TCP hosts joined by two links, and applications that send patterned bytes and check them. */

import { expect } from 'vitest';
import { FramePool } from '../../src/frame/frame-pool.ts';
import { PayloadArena } from '../../src/frame/payload-arena.ts';
import { Link } from '../../src/net/link.ts';
import type { LinkConfig } from '../../src/net/link-config.ts';
import { Network } from '../../src/net/network.ts';
import { ControllerRegistry } from '../../src/recovery/cc/controllers.ts';
import { LINUX_PROFILE, type TcpConfig } from '../../src/tcp/config.ts';
import { TcpHost } from './tcp-hosts.ts';

export interface PathOptions {
  readonly seed?: number;
  readonly config?: TcpConfig;
  readonly serverConfig?: TcpConfig;
  readonly controller?: string;
  readonly frames?: number;
  readonly isIpv6?: boolean;
  readonly forward?: Omit<LinkConfig, 'name'>;
  readonly backward?: Omit<LinkConfig, 'name'>;
}

export type TcpPath = ReturnType<typeof createPath>;

/** Client and server with a link each way. */
export function createPath(options: PathOptions = {}) {
  const arena = new PayloadArena(1 << 14, 4096);
  const pool = new FramePool(options.frames ?? 1 << 16, arena);
  const network = new Network({ seed: options.seed ?? 1, pool });
  const factory = ControllerRegistry.withBuiltIns().factory(options.controller ?? 'cubic');
  const config = options.config ?? LINUX_PROFILE;
  const prefix = options.isIpv6 === true ? 'fd00::' : '10.0.0.';
  const client = new TcpHost(network, 'client', `${prefix}1`, config, factory);
  const serverConfig = options.serverConfig ?? config;
  const server = new TcpHost(network, 'server', `${prefix}2`, serverConfig, factory);
  const forward = new Link(network, { name: 'forward', ...options.forward });
  const backward = new Link(network, {
    name: 'backward',
    ...(options.backward ?? options.forward),
  });
  client.connect(forward);
  forward.connect(server);
  server.connect(backward);
  backward.connect(client);
  return { network, pool, client, server, forward, backward };
}

/** Every frame is accounted for, and both hosts have forgotten all that they knew of connections. */
export function expectNothingLeft({ forward, backward, pool, client, server }: TcpPath): void {
  forward.assertConserved();
  backward.assertConserved();
  expect(pool.inUse).toBe(0);
  for (const { layer } of [client, server]) {
    expect(layer.connectionCount).toBe(0);
    expect(layer.timeWaitCount).toBe(0);
    expect(layer.context.segments.inUse).toBe(0);
    expect(layer.context.ranges.inUse).toBe(0);
    expect(layer.context.pieces.inUse).toBe(0);
  }
}

/** Byte `index` of the stream that everybody sends. */
export const patternAt = (index: number): number => (Math.imul(index, 2654435761) >>> 13) & 0xff;
