import { describe, expect, it } from 'vitest';
import { formatScriptTable, readReasons } from '../../../src/cli/packetdrill-table.ts';
import { runScript } from '../../../src/packetdrill/run-script.ts';

const PASSES = '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(3) = 0\n';
const FAILS = '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 listen(3, 1) = -1 EBADF\n';
const SKIPS = '0 `modprobe anything`\n';
const OUT_OF_SCOPE =
  '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 send(3, ..., 10, MSG_ZEROCOPY) = 10\n';

function runs(): Parameters<typeof formatScriptTable>[0] {
  const scripts = [
    runScript('close/passes.pkt', PASSES),
    runScript('listen/fails.pkt', FAILS),
    runScript('listen/skips.pkt', SKIPS),
    runScript('zerocopy/sends.pkt', OUT_OF_SCOPE),
  ];
  return [
    { name: 'IPv4', scripts },
    { name: 'IPv6', scripts: scripts.slice(0, 1) },
  ];
}

describe('the table of scripts', () => {
  const text = formatScriptTable(runs(), {
    command: 'sluice packetdrill scripts --table table.md',
    reasons: new Map([['listen/fails.pkt', 'it listens after all']]),
  });
  const table = text.replace(/ +/g, ' ');

  it('counts what passed of all and of the eligible, for each version', () => {
    expect(table).toContain('| IPv4 | 4 | 1 | 1 | 2 | 25.0 % | 3 | 33.3 % |');
    expect(table).toContain('| IPv6 | 1 | 1 | 0 | 0 | 100.0 % | 1 | 100.0 % |');
    expect(table).toContain('| listen | 0 of 2 | - |');
    expect(table).toContain('| zerocopy | - | - |');
  });

  it('names the reason of every failure, and of every skip that counts as one', () => {
    expect(table).toContain(
      '| listen/fails.pkt | IPv4 | 2 | call returns otherwise: expected `listen = -1 EBADF`, ' +
        'got `listen = 0` | it listens after all |',
    );
    expect(table).toContain('| listen/skips.pkt | IPv4 | 1 | skipped: command modprobe anything |');
    expect(table).toContain('| uses MSG_ZEROCOPY | 1 | 0 |');
  });
});

describe('reasons', () => {
  it('are lines of path and reason; the first other line is named', () => {
    expect(readReasons('# why\n\na/b.pkt: for this: and that\n')).toEqual(
      new Map([['a/b.pkt', 'for this: and that']]),
    );
    expect(readReasons('a.pkt: x\nb.pkt\n')).toBe(2);
  });
});
