#!/usr/bin/env bash
# Records the captures of this folder: the Linux kernel's own TCP through a slow link.
#
#   sudo traces/record.sh [FOLDER]        (default: the folder of this script; about 20 seconds)
#
# Three network namespaces: client - router - server. A token bucket (tc tbf) in the router is the slow
# link; its limit is the buffer, in bytes. There is no delay line, so the RTT is the queue's. Offloads are
# off, so a captured frame is a frame on the wire and its checksums are filled in, except where
# a capture wants the opposite. Needs root, node, tcpdump, iproute2, ethtool and ping; takes nothing from
# outside and leaves nothing behind but the captures. The kernel decides the timing: two recordings differ.
set -euo pipefail

out=$(realpath "${1:-$(dirname "$0")}")
work=$(mktemp -d)
client=sluice-client-$$ router=sluice-router-$$ server=sluice-server-$$
pids=()

cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for ns in $client $router $server; do ip netns del "$ns" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# ---- the traffic: one HTTP and DNS server, and a client per capture -----------------------------------
cat >"$work/traffic.mjs" <<'NODE'
import { createSocket } from 'node:dgram';
import { Agent, createServer, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const [role] = process.argv.slice(2);
const V4 = '10.77.2.2';
const V6 = 'fd77:2::2';

/** Numbered lines of 64 bytes: every packet's payload differs, and the capture still compresses. */
function text(bytes) {
  const line = (_, i) => `line ${String(i).padStart(7, '0')} of a text that is here only to be carried by TCP...\n`;
  return Buffer.from(Array.from({ length: Math.ceil(bytes / 64) }, line).join('')).subarray(0, bytes);
}

/** GET /N answers N bytes; a POST answers 2 bytes when its body has come. */
function serve() {
  createServer((req, res) => {
    if (req.method === 'GET') res.end(text(Number(req.url.slice(1))));
    else req.resume().on('end', () => res.end('ok'));
  }).listen(80, '::');
  // A DNS server that knows one answer: 10.77.2.2 for whatever is asked (RFC 1035 §4.1).
  const dns = createSocket('udp4', (query, peer) => {
    const answer = Buffer.from('c00c000100010000003c00040a4d0202', 'hex');
    const reply = Buffer.concat([query, answer]);
    reply.writeUInt16BE(0x8180, 2);
    reply.writeUInt16BE(1, 6);
    dns.send(reply, peer.port, peer.address);
  });
  dns.bind(53);
}

const exchange = (host, path, { agent, body, headers } = {}) =>
  new Promise((resolve, reject) => {
    const options = { host, port: 80, path, agent: agent ?? false, method: body ? 'POST' : 'GET', headers };
    request(options, (res) => res.resume().on('end', resolve)).on('error', reject).end(body);
  });

/** Three downloads on one connection, with thinking time, and a small exchange every 40 ms beside them. */
async function download() {
  const one = () => new Agent({ keepAlive: true, maxSockets: 1 });
  const [bulk, chat] = [one(), one()];
  const bulkDone = (async () => {
    await pause(300);
    for (const bytes of [280_000, 330_000, 230_000]) {
      await exchange(V4, `/${bytes}`, { agent: bulk });
      await pause(900);
    }
  })();
  let busy = true;
  bulkDone.finally(() => { busy = false; });
  while (busy) {
    await exchange(V4, '/900', { agent: chat });
    await pause(40);
  }
  bulk.destroy();
  chat.destroy();
}

function lookUp() {
  const name = Buffer.from('\x03www\x07example\x00', 'latin1');
  const query = Buffer.concat([Buffer.from('2a2a01000001000000000000', 'hex'), name, Buffer.from('00010001', 'hex')]);
  return new Promise((resolve) => {
    const socket = createSocket('udp4', () => { socket.close(); resolve(); });
    socket.send(query, 53, V4);
  });
}

/** A name, the page, then its parts on six connections at a time: every third over IPv6, and one form sent back. */
async function web() {
  await lookUp();
  const headers = { cookie: 'c'.repeat(220) };
  await exchange(V4, '/18000', { headers });
  const parts = [2_000, 60_000, 6_500, 31_000, 3_200, 12_000, 45_000, 2_600, 9_000, 20_000, 4_100, 27_000];
  const worker = async () => {
    for (let n = parts.length; parts.length > 0; n = parts.length) {
      await exchange(n % 3 === 0 ? V6 : V4, `/${parts.shift()}`, { headers });
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  await exchange(V6, '/form', { body: text(24_000), headers });
}

if (role === 'serve') serve();
if (role === 'download') await download();
if (role === 'web') await web();
if (role === 'upload') await exchange(V4, '/upload', { body: text(2_000_000) });
if (role === 'offload') await exchange(V4, '/220000');
NODE

# ---- the network ----------------------------------------------------------------------------------------
for ns in $client $router $server; do
  ip netns add "$ns"
  ip netns exec "$ns" sysctl -qw net.ipv4.tcp_no_metrics_save=1 net.ipv6.conf.all.accept_dad=0 \
    net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0
done
ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip link add c0 netns "$client" type veth peer name r1 netns "$router"
ip link add s0 netns "$server" type veth peer name r2 netns "$router"

attach() { # namespace device network-number host-number
  ip -n "$1" addr add "10.77.$3.$4/24" dev "$2"
  ip -n "$1" addr add "fd77:$3::$4/64" dev "$2" nodad
  ip -n "$1" link set "$2" up
  ip -n "$1" link set lo up
  ip netns exec "$1" ethtool -K "$2" tso off gso off gro off tx off rx off >"$work/ethtool" 2>&1
}
attach "$client" c0 1 2
attach "$router" r1 1 1
attach "$router" r2 2 1
attach "$server" s0 2 2
ip netns exec "$server" node "$work/traffic.mjs" serve &
pids+=($!)
until ip netns exec "$server" ss -Hltn 'sport = :80' | grep -q .; do sleep 0.1; done

# ---- one capture ----------------------------------------------------------------------------------------
shape() { # device rate limit-in-bytes: the router's egress towards the client is r1, towards the server r2
  ip netns exec "$router" tc qdisc replace dev "$1" root tbf rate "$2" burst 2000 limit "$3"
}
unshape() { ip netns exec "$router" tc qdisc del dev "$1" root 2>/dev/null || true; }
controller() { # by route, since a namespace may not choose a default controller that the host restricts
  ip -n "$client" route replace default via 10.77.1.1 congctl "$1"
  ip -n "$client" -6 route replace default via fd77:1::1 congctl "$1"
  ip -n "$server" route replace default via 10.77.2.1 congctl "$1"
  ip -n "$server" -6 route replace default via fd77:2::1 congctl "$1"
}
wait_for() { for _ in $(seq 100); do grep -q "$2" "$1" 2>/dev/null && return; sleep 0.1; done; cat "$1" >&2; exit 1; }

record() { # file namespace device snap-length filter command...
  local file=$out/$1 ns=$2 device=$3 snap=$4 filter=$5 dump
  shift 5
  : >"$work/tcpdump"
  # -Z root: as another user, tcpdump may not write into a folder of root's
  ip netns exec "$ns" tcpdump -Z root -i "$device" -s "$snap" -B 20000 --time-stamp-precision=nano -w "$file" \
    "$filter" 2>"$work/tcpdump" &
  dump=$!
  pids+=("$dump")
  wait_for "$work/tcpdump" 'listening on'
  "$@"
  sleep 1.5 # last acknowledgements; and the kernel hands packets to tcpdump in blocks
  kill -INT "$dump"
  wait "$dump" || true
  grep -q '^0 packets dropped by kernel' "$work/tcpdump" || { cat "$work/tcpdump" >&2; exit 1; }
  printf '%s  %s  %s packets, %s bytes\n' "$(sha256sum "$file" | cut -d' ' -f1)" "$(basename "$file")" \
    "$(tcpdump -r "$file" 2>/dev/null | wc -l)" "$(stat -c %s "$file")"
}
run() { ip netns exec "$client" node "$work/traffic.mjs" "$1"; }
web_page() {
  ip netns exec "$client" ping -q -n -c 3 -i 0.2 10.77.2.2 >"$work/ping"
  ip netns exec "$client" ping -q -n -6 -c 2 -i 0.2 fd77:2::2 >"$work/ping"
  run web
}

echo "Linux $(uname -r | cut -d- -f1), $(date -u +%F)"

controller cubic
shape r1 10mbit 18000
record download-cubic.pcap "$server" s0 0 tcp run download

controller reno
shape r1 6mbit 24000
shape r2 2mbit 24000
record web-page-reno.pcap "$client" c0 0 'ip or ip6 or arp' web_page

controller bbr
unshape r1
shape r2 5mbit 40000
record upload-bbr.pcap "$client" c0 96 tcp run upload

controller cubic
unshape r2
shape r1 100mbit 200000
ip netns exec "$server" ethtool -K s0 tx on tso on gso on >"$work/ethtool" 2>&1
record offload-supersegments.pcap "$server" s0 0 tcp run offload
