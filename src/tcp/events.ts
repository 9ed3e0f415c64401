/** What a connection tells the layer above: it asks pollEvent until None. Told lowest first. */
export const enum TransportEvent {
  None = 0,
  /** The handshake is done; of a passive connection: it waits in its listener's queue. */
  Established = 1,
  /** New data, or the end of it, can be read. */
  Readable = 2,
  /** Room in the send buffer after there was none. */
  Writable = 3,
  /** The peer will send no more. */
  PeerClosed = 4,
  /** The connection is over, in order. */
  Closed = 5,
  /** The connection is over by failure: see its error. */
  Reset = 6,
}
