import { describe, expect, it } from 'vitest';
import { findIneligibleUse } from '../../../src/packetdrill/eligibility.ts';
import { parseScript } from '../../../src/packetdrill/parse-script.ts';
import { interpretShell } from '../../../src/packetdrill/shell.ts';

describe('shell lines', () => {
  it('reads settings of sysctl in all spellings', () => {
    expect(
      interpretShell(`../common/defaults.sh
        sysctl -q net.ipv4.tcp_sack=0 net/ipv4/tcp_wmem="4096 50000 4194304"  # why
        ../set_sysctls.py /proc/sys/net/ipv4/tcp_timestamps=0 \\
           /proc/sys/net/ipv4/tcp_ecn=1 > /dev/null 2>&1
        echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect`),
    ).toEqual([
      { kind: 'sysctl', name: 'net.ipv4.tcp_sack', value: '0' },
      { kind: 'sysctl', name: 'net.ipv4.tcp_wmem', value: '4096 50000 4194304' },
      { kind: 'sysctl', name: 'net.ipv4.tcp_timestamps', value: '0' },
      { kind: 'sysctl', name: 'net.ipv4.tcp_ecn', value: '1' },
      { kind: 'sysctl', name: 'tcp_cubic.hystart_detect', value: '3' },
    ]);
  });

  it('reads routes and queues', () => {
    expect(
      interpretShell(
        'ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 600 mtu lock 640 initcwnd 11',
      ),
    ).toEqual([
      { kind: 'route', isIpv6: false, mtuBytes: 640, advmssBytes: 600, initialWindowSegments: 11 },
    ]);
    expect(
      interpretShell('tc qdisc delete dev t root; tc qdisc add dev t root pfifo limit 0'),
    ).toEqual([
      { kind: 'queue', discipline: 'fifo' },
      { kind: 'queue', discipline: 'closed' },
    ]);
    expect(interpretShell('tc qdisc replace dev tun0 root fq')).toEqual([
      { kind: 'queue', discipline: 'fq' },
    ]);
    expect(interpretShell('ip tcp_metrics flush all > /dev/null 2>&1')).toEqual([
      { kind: 'forgetFastOpen' },
    ]);
  });

  it('names what it does not understand', () => {
    expect(interpretShell('iptables -F')).toEqual([{ kind: 'unknown', text: 'iptables -F' }]);
    expect(interpretShell('sysctl -q net.ipv4.tcp_sack')).toMatchObject([{ kind: 'unknown' }]);
  });
});

describe('eligibility', () => {
  const use = (text: string) => findIneligibleUse(parseScript('a.pkt', text));

  it('finds what puts a script out of scope, wherever it stands in a call', () => {
    expect(use('0 send(4, ..., 1, MSG_EOR|MSG_ZEROCOPY) = 1')).toBe('MSG_ZEROCOPY');
    expect(use('0 recvmsg(4, {msg_flags=MSG_ERRQUEUE}, 0) = 0')).toBe('MSG_ERRQUEUE');
    expect(use('0 setsockopt(4, SOL_SOCKET, SO_TIMESTAMPING, [1], 4) = 0')).toBe('SO_TIMESTAMPING');
    expect(use('0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLET, fd=4}) = 0')).toBe(
      'EPOLLET',
    );
    expect(use('0 splice(4, NULL, 6, NULL, 1, 0) = 1')).toBe('splice');
    expect(use('0 sendfile(4, 5, [0], 5) = 5')).toBe('sendfile');
  });

  it('does not mind words in comments or names of fields', () => {
    expect(use('// MSG_ZEROCOPY\n0 send(4, ..., 1, MSG_EOR) = 1')).toBeUndefined();
  });
});
