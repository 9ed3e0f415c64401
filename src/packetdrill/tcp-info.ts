/**
 * The fields of Linux's tcp_info that scripts assert, with its names and units: times in microseconds,
 * `last_*` in milliseconds, windows and counts in packets.
 */
export type TcpInfoFields = Readonly<Record<string, number>>;
