import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../src/packetdrill/parse-script.ts';
import type { EventTime, ScriptEvent } from '../../../src/packetdrill/script.ts';

const parse = (text: string) => parseScript('a.pkt', text);

function event(text: string): ScriptEvent {
  const { events } = parse(text);
  expect(events).toHaveLength(1);
  return events[0] as ScriptEvent;
}

const time = (text: string): EventTime => event(`${text} close(3) = 0`).time;

function packet(text: string) {
  const { action } = event(`+0 ${text}`);
  if (action.kind !== 'packet' || action.packet.protocol !== 'tcp')
    throw new Error('no TCP packet');
  return { direction: action.direction, ip: action.ip, ...action.packet };
}

function call(text: string) {
  const { action } = event(`+0 ${text}`);
  if (action.kind !== 'syscall') throw new Error('no call');
  return action;
}

describe('times', () => {
  it('reads absolute and relative times to the nanosecond', () => {
    expect(time('1.5')).toMatchObject({ kind: 'absolute', atNs: 1_500_000_000, form: 'instant' });
    expect(time('+.000001001')).toMatchObject({ kind: 'relative', atNs: 1001 });
    expect(time('+3')).toMatchObject({ atNs: 3_000_000_000 });
  });

  it('reads a call that blocks, with one plus or two, with and without blanks', () => {
    const blocking = { kind: 'relative', atNs: 1e8, untilNs: 2e8, form: 'blocking' };
    expect(time('+.1...0.200')).toMatchObject(blocking);
    expect(time('+.1 ... +.2')).toMatchObject(blocking);
    expect(time('0...1')).toMatchObject({ kind: 'absolute', untilNs: 1e9 });
  });

  it('reads ranges and any time, for expected packets only', () => {
    expect(event('+.3~+.310 > . 1:1(0)').time).toMatchObject({ untilNs: 31e7, form: 'range' });
    expect(event('1~2 > . 1:1(0)').time).toMatchObject({ kind: 'absolute', untilNs: 2e9 });
    expect(event('* > . 1:1(0)').time).toEqual({ kind: 'any' });
    expect(() => parse('\n* < . 1:1(0) ack 1 win 1')).toThrow(
      /^a.pkt:2: expected an expected packet/,
    );
    expect(() => parse('1~+2 > . 1:1(0)')).toThrow(/both ends alike/);
    expect(() => parse('+0...1 > . 1:1(0)')).toThrow(/expected a system call/);
  });
});

