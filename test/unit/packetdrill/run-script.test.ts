import { describe, expect, it } from 'vitest';
import { runScript } from '../../../src/packetdrill/run-script.ts';
import type { ScriptResult } from '../../../src/packetdrill/verdict.ts';

const LISTEN = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
`;
const OPEN = `${LISTEN}+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>
+.1 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
`;
const WRITE = `${OPEN}+0 write(4, ..., 3000) = 3000\n`;

const run = (text: string, settings = {}): ScriptResult => runScript('a.pkt', text, settings);

/** Line of the script that the text ends with. */
const lastLine = (text: string): number => text.trimEnd().split('\n').length;

function expectPass(text: string, settings = {}): void {
  const { verdict, reason, expected, actual } = run(text, settings);
  expect({ verdict, reason, expected, actual }).toMatchObject({ verdict: 'pass' });
}

function expectFailure(text: string, reason: string): ScriptResult {
  const result = run(text);
  expect(result).toMatchObject({ verdict: 'fail', reason, line: lastLine(text) });
  return result;
}

describe('expected packets', () => {
  it('pass when flags, numbers, options and time are as scripted', () => {
    expectPass(`${WRITE}+0 > P. 1:3001(3000) ack 1`);
  });

  it.each([
    ['flags', '> . 1:3001(3000) ack 1'],
    ['sequence', '> P. 2:3002(3000) ack 1'],
    ['length', '> P. 1:3002(3001) ack 1'],
    ['ack', '> P. 1:3001(3000) ack 2'],
    ['window', '> P. 1:3001(3000) ack 1 win 1'],
    ['options', '> P. 1:3001(3000) ack 1 <nop,nop,sack 1:2>'],
    ['ECN', '> [ect0] P. 1:3001(3000) ack 1'],
    ['traffic class 0', '> (tos 4) P. 1:3001(3000) ack 1'],
    ['TTL 64', '> (ttl 63) P. 1:3001(3000) ack 1'],
  ])('fail when they differ in %s', (field, packet) => {
    expectFailure(`${WRITE}+0 ${packet}`, `packet differs in ${field}`);
  });

  it('say what was expected and what came, in numbers of the script', () => {
    const { expected, actual } = run(`${WRITE}+0 > P. 1:3001(3000) ack 7`);
    expect(expected).toBe('P. 1:3001(3000) ack 7');
    expect(actual).toBe('P. 1:3001(3000) ack 1 win 1050 at 0.100000 s');
  });

  it('compare options in order, and nop by nop', () => {
    const open = OPEN.replace('<mss 1460,nop,nop,sackOK,', '<mss 1460,sackOK,nop,nop,');
    expect(run(open)).toMatchObject({
      verdict: 'fail',
      line: 5,
      reason: 'packet differs in options',
    });
    expectPass(OPEN.replace('<mss 1460,nop,nop,sackOK,nop,wscale 8>', '<...>'));
  });

  it('fail when they come too early, too late or not at all', () => {
    expectFailure(`${WRITE}+.05 > P. 1:3001(3000) ack 1`, 'packet too early');
    expectFailure(
      `${WRITE}+0 > P. 1:3001(3000) ack 1\n+.1 > P. 2001:3001(1000) ack 1`,
      'no packet',
    );
    expectFailure(`${OPEN}+0 > P. 1:3001(3000) ack 1`, 'no packet');
  });

  it('are allowed the larger of 4 ms and an eighth of the distance', () => {
    const probe = (time: string) =>
      `${WRITE}+0 > P. 1:3001(3000) ack 1\n${time} > P. 2001:3001(1000) ack 1`;
    // The loss probe comes 202 ms after the data.
    expectPass(probe('+.18'));
    expectPass(probe('+.23'));
    expectFailure(probe('+.17'), 'no packet');
    expectFailure(probe('+.24'), 'packet too early');
    const strict = { options: ['--tolerance_usecs=1000', '--tolerance_percent=0'] };
    expect(run(probe('+.206'), strict).verdict).toBe('fail');
    expectPass(probe('+.1~+.3'), strict);
    expectPass(probe('*'), strict);
  });

  it('are joined to the scripted length, unless segments are strict', () => {
    expectPass(`${WRITE}+0 > P. 1:2001(2000) ack 1\n+0 > P. 2001:3001(1000) ack 1`);
    expectPass(`--strict_segments\n${WRITE}+0 > . 1:1001(1000) ack 1`);
    expectFailure(
      `--strict_segments\n${WRITE}+0 > . 1:3001(3000) ack 1`,
      'packet differs in length',
    );
    // 1500 bytes are no whole number of segments.
    expectFailure(`${WRITE}+0 > . 1:1501(1500) ack 1`, 'packet differs in length');
  });

  it('meet the packets that nobody asked for', () => {
    const missed = `${WRITE}+.1 < . 1:1(0) ack 3001 win 257\n+0 close(4) = 0\n+0 > F. 3001:3001(0) ack 1`;
    expectFailure(missed, 'packet differs in flags');
    expectPass(WRITE);
    expect(run(WRITE).unclaimed).toHaveLength(3);
    expect(run(WRITE, { claimsAll: true })).toMatchObject({
      verdict: 'fail',
      reason: 'packet that no line asks for',
    });
  });

  it('tie timestamps to the scripted ones, and count their distance when there is a tick', () => {
    const withTimestamps = (later: number) => `--tcp_ts_tick_usecs=1000
