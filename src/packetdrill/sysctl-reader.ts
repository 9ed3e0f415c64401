/**
 * What reads the value of a kernel parameter: a change of our configuration, or undefined for a value that it does not
 * have. The tables of names are in packetdrill/sysctl (Linux) and sysctl-bsd (FreeBSD).
 */
import type { Duration } from '../base/units.ts';
import type { PacingGains } from '../recovery/pacer.ts';
import type { RttConfig } from '../recovery/rtt.ts';
import type { TcpConfig } from '../tcp/config.ts';

/** What is set beside TcpConfig. */
export interface SocketDefaults {
  /** tcp_fastopen bits: 1 client, 2 server, 4 client without cookie, 0x200 server without cookie,
   * 0x400 every listener serves Fast Open. */
  readonly fastOpenBits: number;
  /** 16 bytes as four little-endian words of hex; undefined: chosen by chance. */
  readonly fastOpenKey: string | undefined;
  readonly congestionControl: string;
  /** tcp_notsent_lowat; 0: no bound. */
  readonly notSentLowAtBytes: number;
  /** HyStart of CUBIC: bits 1 ACK train, 2 delay. */
  readonly hystartDetect: number;
  readonly usesHystart: boolean;
}

export interface StackSettings {
  readonly tcp: TcpConfig;
  readonly sockets: SocketDefaults;
}

export interface Change {
  readonly tcp?: Partial<TcpConfig>;
  readonly rtt?: Partial<RttConfig>;
  readonly pacing?: Partial<PacingGains>;
  readonly sockets?: Partial<SocketDefaults>;
}

export type Reader = (value: string) => Change | undefined;

export const flag =
  (field: keyof TcpConfig): Reader =>
  (value) => ({ tcp: { [field]: value !== '0' } });

/** As the kernel keeps them: 32 bits. */
const DECIMAL = /^\d{1,10}$/;

export const isDecimal = (value: string): boolean => DECIMAL.test(value);

export const count =
  (field: keyof TcpConfig): Reader =>
  (value) =>
    isDecimal(value) ? { tcp: { [field]: Number(value) } } : undefined;

export const time =
  (field: keyof TcpConfig, unitNs: Duration): Reader =>
  (value) =>
    isDecimal(value) ? { tcp: { [field]: Number(value) * unitNs } } : undefined;

/** A time that the RTT estimator has. */
export const rttTime =
  (field: keyof RttConfig, unitNs: Duration): Reader =>
  (value) =>
    isDecimal(value) ? { rtt: { [field]: Number(value) * unitNs } } : undefined;

/** Of the values there are, the ones listed change nothing, and another is beyond us. */
export const only =
  (...values: readonly string[]): Reader =>
  (value) =>
    values.includes(value) ? {} : undefined;

/** `min default max` of tcp_rmem and tcp_wmem. */
export const buffer =
  (field: 'receiveBufferBytes' | 'sendBufferBytes', maxField: keyof TcpConfig): Reader =>
  (value) => {
    const [, usual, most] = value.split(/\s+/).map(Number);
    if (!Number.isInteger(usual) || !Number.isInteger(most)) return undefined;
    return { tcp: { [field]: usual, [maxField]: most } };
  };

export const sockets = (change: Partial<SocketDefaults>): Change => ({ sockets: change });
