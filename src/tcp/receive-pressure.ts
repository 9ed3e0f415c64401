/**
 * A receive buffer without room for what comes, where its memory is counted: tcp/receive-memory. As Linux, the buffer grows
 * if it may, what is in order is copied together, and what lies beyond a hole is given up, which RFC 2018 §8 allows.
 * Where that is not enough the text is dropped, and its sender is told at once of a closed window.
 */
import type { TcpConnection } from './connection.ts';
import { AckNote } from './connection-flags.ts';
import type { ReceiveMemory } from './receive-memory.ts';
import { holdWindow, setReceiveBufferBytes } from './receive-window.ts';

/** Whether there is room for text, or has been made: the last segment may be larger than what is left. */
export function hasRoom(connection: TcpConnection): boolean {
  const { receiveMemory } = connection;
  if (receiveMemory === undefined) return true;
  return isWithin(connection, receiveMemory) || makeRoom(connection, receiveMemory);
}

function isWithin(connection: TcpConnection, memory: ReceiveMemory): boolean {
  return memory.heldBytes <= connection.rcvBufferBytes;
}

function makeRoom(connection: TcpConnection, memory: ReceiveMemory): boolean {
  const most = connection.config.receiveBufferBytesMax;
  if (!connection.isRcvBufferFixed && connection.rcvBufferBytes < most) {
    setReceiveBufferBytes(connection, Math.min(memory.heldBytes, most));
    if (isWithin(connection, memory)) return true;
  }
  holdWindow(connection);
  memory.collapse(connection.settings.receiveShare);
  if (isWithin(connection, memory)) return true;
  memory.dropBeyondHole();
  connection.reassembly?.clear();
  return isWithin(connection, memory);
}

/** The next ACK goes at once and closes the window, also to the left of what was promised. */
export function tellOfPressure(connection: TcpConnection): void {
  connection.rcvAdv = connection.rcvNxt;
  connection.ackNotes |= AckNote.Scheduled | AckNote.Due;
}
