import type { PositionText } from "../../wire/position.ts";
import type { Census } from "./process-list.ts";
import type { RememberedSessions } from "./remembered-sessions.ts";
import type { Session } from "./session.ts";
import type { SessionsTable } from "./sessions-table.ts";

/** Behind every position. */
export const EVERYTHING = "~";
/** The interval of `refresh`; items last for weeks. */
const REFRESH_EVERY_MS = 6 * 3600 * 1000;

/**
 * How many entries of a session are recorded with a change that has no author. An item with 256
 * connections then stays below DynamoDB's 400 KB.
 */
const ENTRIES_AHEAD = 12;

export interface RecordsTable extends Pick<SessionsTable, "find" | "record" | "refresh"> {
  /** Like `record`, but tries until it succeeds. */
  readonly recordSurely: SessionsTable["record"];
}

/** Reads and writes the sessions in memory from and to the sessions table. */
export class SessionRecords {
  readonly #table: RecordsTable;
  readonly #server: string;
  readonly #sessions: RememberedSessions;
  #refreshMs = 0;
  /** Fulfilled when the latest write has ended. */
  #latest: Promise<void> = Promise.resolve();

  /** `server`: `@@server_uuid` of the connections' server. */
  constructor(table: RecordsTable, server: string, sessions: RememberedSessions) {
    this.#table = table;
    this.#server = server;
    this.#sessions = sessions;
  }

  /** Restores the recorded entries of sessions that have none yet or need their past. */
  async restore(sessions: readonly Session[]): Promise<void> {
    const unknown = sessions.filter(
      ({ facts, isLookedUp, needsPast }) =>
        needsPast || (!isLookedUp && facts.entries.length === 0),
    );
    if (unknown.length === 0) return;
    const recorded = await this.#table.find(unknown.map(({ connection }) => connection));
    unknown.forEach((session, i) => {
      session.isLookedUp = true;
      session.facts.restore(recorded[i] ?? []);
    });
  }

  /** Records the unrecorded entries of sessions from before a position. */
  write(sessions: Iterable<Session>, before: PositionText): Promise<void> {
    return this.#inOrder(sessions, (some) =>
      this.#write(some, before, (known) => this.#table.record(known)),
    );
  }

  /**
   * Records the unrecorded entries of sessions with a change that is sent without an author. Tries
   * until it succeeds, because the route function would find what was recorded before.
   */
  writeMissed(sessions: Iterable<Session>): Promise<void> {
    return this.#inOrder(sessions, (some) =>
      this.#write(some, EVERYTHING, (known) => this.#table.recordSurely(known)),
    );
  }

  /** Writes one after the other: an older write that arrives last would undo a newer one. */
  async #inOrder(
    sessions: Iterable<Session>,
    write: (sessions: readonly Session[]) => Promise<void>,
  ): Promise<void> {
    const some = [...sessions].filter(hasUnrecorded);
    if (some.length === 0) return;
    const written = this.#latest.then(() => write(some.filter(hasUnrecorded)));
    this.#latest = written.catch(() => undefined);
    await written;
  }

  async #write(
    sessions: readonly Session[],
    before: PositionText,
    record: SessionsTable["record"],
  ): Promise<void> {
    const most = before === EVERYTHING ? ENTRIES_AHEAD : Infinity;
    const records = sessions
      .map((session) => {
        const { entries, revision } = session.facts;
        const recorded = session.entriesBefore(before, most);
        return {
          session,
          recorded,
          isWhole:
            recorded.length === entries.length &&
            recorded.every((entry, i) => entry === entries[i]),
          revision,
        };
      })
      .filter(({ recorded }) => recorded.length > 0);
    if (records.length === 0) return;
    await record(
      records.map(({ session: { connection }, recorded: entries }) => ({ connection, entries })),
    );
    for (const { session, isWhole, revision } of records) {
      if (!isWhole) continue;
      session.recordedRevision = revision;
      if (!session.isUnrecorded) session.isMissed = false;
      this.#sessions.note(session);
    }
  }

  /** Periodically extends the life of items of connections that are still open. */
  async refresh(run: number, { connections }: Census): Promise<void> {
    if (performance.now() < this.#refreshMs) return;
    this.#refreshMs = performance.now() + REFRESH_EVERY_MS;
    const server = this.#server;
    await this.#table.refresh(connections.map(({ thread }) => ({ server, run, thread })));
  }
}

function hasUnrecorded({ facts, isUnrecorded }: Session): boolean {
  return isUnrecorded && facts.entries.length > 0;
}
