/**
 * `bufferbloat`: a home behind one line. It makes a call (small packets that are echoed, and video whose quality
 * follows what arrives) and loads a web page now and then; after a quarter of the run an upload begins that
 * fills whatever buffer the uplink has. What the upload does to the others depends on the queue discipline and
 * on its congestion control, and is measured against the quarter before it. The discipline is that of both
 * directions, as when the home's router shapes both.
 */
import type { Duration, Instant } from '../../base/units.ts';
import { FramePool } from '../../frame/frame-pool.ts';
import { PayloadArena } from '../../frame/payload-arena.ts';
import { Network } from '../../net/network.ts';
import type { Switch } from '../../net/switch.ts';
import type { CongestionControllerFactory } from '../../recovery/congestion.ts';
import { buildDumbbell, type Dumbbell } from '../../stack/dumbbell.ts';
import type { Host } from '../../stack/host.ts';
import { EcnMode, LINUX_PROFILE, type TcpConfig } from '../../tcp/config.ts';
import { FlowMeter } from '../../tcp/flow-meter.ts';
import { DatagramSink } from '../../traffic/datagram-sink.ts';
import { DatagramSource } from '../../traffic/datagram-source.ts';
import { requestResponseTraffic } from '../../traffic/request-response.ts';
import { constantSize } from '../../traffic/size-distribution.ts';
import { VIDEO_PAYLOAD_BYTES, VideoCall } from '../../traffic/video-call.ts';
import type { RunPlan } from '../flow-run.ts';
import { choiceOf, FORMS, type ParameterValuesOf, parseNames } from '../parameters.ts';
import { QDISC_FORM } from '../qdisc-spec.ts';
import { EXPECTED, parseBytes } from '../quantity.ts';
import { limitsOf } from '../queue-spec.ts';
import type { FlowPlan } from '../running-flow.ts';
import { TraceTaps } from '../trace-taps.ts';
import { UnderLoad } from '../under-load.ts';
import { type BuiltScenario, defineScenario, type ScenarioContext } from './catalog-entry.ts';
import { addDatagramSink, addEchoedDatagrams } from './dumbbell-datagrams.ts';

const parameters = {
  up: { ...FORMS.rate, default: '10 Mbps', description: 'of the uplink' },
  down: { ...FORMS.rate, default: '50 Mbps', description: 'of the downlink' },
  rtt: { ...FORMS.positiveDuration, default: '20 ms', description: 'propagation there and back' },
  queue: { ...FORMS.queue, default: '1 MB', description: 'limit of what waits, each way' },
  qdisc: {
    ...QDISC_FORM,
    default: 'fifo',
    description: 'queue discipline, each way; its own limit counts before `queue`',
  },
  cc: {
    expected: 'names of controllers like reno,cubic',
    parse: parseNames,
    default: 'cubic',
    description: 'congestion controllers, one upload each',
  },
  ecn: { ...choiceOf(['off', 'on'] as const), default: 'off', description: 'of the uploads' },
  page: {
    expected: EXPECTED.bytes,
    parse: (text: string) => {
      const bytes = parseBytes(text);
      return bytes !== undefined && bytes > 0 ? bytes : undefined;
    },
    default: '200 kB',
    description: 'of the web page that is loaded every 2 s',
  },
  voice: {
    ...FORMS.positiveDuration,
    default: '20 ms',
    description: "between the packets of the call's voice, which are echoed",
  },
  video: {
    ...choiceOf(['on', 'off'] as const),
    default: 'on',
    description: 'whether the call has video beside its voice',
  },
  l4s: {
    ...choiceOf(['off', 'on'] as const),
    default: 'off',
    description: 'whether the call marks its packets ECT(1), low latency (RFC 9331)',
  },
  duration: {
    ...FORMS.positiveDuration,
    default: '40 s',
    description: 'length of the run; the upload begins after a quarter of it',
  },
};

type Values = ParameterValuesOf<typeof parameters>;

const ACCESS_RATE = 10e9;
const ACCESS_DELAY_NS: Duration = 1000;
const PROCESSING_DELAY_NS: Duration = 100e3;
const REQUEST_BYTES = 500;
const PAGE_EVERY_NS: Duration = 2e9;
/** What the upload takes to fill the buffer is not counted as under load. */
const SETTLING_NS: Duration = 2e9;
const VOICE_PAYLOAD_BYTES = 160;
/** RFC 9331 §2. */
const ECT1 = 1;
const UPLOAD_PORT = 5001;
const PAGE_PORT = 80;
const FRAMES = 1 << 18;
const ARENA_CHUNK_BYTES = 1 << 20;
const ARENA_CHUNKS = 256;
const SAMPLE_NS: Duration = 100e6;
const SAMPLES_MAX = 2000;

export const bufferbloat = defineScenario({
  name: 'bufferbloat',
  description: 'a call and a web page beside an upload over a home line',
  parameters,
  build,
});

