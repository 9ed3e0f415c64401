/** What a switch does beyond handing frames on: options, as data. Each is off when absent. */
import type { Bytes, Duration } from '../base/units.ts';
import type { QueueLimits } from '../qdisc/queue-discipline.ts';
import type { SharedBufferPolicy } from '../qdisc/shared-buffer.ts';

export interface SwitchConfig {
  /**
   * Cuts through: a frame is forwarded when so many of its bytes have arrived, where the port that it leaves by is
   * idle and not faster. A switch that stores and forwards when absent.
   */
  readonly cutThroughBytes?: Bytes | undefined;
  /** Among equal paths: by flowlet or by packet; by flow when absent. */
  readonly balance?: PathBalance | undefined;
  /** Memory that its ports share; each port has its own when absent. Not beside `pfc`. */
  readonly sharedBuffer?: SharedBufferConfig | undefined;
  readonly pfc?: FlowControlConfig | undefined;
}

export type PathBalance =
  /** After a gap of more than that, a flow's next packets may take another path. */
  { readonly kind: 'flowlet'; readonly gapNs: Duration } | { readonly kind: 'spray' };

export interface SharedBufferConfig {
  readonly bytes: Bytes;
  readonly policy: SharedBufferPolicy;
}

/** Priority-based flow control (IEEE 802.1Qbb). */
export interface FlowControlConfig {
  /** Shared by all ingress ports; headroom comes on top of it. */
  readonly bufferBytes: Bytes;
  /** XOFF: what an ingress may hold of a priority before its sender is paused. Not `abm`. */
  readonly xoff: SharedBufferPolicy;
  /** XON: so far below XOFF the sender goes on. */
  readonly xonBelowBytes: Bytes;
  /** Of each ingress and priority; by rate, delay and MTU of its link when absent. */
  readonly headroomBytes?: Bytes | undefined;
  /** Of a pause, 1 to 65535; it is renewed after half of it. */
  readonly quanta: number;
  /** Bit n for priority n, the class selector of the DSCP. */
  readonly losslessPriorities: number;
  /** K, at which each port marks; nothing is marked when absent. */
  readonly mark?: QueueLimits | undefined;
}
