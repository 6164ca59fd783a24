import { type Connection, connectionName } from "../../wire/session.ts";
import { type BinlogPosition, isBefore } from "../transactions/binlog-position.ts";
import { isOver, type SavedPosition } from "./session.ts";
import type { Census } from "./process-list.ts";
import { Session } from "./session.ts";

/**
 * How many connections are remembered. A forgotten connection that writes again is found in the
 * sessions table.
 */
export const CONNECTIONS_KEPT = 100_000;

/** How many of them are found by their thread alone. */
const BY_THREAD = 1000;

/** How a reader that records nothing forgets connections. */
export interface Forgetting {
  /** The most connections in memory, unless more of them are not recorded yet. */
  readonly most: number;
  /** The position before which another reader has recorded all connections; null: none. */
  readonly recordedTo: () => BinlogPosition | null;
}

/**
 * The remembered connections, and those of them with facts that are not in the sessions table yet.
 */
export class RememberedSessions {
  readonly #server: string;
  readonly #kept: number;
  readonly #recordedTo: Forgetting["recordedTo"] | undefined;
  /**
   * In the order in which the connections were first met; with `recordedTo`, were last met.
   */
  readonly #sessions = new Map<string, Session>();
  readonly #unrecorded = new Set<Session>();
  /**
   * The session of the last call of `of`, because consecutive transactions often come from the same
   * connection.
   */
  #latest: Session | null = null;
  /**
   * Sessions of one run by their threads, because consecutive transactions mostly come from a few
   * connections in turn. Unused with `recordedTo`, which needs the order.
   */
  readonly #byThread = new Map<number, Session>();
  #run = NaN;

  /**
   * `server`: `@@server_uuid` of the connections' server. `recordedTo`: for a reader that records
   * nothing, and so never calls `forgetOver` and `forgetOldest`.
   */
  constructor(server: string, kept = CONNECTIONS_KEPT, recordedTo?: Forgetting["recordedTo"]) {
    this.#server = server;
    this.#kept = kept;
    this.#recordedTo = recordedTo;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get unrecorded(): ReadonlySet<Session> {
    return this.#unrecorded;
  }

  /**
   * The session of a connection; a new one when the connection was not met before, or was
   * forgotten.
   */
  of({ run, thread }: Pick<Connection, "run" | "thread">): Session {
    const latest = this.#latest;
    if (latest !== null && latest.thread === thread && latest.run === run) return latest;
    const known = run === this.#run ? this.#byThread.get(thread) : undefined;
    return (this.#latest = known ?? this.#find({ server: this.#server, run, thread }));
  }

  /** Called after facts about a session may have been added or recorded. */
  note(session: Session): void {
    if (session.isUnrecorded) this.#unrecorded.add(session);
    else this.#unrecorded.delete(session);
  }

  /** Forgets the sessions that are over for an offset; see `isOver`. */
  forgetOver(saved: SavedPosition, census: Census | null): void {
    for (const [name, session] of this.#sessions) {
      // The facts about a change that is already parked must be recorded first.
      if (session.isMissed && session.isUnrecorded) continue;
      if (isOver(session, saved, census)) this.#drop(name, session);
    }
  }

  /**
   * Forgets the oldest surplus sessions. It keeps sessions with unrecorded facts, and sessions with
   * a change behind the offset, because the change may wait in a frame whose authors are not looked
   * up yet.
   */
  forgetOldest({ position }: SavedPosition): void {
    let surplus = this.#sessions.size - this.#kept;
    for (const [name, session] of this.#sessions) {
      if (surplus <= 0) return;
      if (session.isUnrecorded) continue;
      if (session.lastSeen !== null && !isBefore(session.lastSeen, position)) continue;
      this.#drop(name, session);
      surplus--;
    }
  }

  #find(connection: Connection): Session {
    const name = connectionName(connection);
    const known = this.#sessions.get(name);
    const recordedTo = this.#recordedTo;
    const session = known ?? new Session(connection);
    if (recordedTo === undefined) {
      if (known === undefined) this.#sessions.set(name, session);
      this.#findByThread(session);
      return session;
    }
    if (known !== undefined) this.#sessions.delete(name);
    if (this.#sessions.size >= this.#kept) this.#forgetBefore(recordedTo());
    this.#sessions.set(name, session);
    return session;
  }

  #findByThread(session: Session): void {
    if (session.run !== this.#run || this.#byThread.size >= BY_THREAD) this.#byThread.clear();
    this.#run = session.run;
    this.#byThread.set(session.thread, session);
  }

  /**
   * Forgets the connections that were met longest ago. What the log said of a connection and is not
   * recorded yet must be kept: the sessions table may still name a former user.
   */
  #forgetBefore(recorded: BinlogPosition | null): void {
    for (const [name, session] of this.#sessions) {
      if (recorded === null || this.#sessions.size < this.#kept) return;
      if (session.lastSeen !== null && !isBefore(session.lastSeen, recorded)) return;
      this.#drop(name, session);
    }
  }

  #drop(name: string, session: Session): void {
    if (session === this.#latest) this.#latest = null;
    if (session.run === this.#run) this.#byThread.delete(session.thread);
    this.#sessions.delete(name);
    this.#unrecorded.delete(session);
  }
}
