/**
 * Datagrams beside the connections of a dumbbell: addresses of their own behind its switches, and flows that the far
 * side sends back. Cold.
 */
import type { Duration } from '../../base/units.ts';
import type { FrameSink } from '../../frame/frame-sink.ts';
import type { Network } from '../../net/network.ts';
import type { Switch } from '../../net/switch.ts';
import type { Dumbbell } from '../../stack/dumbbell.ts';
import type { Host } from '../../stack/host.ts';
import { DatagramEcho, DatagramSink } from '../../traffic/datagram-sink.ts';
import { type DatagramFlow, DatagramSource } from '../../traffic/datagram-source.ts';

type Pace = ConstructorParameters<typeof DatagramSource>[4];

/** On that side a route to the sink, on the other the way that hosts behind the bottleneck have. */
export function addDatagramSink(
  network: Network,
  line: Dumbbell,
  side: 'left' | 'right',
  address: string,
  sink: FrameSink,
): void {
  const [left, right] = line.topology.switches as [Switch, Switch];
  const [at, from] = side === 'left' ? [left, right] : [right, left];
  const behind = line[side][0] as Host;
  const index = network.addresses.internText(address);
  at.routes.setRoute(index, [at.routes.addPort(sink)]);
  from.routes.setRoute(index, from.routes.portsTo(behind.address));
}

/** From the left side to the right and back; the caller runs it. */
export function addEchoedDatagrams(
  network: Network,
  line: Dumbbell,
  flow: DatagramFlow & { readonly name: string; readonly pace: Pace },
  onRoundTrip: (rttNs: Duration) => void,
): DatagramSource {
  const [left, right] = line.topology.switches as [Switch, Switch];
  const { name, source, destination, pace } = flow;
  const datagrams = new DatagramSource(network, name, left, flow, pace);
  addDatagramSink(network, line, 'right', destination, new DatagramEcho(network, right));
  const sink = new DatagramSink(network, `${name} echo`, datagrams, onRoundTrip);
  addDatagramSink(network, line, 'left', source, sink);
  return datagrams;
}
