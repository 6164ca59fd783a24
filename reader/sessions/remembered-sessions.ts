import { type Connection, connectionName } from "../../wire/session.ts";
import { isBefore } from "../transactions/binlog-position.ts";
import { isOver, type SavedPosition } from "./session.ts";
import type { Census } from "./process-list.ts";
import { Session } from "./session.ts";

/**
 * How many connections are remembered. Those that are forgotten are found in the sessions table,
 * should they write again.
 */
const CONNECTIONS_KEPT = 100_000;

/**
 * The connections that are remembered, and those of them of which something is not written down
 * yet.
 */
export class RememberedSessions {
  readonly #server: string;
  readonly #kept: number;
  /** Those that were met first come first. */
  readonly #sessions = new Map<string, Session>();
  readonly #unrecorded = new Set<Session>();
  /**
   * The one that was asked for last: transactions of a connection often come one after the other.
   */
  #latest: Session | null = null;

  /** `server`: `@@server_uuid` of the server whose connections they are. */
  constructor(server: string, kept = CONNECTIONS_KEPT) {
    this.#server = server;
    this.#kept = kept;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get unrecorded(): ReadonlySet<Session> {
    return this.#unrecorded;
  }

  /** The session of a connection; a new one when it was not met before, or was forgotten. */
  of({ run, thread }: Pick<Connection, "run" | "thread">): Session {
    const latest = this.#latest;
    if (latest !== null && latest.thread === thread && latest.run === run) return latest;
    return (this.#latest = this.#find({ server: this.#server, run, thread }));
  }

  /** Told after something may have been learnt of a session, or written down. */
  note(session: Session): void {
    if (session.isUnrecorded) this.#unrecorded.add(session);
    else this.#unrecorded.delete(session);
  }

  /** Forgets those that cannot write again, or be read again, behind an offset; see `isOver`. */
  forgetOver(saved: SavedPosition, census: Census | null): void {
    for (const [name, session] of this.#sessions) {
      // What was learnt of a change that is parked already has to be written down first.
      if (session.isMissed && session.isUnrecorded) continue;
      if (isOver(session, saved, census)) this.#drop(name, session);
    }
  }

  /**
   * Forgets those beyond a number, but only what is recorded, and can be found again, and has no
   * change behind the offset, which may wait in a frame that asks for its author later.
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
    if (known !== undefined) return known;
    const session = new Session(connection);
    this.#sessions.set(name, session);
    return session;
  }

  #drop(name: string, session: Session): void {
    if (session === this.#latest) this.#latest = null;
    this.#sessions.delete(name);
    this.#unrecorded.delete(session);
  }
}
