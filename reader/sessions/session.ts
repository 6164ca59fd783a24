import {
  type Author,
  type Connection,
  type SessionEntry,
  unknownFrom,
} from "../../wire/session.ts";
import { withoutEpoch, type PositionText } from "../../wire/position.ts";
import { type BinlogPosition, isBefore } from "../transactions/binlog-position.ts";
import type { Census } from "./process-list.ts";
import type { Proof, ProvenUser } from "./proven-users.ts";
import { KnownConnection } from "./known-connection.ts";

/** A connection in the session book. */
export class Session {
  readonly connection: Connection;
  readonly facts = new KnownConnection();
  /**
   * Whether its thread id belongs to this server's present run, so that the process list is valid
   * for it.
   */
  isPresent = false;
  /** The position of its last transaction that was read; null when there is none. */
  lastSeen: { fileNumber: number; offset: number } | null = null;
  /** Whether it was looked up in the sessions table. */
  isLookedUp = false;
  /**
   * Whether its recorded entries must be looked up before it is recorded: its first entry is from a
   * tag and lacks the host.
   */
  get needsPast(): boolean {
    return !this.isLookedUp && this.facts.entries[0]?.tagged?.host === "";
  }
  /** The lookup of its author; null when none was started. */
  answer: Promise<void> | null = null;
  /** Whether that lookup included the process list. */
  isAsked = false;
  /** The lookup of its proven user; null when none was needed. */
  proof: Promise<void> | null = null;
  /** The user that the server's counts prove, for changes before `readTo`. */
  #proven: (ProvenUser & { readonly readTo: BinlogPosition }) | null = null;
  /**
   * Whether a change has no author, so that the route and retry functions look the session up in
   * the sessions table. What is known of it is recorded before the change is sent, and new facts at
   * the next sweep.
   */
  isMissed = false;
  /** The revision of the facts in the sessions table. */
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

  /** Called with the position of each of its transactions that is read. */
  sees(fileNumber: number, offset: number): void {
    if (this.lastSeen === null) {
      this.lastSeen = { fileNumber, offset };
    } else {
      this.lastSeen.fileNumber = fileNumber;
      this.lastSeen.offset = offset;
    }
  }

  /** Records a proof. `readTo`: the read position at the time of the query. */
  take(proof: Proof, readTo: BinlogPosition): void {
    if (proof !== "changed") this.#proven = { ...proof, readTo };
    else this.facts.doubt();
  }

  /** The author of its changes at a position, if proven. */
  provenAuthor(position: BinlogPosition): Author | undefined {
    if (this.#proven === null) return undefined;
    const { user, host, since, readTo } = this.#proven;
    if (isBefore(position, since) || !isBefore(position, readTo)) return undefined;
    return { user, host, attribution: "first-sight" };
  }

  /**
   * The entries to record: those from before a position, and at most `most` of them. Where others
   * follow, the author is unknown: they are read again from the binlog, and until then the former
   * entry must not hold in their place.
   */
  entriesBefore(position: PositionText, most = Infinity): readonly SessionEntry[] {
    const { entries } = this.facts;
    const later = entries.findIndex(({ from }) => withoutEpoch(from) >= withoutEpoch(position));
    const count = Math.min(later === -1 ? entries.length : later, most);
    const next = entries[count];
    const kept = entries.slice(0, count);
    return next === undefined || count === 0 ? kept : [...kept, unknownFrom(next.from)];
  }

  get isUnrecorded(): boolean {
    return this.facts.revision > this.recordedRevision;
  }
}

export interface SavedPosition {
  /** A restarted reader reads the transactions from here on again. */
  readonly position: BinlogPosition;
  /** The server run at this position; null before the first file was read. */
  readonly run: number | null;
}

/**
 * Whether a session has no changes behind an offset and will write none, so it need not be known
 * any more. All its transactions must lie before the offset, and its server run must have ended
 * there or its connection must be closed. `census`: null until reading has passed the end of the
 * census.
 */
export function isOver(
  session: Pick<Session, "thread" | "run" | "isPresent" | "lastSeen">,
  saved: SavedPosition,
  census: Census | null,
): boolean {
  if (session.lastSeen !== null && !isBefore(session.lastSeen, saved.position)) return false;
  // It wrote before the offset, where another run is active, so its own run has ended.
  if (session.lastSeen !== null && saved.run !== null && session.run !== saved.run) return true;
  return session.isPresent && census?.alive?.has(session.thread) === false;
}
