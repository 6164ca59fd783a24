import type { Author, Connection, SessionEntry } from "../../wire/session.ts";
import type { PositionText } from "../../wire/position.ts";
import { type BinlogPosition, isBefore } from "../transactions/binlog-position.ts";
import type { Census } from "./process-list.ts";
import type { Proof, ProvenUser } from "./proven-users.ts";
import { KnownConnection } from "./known-connection.ts";

/** A connection in the session book. */
export class Session {
  readonly connection: Connection;
  readonly facts = new KnownConnection();
  /**
   * Whether its thread id is one of the server's own, in its present run: only then the process
   * list tells of it.
   */
  isPresent = false;
  /** The position of its last transaction that was read; null for none. */
  lastSeen: BinlogPosition | null = null;
  /** Whether the sessions table was asked for it. */
  isLookedUp = false;
  /** Whether what was recorded of it is wanted before it is written: a tag alone told of it. */
  get needsPast(): boolean {
    return !this.isLookedUp && this.facts.entries[0]?.tagged?.host === "";
  }
  /** Settled when somebody was asked whose connection it is; null when nobody was. */
  answer: Promise<void> | null = null;
  /** Whether the process list was asked for it. */
  isAsked = false;
  /** Settled when its user was asked for behind a reset; null when that was not necessary. */
  proof: Promise<void> | null = null;
  /** What is certain of its user by the counts of the server. */
  #proven: (ProvenUser & { readonly readTo: BinlogPosition }) | null = null;
  /** Whether a change of it left without an author: then the retry function waits to hear of it. */
  isMissed = false;
  /** The revision of the facts that the sessions table has. */
  recordedRevision = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  get thread(): number {
    return this.connection.thread;
  }

  get run(): number {
    return this.connection.run;
  }

  /** Takes an answer to a question that was asked when reading had come to `readTo`. */
  take(proof: Proof, readTo: BinlogPosition): void {
    if (proof !== "changed") this.#proven = { ...proof, readTo };
    else this.facts.doubt();
  }

  /** Who wrote what it wrote at a position, if that was proven. */
  provenAuthor(position: BinlogPosition): Author | undefined {
    if (this.#proven === null) return undefined;
    const { user, host, since, readTo } = this.#proven;
    if (isBefore(position, since) || !isBefore(position, readTo)) return undefined;
    return { user, host, attribution: "first-sight" };
  }

  /** What must be known of it from a position on; the rest of what is known will be read again. */
  entriesBefore(position: PositionText): readonly SessionEntry[] {
    return this.facts.entries.filter(({ from }) => from < position);
  }

  get isUnrecorded(): boolean {
    return this.facts.revision > this.recordedRevision;
  }
}

export interface SavedPosition {
  /** Transactions from here on are read again. */
  readonly position: BinlogPosition;
  /** The run that goes on there; null before the first file was read. */
  readonly run: number | null;
}

/**
 * Whether a session can write again, or be read again, behind an offset: only then it must be
 * known. It cannot when its connection is gone, everything that it wrote was read, and all of that
 * lies before the offset; nor when its run is over there. `census` is null while reading has not
 * passed the position up to which the process list speaks.
 */
export function isOver(
  session: Pick<Session, "thread" | "run" | "isPresent" | "lastSeen">,
  saved: SavedPosition,
  census: Census | null,
): boolean {
  if (session.lastSeen !== null && !isBefore(session.lastSeen, saved.position)) return false;
  // It wrote before the offset, where another run goes on: its own has ended.
  if (session.lastSeen !== null && saved.run !== null && session.run !== saved.run) return true;
  return session.isPresent && census?.alive?.has(session.thread) === false;
}