describe('packets', () => {
  it('reads flags, range, acknowledgment, window and urgent pointer', () => {
    expect(packet('< FPU. 10:20(10) ack 5 win 7 urg 3')).toMatchObject({
      direction: 'inject',
      flags: 0x01 | 0x08 | 0x20 | 0x10,
      sequence: { start: 10, end: 20 },
      ack: 5,
      window: 7,
      urgent: 3,
      options: [],
    });
    expect(packet('> - 1:1(0)')).toMatchObject({ flags: 0, ack: undefined, window: undefined });
    expect(packet('> SEWA 0:0(0)').flags).toBe(0x02 | 0x40 | 0x80 | 0x100);
  });

  it('reads every TCP option in the order written', () => {
    const { options } = packet(
      '> S 0:0(0) <mss 1460,sackOK,TS val 4294967295 ecr 2,nop,eol,wscale 8,sack 1:2 3:4,FO,FO 0a0b,FOEXP ff,md5,kind 30 0102>',
    );
    expect(options).toEqual([
      { kind: 'mss', value: 1460 },
      { kind: 'sackPermitted' },
      { kind: 'timestamps', tsVal: 4_294_967_295, tsEcr: 2 },
      { kind: 'nop' },
      { kind: 'eol' },
      { kind: 'windowScale', value: 8 },
      {
        kind: 'sack',
        blocks: [
          { start: 1, end: 2 },
          { start: 3, end: 4 },
        ],
      },
      { kind: 'fastOpen', isExperimental: false, cookie: new Uint8Array(0) },
      { kind: 'fastOpen', isExperimental: false, cookie: Uint8Array.of(10, 11) },
      { kind: 'fastOpen', isExperimental: true, cookie: Uint8Array.of(255) },
      { kind: 'md5', digest: new Uint8Array(0) },
      { kind: 'other', optionKind: 30, data: Uint8Array.of(1, 2) },
    ]);
    expect(packet('> . 1:1(0) <...>').options).toBe('any');
  });

  it('reads ECN marks, traffic class, TTL and ports', () => {
    expect(packet('> [ect0] . 1:1(0)').ip.ecn).toBe('ect0');
    expect(packet('< (tos 0x10) (ttl 64) . 1:1(0) ack 1 win 1').ip).toEqual({
      ecn: undefined,
      trafficClass: 16,
      ttl: 64,
    });
    expect(packet('> [ce, hlim 9] 8080 > 1234 . 1:1(0)')).toMatchObject({
      ip: { ecn: 'ce', ttl: 9 },
      ports: { source: 8080, destination: 1234 },
    });
  });

  it('reads ICMP errors with code, MTU and quoted range', () => {
    const icmp = (text: string) => (event(`+0 < icmp ${text}`).action as { packet: object }).packet;
    expect(icmp('unreachable frag_needed mtu 840 [0:1000(1000)]')).toEqual({
      protocol: 'icmp',
      type: 'unreachable',
      code: 'frag_needed',
      mtu: 840,
      quoted: { start: 0, end: 1000 },
    });
    expect(icmp('packet_too_big mtu 1400')).toMatchObject({ code: undefined, mtu: 1400 });
    expect(icmp('unreachable [5:6(1)]')).toMatchObject({ code: undefined, quoted: { start: 5 } });
  });

  it('reads what older scripts and dialects write', () => {
    expect(packet('> S. 0:0(0) ack 1 <mss 1460,nocheck>').options).toBe('any');
    expect(packet('< S 0:0(0) win 9 <mss 1460, nocheck>').options).toEqual([
      { kind: 'mss', value: 1460 },
    ]);
    expect(packet('> R. 5:5(0)! ack 1')).toMatchObject({
      isAbsolute: true,
      sequence: { start: 5, end: 5 },
    });
    expect(packet('> [ect01] . 1:1(0)').ip.ecn).toBe('ect01');
    expect(event('+0 < [1:1461(1460)] icmp unreachable frag_needed mtu 900').action).toMatchObject({
      packet: { code: 'frag_needed', mtu: 900, quoted: { start: 1, end: 1461 } },
    });
    expect(() => parse('+0 < [1:2(1)] . 1:1(0)')).toThrow('expected icmp behind the range');
    expect(parse('--ip_version="ipv6"\n0 close(3) = 0').options.ipVersion).toBe('ipv6');
    const mtuOver = (ipVersion: 'ipv4' | 'ipv6') =>
      parseScript('a.pkt', '--ip_version=ipv6\n', { defaults: { ipVersion, mtuBytes: 1520 } })
        .options.mtuBytes;
    expect([mtuOver('ipv6'), mtuOver('ipv4')]).toEqual([1520, undefined]);
  });

  it.each([
    ['< udp (1000)', 'udp packets'],
    ['> addr[a] > addr[b] S 0:0(0)', 'packets of several addresses'],
    ['> S 0:0(0) <mss 1460,mpcapable v1 nokey>', 'options of MPTCP'],
    ['> [flowlabel 3] S 0:0(0)', 'flowlabel of the IP header'],
  ])('refuses %s as beyond us, by line', (text, what) => {
    expect(() => parse(`// one\n+0 ${text}`)).toThrow(
      expect.objectContaining({ line: 2, what }) as Error,
    );
    expect(() => parse('--udp_encapsulation=tcp')).toThrow('TCP in UDP');
  });

  it('refuses what cannot be, by line, with expected and got', () => {
    expect(() => parse('+0 > . 1:5(3)')).toThrow('a.pkt:1: expected a length of 4 for 1:5');
    expect(() => parse('+0 > . 1:1(0) win 65536')).toThrow('a window field below 65536');
    expect(() => parse('+0 > . 1:1(0) <mss>')).toThrow('expected an MSS below 65536, got ">"');
    expect(() => parse('+0 > . 1:1(0) <bogus>')).toThrow(/a TCP option .* got "bogus>"/);
    expect(() => parse('+0 < . 1:1(0) ack 1 win 1 <...>')).toThrow('options of an injected packet');
    expect(() => parse('+0 > X 1:1(0)')).toThrow('expected TCP flags');
    expect(() => parse('+0 > . 1:1(0) <FO abc>')).toThrow('whole bytes');
    expect(() => parse('+0 > . 1:1(0) <sack 1:2 3:4 5:6 7:8 9:10>')).toThrow('at most 4');
  });
});

