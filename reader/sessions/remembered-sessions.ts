import { type Connection, connectionName } from "../../wire/session.ts";
import { isBefore } from "../transactions/binlog-position.ts";
import { isOver, type SavedPosition } from "./session.ts";
import type { Census } from "./process-list.ts";
import { Session } from "./session.ts";

/**
 * How many connections are remembered. A forgotten connection that writes again is found in the
 * sessions table.
 */
export const CONNECTIONS_KEPT = 100_000;

/**
 * The remembered connections, and those of them with facts that are not in the sessions table yet.
 */
export class RememberedSessions {
  readonly #server: string;
  readonly #kept: number;
  readonly #forgetsByItself: boolean;
  /**
   * In the order in which the connections were first met; with `forgetsByItself`, were last met.
   */
  readonly #sessions = new Map<string, Session>();
  readonly #unrecorded = new Set<Session>();
  /**
   * The session of the last call of `of`, because consecutive transactions often come from the same
   * connection.
   */
  #latest: Session | null = null;

  /**
   * `server`: `@@server_uuid` of the connections' server. `forgetsByItself`: for a reader that
   * records nothing, and so never calls `forgetOver` and `forgetOldest`: the connection that was
   * met longest ago is forgotten when there are more than `kept`.
   */
  constructor(server: string, kept = CONNECTIONS_KEPT, forgetsByItself = false) {
    this.#server = server;
    this.#kept = kept;
    this.#forgetsByItself = forgetsByItself;
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
    return (this.#latest = this.#find({ server: this.#server, run, thread }));
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
    if (known !== undefined && !this.#forgetsByItself) return known;
    const session = known ?? new Session(connection);
    if (known !== undefined) this.#sessions.delete(name);
    this.#sessions.set(name, session);
    if (this.#forgetsByItself && this.#sessions.size > this.#kept) {
      const [oldest] = this.#sessions;
      if (oldest !== undefined) this.#drop(...oldest);
    }
    return session;
  }

  #drop(name: string, session: Session): void {
    if (session === this.#latest) this.#latest = null;
    this.#sessions.delete(name);
    this.#unrecorded.delete(session);
  }
}
