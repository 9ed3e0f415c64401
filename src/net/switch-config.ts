/** What a switch does beyond handing frames on: options, as data. Each is off when absent. */
import type { Bytes } from '../base/units.ts';
import type { QueueLimits } from '../qdisc/queue-discipline.ts';
import type { SharedBufferPolicy } from '../qdisc/shared-buffer.ts';

export interface SwitchConfig {
  readonly pfc?: FlowControlConfig | undefined;
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
