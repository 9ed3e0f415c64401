/** Scripts that nobody writes on purpose end with one clear verdict: the line, what was expected and what was there. */
import { describe, expect, it } from 'vitest';
import { runScript } from '../../../src/packetdrill/run-script.ts';

const OPEN = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>
+.1 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
`;
const END = 'end of file';

const run = (text: string, settings = {}) => runScript('a.pkt', text, settings);

describe('an odd script', () => {
  it.each([
    ['an empty file', ''],
    ['blanks', ' \n\t\r\n'],
    ['CRLF', OPEN.replaceAll('\n', '\r\n')],
    ['tabs', OPEN.replaceAll(' ', '\t')],
    ['a byte order mark', `\ufeff${OPEN}`],
    [
      'options and a definition on one line',
      `  -Dbytes=9 --mtu=1400 --mss=700\n${OPEN.replace('1460', '1360')}`,
    ],
    ['options behind which something is said', `--mss=700 // small\n--mtu=1500 # usual\n${OPEN}`],
    ['comments between the words', OPEN.replaceAll(' = ', ' /* is\n*/ = ')],
  ])('of %s passes', (_, text) => {
    expect(run(text)).toMatchObject({ verdict: 'pass' });
  });

  it.each([
    ['a string', '\n0 write(4, "abc', 2, 'an end of "', END],
    ['a command', '`ls', 1, 'an end of `', END],
    ['a comment', '/* a', 1, 'an end of /*', END],
    ['code', '0 %{ x', 1, 'an end of %{', END],
    ['a condition', '#ifdef A\n0 close(3) = 0', 1, '#endif', END],
  ])('with %s that never ends fails where it begins', (_, text, line, expected, actual) => {
    expect(run(text)).toMatchObject({ verdict: 'fail', reason: 'syntax', line, expected, actual });
  });

  it.each([
    ['a time', '99999999999999999999 close(3) = 0', 'a time below 104 days'],
    ['a sequence number', `+0 < . 1:${'9'.repeat(400)}(1)`, 'the sequence number behind the data'],
    ['brackets', `0 f(${'['.repeat(100_000)}`, 'at most 64 brackets within each other'],
    ['structures', `0 f(${'{a='.repeat(100_000)}`, 'at most 64 brackets within each other'],
  ])('with too much of %s fails', (_, text, expected) => {
    expect(run(text)).toMatchObject({ verdict: 'fail', reason: 'syntax', line: 1, expected });
  });

  it.each([
    ['--mss=0', '1 to 65535 bytes'],
    ['--mtu=20', '68 to 65535 bytes'],
    ['--tolerance_usecs', 'an integer'],
    ['--speed_of_light=1', 'an option of the packetdrill language'],
  ])('with the option %s fails by its line', (option, expected) => {
    const { verdict, line, actual } = run(`// first\n${option}\n${OPEN}`);
    expect({ verdict, line }).toEqual({ verdict: 'fail', line: 2 });
    expect(actual).toContain(`expected ${expected}, got`);
  });

  it("with addresses of another family, or an MTU below the family's, fails", () => {
    const reason = (text: string, ipVersion: 'ipv4' | 'ipv6') => run(text, { ipVersion }).reason;
    expect(reason('--local_ip=::1\n', 'ipv4')).toBe(
      '--local_ip: expected an IPv4 address, got "::1"',
    );
    expect(reason('--mtu=1000\n', 'ipv6')).toBe(
      '--mtu: expected at least 1280 for IPv6, got "1000"',
    );
  });

  it.each([
    ['an unknown call', '+0 frobnicate(4) = 0', 'call frobnicate'],
    ['code of more than expressions', '+0 %{ import os }%', 'code at "import"'],
    ['code nested too deep', `+0 %{ assert ${'('.repeat(100_000)} }%`, 'code nested 64 deep'],
    ['a command that we do not have', '+0 `curl example.org`', 'command curl example.org'],
    [
      'a packet longer than IP has',
      '+0 < . 1:4000000001(4000000000) ack 1 win 9',
      'an injected packet above 65535 bytes',
    ],
    [
      'more options than TCP has',
      `+0 < . 1:1(0) ack 1 win 9 <${'nop,'.repeat(99)}nop>`,
      'more than 40 bytes of TCP options',
    ],
    ['a protocol that we do not have', '+0 < udp (1000)', 'udp packets'],
  ])('with %s is skipped, by its line', (_, event, reason) => {
    expect(run(`${OPEN}${event}`)).toMatchObject({ verdict: 'skip', line: 8, reason });
  });

  it('with a length below nothing is refused as the kernel does', () => {
    const calls = `+0 write(4, ..., -5) = -1 EINVAL (Invalid argument)
+0 recv(4, ..., -5, 0) = -1 EFAULT (Bad address)
`;
    expect(run(`${OPEN}${calls}`)).toMatchObject({ verdict: 'pass' });
  });

  it('with a route narrower than IP has goes on', () => {
    const route =
      '+0 `ip route change default mtu 1`\n+0 write(4, ..., 2000) = 2000\n+1 close(4) = 0\n';
    expect(run(`${OPEN}${route}`)).toMatchObject({ verdict: 'pass' });
  });
});
