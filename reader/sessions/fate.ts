import type { Census } from "./process-list.ts";
import { isBefore, type Place } from "./read-place.ts";

/** What a decision about a session needs to know of it. */
export interface SessionState {
  readonly thread: number;
  readonly run: number;
  /** Whether its thread id is one of the server's own, in its present run: only then the process list tells of it. */
  readonly isPresent: boolean;
  /** The place of its last transaction that was read; null for none. */
  readonly lastSeen: Place | null;
}

export interface SavedPlace {
  /** Transactions from here on are read again. */
  readonly place: Place;
  /** The run that goes on there; null before the first file was read. */
  readonly run: number | null;
}

/**
 * Whether a session can write again, or be read again, behind an offset: only then it must be known. It cannot when its
 * connection is gone, everything that it wrote was read, and all of that lies before the offset; nor when its run is over
 * there. `census` is null while the stream has not passed the place up to which the process list speaks.
 */
export function isOver(session: SessionState, saved: SavedPlace, census: Census | null): boolean {
  if (session.lastSeen !== null && !isBefore(session.lastSeen, saved.place)) return false;
  const isOwn = session.run >= 0;
  if (isOwn && saved.run !== null && session.run < saved.run) return true;
  return session.isPresent && census !== null && !census.alive.has(session.thread);
}