function build(values: Values, context: ScenarioContext): BuiltScenario {
  const { seed, wireAlways, queueProbe } = context;
  const { cc, duration, ecn } = values;
  const factories = cc.map((name) => context.controllers.factory(name));
  const pool = new FramePool(FRAMES, new PayloadArena(ARENA_CHUNK_BYTES, ARENA_CHUNKS));
  const network = new Network({ seed, pool, wireAlways, queueProbe });
  const meter = new FlowMeter();
  const taps = new TraceTaps(network, context.trace);
  const tcp: TcpConfig = { ...LINUX_PROFILE, ...(ecn === 'on' && { ecn: EcnMode.Request }) };
  const accessDelayNs = Math.min(ACCESS_DELAY_NS, Math.floor(values.rtt / 8));
  const line = buildDumbbell(network, {
    pairs: cc.length + 1,
    host: { tcp, controllers: factories[0] as CongestionControllerFactory, meter },
    ...homeLine(values, values.rtt - 4 * accessDelayNs),
    accessRate: ACCESS_RATE,
    accessDelayNs,
    processingDelayNs: PROCESSING_DELAY_NS,
    watch: (point, to) => taps.tap(point, to),
  });
  const uploadNs = Math.floor(duration / 4);
  const uploads = factories.map(
    (controllers, index): FlowPlan => ({
      from: line.left[index] as Host,
      to: line.right[index] as Host,
      port: UPLOAD_PORT,
      cc: cc[index] as string,
      controllers,
      startNs: uploadNs,
      sizeBytes: Number.POSITIVE_INFINITY,
    }),
  );
  const pages = planPages(values, line, context);
  const underLoad = new UnderLoad(network, { loadNs: uploadNs, settlingNs: SETTLING_NS });
  addCall(network, line, underLoad, values);
  const plan: RunPlan = {
    network,
    meter,
    flows: [...uploads, ...pages],
    links: line.topology.links,
    reportedLinks: [line.bottleneck, line.bottleneckBack],
    endNs: duration,
    sampleNs: Math.max(SAMPLE_NS, Math.ceil(duration / SAMPLES_MAX)),
    underLoad,
  };
  return { plan, taps, processingDelayNs: PROCESSING_DELAY_NS };
}

function homeLine({ up, down, rtt, queue, qdisc }: Values, roundTripNs: Duration) {
  const there = Math.floor(roundTripNs / 2);
  const link = (name: string, rate: number, delayNs: Duration) => ({
    name,
    rate,
    delayNs,
    queue: limitsOf(qdisc.limit ?? queue, rate, rtt),
    discipline: qdisc.create,
  });
  return {
    bottleneck: link('uplink', up, there),
    bottleneckBack: link('downlink', down, roundTripNs - there),
  };
}

/** Every two seconds, over connections of a pair of hosts of their own. */
function planPages(
  { page, duration, cc }: Values,
  line: Dumbbell,
  { controllers }: ScenarioContext,
): FlowPlan[] {
  const plans: FlowPlan[] = [];
  for (let startNs = PAGE_EVERY_NS / 2; startNs < duration; startNs += PAGE_EVERY_NS) {
    plans.push({
      from: line.left[cc.length] as Host,
      to: line.right[cc.length] as Host,
      port: PAGE_PORT,
      cc: 'cubic',
      controllers: controllers.factory('cubic'),
      startNs,
      sizeBytes: page,
      traffic: requestResponseTraffic({
        requestBytes: REQUEST_BYTES,
        responses: constantSize(page),
        count: 1,
        thinkNs: 0,
        payload: 'zeros',
      }),
    });
  }
  return plans;
}

/** Voice that is echoed, and video upwards. */
function addCall(
  network: Network,
  line: Dumbbell,
  underLoad: UnderLoad,
  { l4s, voice: intervalNs, video: hasVideo, duration }: Values,
): void {
  const endNs: Instant = 0 + duration;
  const ends = (last: number, port: number) => ({
    source: `10.0.255.${last}`,
    destination: `10.1.255.${last}`,
    sourcePort: port,
    destinationPort: port,
    ecn: l4s === 'on' ? ECT1 : 0,
  });
  const voicePace = { payloadBytes: VOICE_PAYLOAD_BYTES, intervalNs };
  const voice = addEchoedDatagrams(
    network,
    line,
    { name: 'voice', ...ends(1, 4000), pace: voicePace },
    (rttNs) => underLoad.onRoundTrip(rttNs),
  );
  underLoad.watchVoice(voice);
  voice.run(0, endNs);
  if (hasVideo === 'off') return;
  const pace = { payloadBytes: VIDEO_PAYLOAD_BYTES, intervalNs };
  const [home] = line.topology.switches as [Switch];
  const video = new DatagramSource(network, 'video', home, ends(2, 4002), pace);
  const call = new VideoCall(network, video);
  const sink = new DatagramSink(network, 'video peer', video, (ns) => call.onDatagram(ns));
  addDatagramSink(network, line, 'right', '10.1.255.2', sink);
  underLoad.watchVideo(call);
  call.run(endNs);
}
