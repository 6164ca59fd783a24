import { type BinlogPosition, isBefore } from "../transactions/binlog-position.ts";
import type { Census } from "./process-list.ts";

/** What a decision about a session needs to know of it. */
export interface SessionState {
  readonly thread: number;
  readonly run: number;
  /** Whether its thread id is one of the server's own, in its present run: only then the process list tells of it. */
  readonly isPresent: boolean;
  /** The position of its last transaction that was read; null for none. */
  readonly lastSeen: BinlogPosition | null;
}

export interface SavedPosition {
  /** Transactions from here on are read again. */
  readonly position: BinlogPosition;
  /** The run that goes on there; null before the first file was read. */
  readonly run: number | null;
}

/**
 * Whether a session can write again, or be read again, behind an offset: only then it must be known. It cannot when its
 * connection is gone, everything that it wrote was read, and all of that lies before the offset; nor when its run is over
 * there. `census` is null while reading has not passed the position up to which the process list speaks.
 */
export function isOver(
  session: SessionState,
  saved: SavedPosition,
  census: Census | null,
): boolean {
  if (session.lastSeen !== null && !isBefore(session.lastSeen, saved.position)) return false;
  const isOwn = session.run >= 0;
  if (isOwn && saved.run !== null && session.run < saved.run) return true;
  return session.isPresent && census !== null && !census.alive.has(session.thread);
}
