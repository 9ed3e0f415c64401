/** Why a connection failed or a command was refused; names are those of POSIX, which scripts use. */
export const enum TcpError {
  None = 0,
  ConnectionRefused = 1,
  ConnectionReset = 2,
  TimedOut = 3,
  BrokenPipe = 4,
  HostUnreachable = 5,
  NetworkUnreachable = 6,
  ProtocolUnreachable = 7,
  NotConnected = 8,
  AddressInUse = 9,
  /** No ephemeral port is left. */
  AddressNotAvailable = 10,
  /** Nothing now: no data to read, no room to write, nobody to accept. */
  WouldBlock = 11,
  /** The send half or the whole connection was closed before. */
  Invalid = 12,
  MessageSize = 13,
  InProgress = 14,
  ConnectionAborted = 15,
  /** A router could not make sense of a header of ours. */
  ProtocolError = 16,
  /** Nobody knows the host. */
  HostDown = 17,
  HostIsolated = 18,
  /** A source route that fails. */
  NotSupported = 19,
}

/** Names by TcpError; the first is empty. */
export const TCP_ERROR_NAMES = [
  '',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOPROTOOPT',
  'ENOTCONN',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EAGAIN',
  'EINVAL',
  'EMSGSIZE',
  'EINPROGRESS',
  'ECONNABORTED',
  'EPROTO',
  'EHOSTDOWN',
  'ENONET',
  'EOPNOTSUPP',
] as const;