describe('system calls', () => {
  it('reads numbers, symbols, bit-ors, strings, ellipses, lists and structures', () => {
    expect(
      call('f(-1, 0x10, O_RDWR|O_NONBLOCK, "a\\x41", ..., [8], {fd=4, ptr=0}) = 3').args,
    ).toEqual([
      { kind: 'number', value: -1 },
      { kind: 'number', value: 16 },
      {
        kind: 'or',
        operands: [
          { kind: 'symbol', name: 'O_RDWR' },
          { kind: 'symbol', name: 'O_NONBLOCK' },
        ],
      },
      { kind: 'string', bytes: Uint8Array.of(97, 65) },
      { kind: 'ellipsis' },
      { kind: 'list', items: [{ kind: 'number', value: 8 }] },
      {
        kind: 'struct',
        fields: [
          { name: 'fd', count: undefined, value: { kind: 'number', value: 4 } },
          { name: 'ptr', count: undefined, value: { kind: 'number', value: 0 } },
        ],
      },
    ]);
  });

  it('reads a message header over several lines, with counts and unnamed fields', () => {
    const { args } = call(`sendmsg(4, {msg_name(...)=...,
        msg_iov(2)=[{..., 500},{...,400}],
        msg_flags=0}, 0) = 900`);
    expect(args[1]).toMatchObject({
      kind: 'struct',
      fields: [
        { name: 'msg_name', count: { kind: 'ellipsis' } },
        {
          name: 'msg_iov',
          count: { value: 2 },
          value: { items: [{ fields: [{ name: undefined }, { value: { value: 500 } }] }, {}] },
        },
        { name: 'msg_flags' },
      ],
    });
  });

  it('reads addresses written as structures with calls in them', () => {
    const { args } = call(
      'bind(3, {sa_family = AF_INET, sin_port = htons(8080), sin_addr = inet_addr("192.0.2.1")}, ...) = 0',
    );
    expect(args[1]).toMatchObject({
      fields: [{ name: 'sa_family' }, { value: { kind: 'call', name: 'htons' } }, {}],
    });
  });

  it('reads results with errno and text, with text alone, and without', () => {
    expect(call('f() = -1 EAGAIN (Resource temporarily unavailable)').errno).toBe('EAGAIN');
    expect(call('f() = -1 EPIPE(Broken pipe)').errno).toBe('EPIPE');
    expect(call('f() = -1 (Invalid Argument)').errno).toBeUndefined();
    expect(call('f() = 0x2 (flags O_RDWR)').result).toEqual({ kind: 'number', value: 2 });
    expect(call('f() = ?').result).toEqual({ kind: 'ellipsis' });
  });
});

describe('a whole script', () => {
  it('keeps comments out and lines counted', () => {
    const { events } = parse(`// one
/* two
three */ 0 close(3) = 0 # four
+0 > . 1:1(0) // five

+0 close(4) = 0`);
    expect(events.map(({ line }) => line)).toEqual([3, 4, 6]);
  });

  it('takes options, set-up and clean-up commands, and commands between', () => {
    const { options, setUp, events, cleanUp } = parse(`--tolerance_usecs=10000 // why
--mtu=1400
\`first # not a comment of ours
second\`
0 \`third\`
\`fourth\``);
    expect(options).toMatchObject({ toleranceNs: 10_000_000, mtuBytes: 1400 });
    expect(setUp).toEqual([
      { kind: 'shell', line: 3, text: 'first # not a comment of ours\nsecond' },
    ]);
    expect(events[0]?.action).toMatchObject({ kind: 'shell', text: 'third' });
    expect(cleanUp).toMatchObject([{ text: 'fourth' }]);
  });

  it('takes every option of the language, and names the line of a bad one', () => {
    const { options } = parse(`--tolerance_percent=5.5
--ip_version=ipv6
--local_ip=fd::1
--remote_ip=2001:db8::9
--mss=1000
--strict_segments
--tcp_ts_tick_usecs=1000
--tcp_ts_ecr_scaled
--non_fatal=packet
0 close(3) = 0`);
    expect(options).toEqual({
      toleranceNs: 4_000_000,
      tolerancePercent: 5.5,
      ipVersion: 'ipv6',
      localIp: 'fd::1',
      remoteIp: '2001:db8::9',
      mtuBytes: undefined,
      mssBytes: 1000,
      strictSegments: true,
      timestampTickNs: 1_000_000,
      timestampEcrScaled: true,
    });
    expect(() => parse('\n--bogus=1')).toThrow(/^a.pkt:2: expected a valid option, got --bogus=1/);
    expect(() => parse('--mtu=x')).toThrow('expected an integer');
  });

  it('substitutes definitions, the command line over the script over the defaults', () => {
    const script = (definitions: [string, string][]) =>
      parseScript('a.pkt', '--define=LENGTH=10\n+0 write(4, ..., LENGTH) = OTHER', {
        definitions: new Map(definitions),
        defaultDefinitions: () =>
          new Map([
            ['LENGTH', '1'],
            ['OTHER', '2'],
          ]),
      }).events[0]?.action;
    expect(script([])).toMatchObject({ args: [{}, {}, { value: 10 }], result: { value: 2 } });
    expect(script([['LENGTH', '20']])).toMatchObject({ args: [{}, {}, { value: 20 }] });
  });

  it('keeps the lines of #ifdef only when the name is defined', () => {
    const text = '#ifdef STANDARD\n0 close(3) = 0\n#endif\n+0 close(4) = 0';
    expect(parse(text).events.map(({ line }) => line)).toEqual([4]);
    const definitions = new Map([['STANDARD', '1']]);
    expect(parseScript('a.pkt', text, { definitions }).events).toHaveLength(2);
    expect(() => parse('#ifdef A\n')).toThrow('a.pkt:1: expected #endif, got end of file');
    expect(() => parse('#endif')).toThrow('a.pkt:1: expected #ifdef');
  });

  it('names what never ends', () => {
    expect(() => parse('0 `sysctl')).toThrow('a.pkt:1: expected an end of `, got end of file');
    expect(() => parse('0 close(3) = 0\n/* x')).toThrow('a.pkt:2: expected an end of /*');
    expect(() => parse('0 close(3')).toThrow('a.pkt:1: expected ")", got end of file');
  });
});