${LISTEN}+0 < S 0:0(0) win 32792 <mss 1000,sackOK,TS val 100 ecr 0,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 7 ecr 100,nop,wscale 8>
+.1 < . 1:1(0) ack 1 win 257 <nop,nop,TS val 200 ecr 7>
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 100) = 100
+0 > P. 1:101(100) ack 1 <nop,nop,TS val ${later} ecr 200>`;
    expectPass(withTimestamps(107));
    expectFailure(withTimestamps(120), 'packet differs in TS val');
  });
});

describe('system calls', () => {
  it('fail on another result, errno or output', () => {
    expectFailure(`${OPEN}+0 write(4, ..., 10) = 11`, 'call returns otherwise');
    expectFailure(
      `${OPEN}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 read(4, ..., 10) = -1 EPIPE`,
      'call returns otherwise',
    );
    expectFailure(`${OPEN}+0 ioctl(4, SIOCINQ, [1]) = 0`, 'output of ioctl differs');
  });

  it('fail when they block and the script says that they return', () => {
    expectFailure(`${OPEN}+0 read(4, ..., 10) = 10`, 'call blocks');
  });

  it('that block must return at their time', () => {
    const read = (until: string) =>
      `${OPEN}+0...${until} read(4, ..., 10) = 10\n+.2 < P. 1:11(10) ack 1 win 257\n+0 > . 1:1(0) ack 11`;
    expectPass(read('.2'));
    expect(run(read('.3'))).toMatchObject({
      verdict: 'fail',
      line: 8,
      reason: 'call returns at another time',
      expected: '0.400000 s',
      actual: '0.300000 s',
    });
    expect(run(`${OPEN}+0...1 read(4, ..., 10) = 10`)).toMatchObject({ reason: 'call blocks' });
  });
});

describe('verdicts', () => {
  it('judge tcp_info at its event', () => {
    expectPass(`${WRITE}+0 %{ assert tcpi_unacked == 3 }%`);
    expect(
      expectFailure(`${WRITE}+0 %{ assert tcpi_unacked == 4 }%`, 'assertion does not hold'),
    ).toMatchObject({ expected: 'tcpi_unacked == 4', actual: 'tcpi_unacked = 3' });
  });

  it('skip what we lack, with its reason', () => {
    const reasons: [string, string][] = [
      ['+0 `iptables -F`', 'command iptables -F'],
      ['+0 `sysctl net.ipv4.bogus=1`', 'sysctl net.ipv4.bogus'],
      ['+0 mmap(4) = 0', 'call mmap'],
      ['+0 setsockopt(4, SOL_TCP, TCP_MD5SIG, [1], 4) = 0', 'socket option TCP_MD5SIG'],
      ['+0 %{ assert tcpi_bogus == 1 }%', 'name tcpi_bogus in code'],
      ['+0 %{ import os }%', 'code at "import"'],
      ['+0 < icmp packet_too_big mtu 1000 [1:1(0)]', 'ICMP type packet_too_big'],
    ];
    for (const [line, reason] of reasons) {
      expect(run(OPEN + line)).toMatchObject({ verdict: 'skip', reason, line: 8 });
    }
  });

  it('skip what is out of scope, and say that it is', () => {
    expect(run(`${OPEN}+0 send(4, ..., 1, MSG_ZEROCOPY) = 1`)).toMatchObject({
      verdict: 'skip',
      reason: 'uses MSG_ZEROCOPY',
      ineligibleBy: 'MSG_ZEROCOPY',
    });
  });

  it('fail on a script that is not well formed', () => {
    expect(run('0 socket(')).toMatchObject({
      verdict: 'fail',
      reason: 'syntax',
      line: 1,
      actual: 'end of file',
    });
    expect(run('--mtu=x\n')).toMatchObject({ verdict: 'fail', line: 1 });
  });

  it('are the same in IPv6, with the same MSS', () => {
    const result = run(`${WRITE}+0 > P. 1:3001(3000) ack 1`, { ipVersion: 'ipv6' });
    expect(result).toMatchObject({ verdict: 'pass', ipVersion: 'ipv6' });
  });

  it('run a script with IPv4 addresses in IPv4', () => {
    const result = run(`--local_ip=192.168.0.2\n${OPEN}`, { ipVersion: 'ipv6' });
    expect(result).toMatchObject({ verdict: 'pass', ipVersion: 'ipv4' });
  });

  it('repeat bit for bit', () => {
    const text = `${WRITE}+.5 > P. 1:3001(3000) ack 9`;
    expect(run(text)).toEqual(run(text));
  });
});
