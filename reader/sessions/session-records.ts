import type { PositionText } from "../../wire/position.ts";
import type { Census } from "./process-list.ts";
import type { RememberedSessions } from "./remembered-sessions.ts";
import type { Session } from "./session.ts";
import type { SessionsTable } from "./sessions-table.ts";

/** Behind every position. */
export const EVERYTHING = "~";
/** The interval of `refresh`; items last for weeks. */
const REFRESH_EVERY_MS = 6 * 3600 * 1000;

/** Reads and writes the sessions in memory from and to the sessions table. */
export class SessionRecords {
  readonly #table: Pick<SessionsTable, "find" | "record" | "refresh">;
  readonly #server: string;
  readonly #sessions: RememberedSessions;
  #refreshMs = 0;

  /** `server`: `@@server_uuid` of the connections' server. */
  constructor(
    table: Pick<SessionsTable, "find" | "record" | "refresh">,
    server: string,
    sessions: RememberedSessions,
  ) {
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

  /** Records the entries of sessions from before a position. Later entries stay unrecorded. */
  async write(sessions: readonly Session[], before: PositionText): Promise<void> {
    const records = sessions
      .map((session) => ({
        session,
        entries: session.entriesBefore(before),
        known: session.facts.entries.length,
        revision: session.facts.revision,
      }))
      .filter(({ entries }) => entries.length > 0);
    if (records.length === 0) return;
    await this.#table.record(
      records.map(({ session: { connection }, entries }) => ({ connection, entries })),
    );
    for (const { session, entries, known, revision } of records) {
      session.isMissed = false;
      if (entries.length < known) continue;
      session.recordedRevision = revision;
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
