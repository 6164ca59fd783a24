import type { PositionText } from "../../wire/position.ts";
import type { ResetSessions } from "./reset-sessions.ts";
import type { Session } from "./session.ts";
import { EVERYTHING, type SessionRecords } from "./session-records.ts";

/** Which sessions are in doubt, though something is known of them, and what is asked about them. */
export class SessionDoubts {
  readonly #isRegistering: boolean;
  readonly #resets: ResetSessions;
  readonly #records: SessionRecords;

  /** `isRegistering`: each new connection registers itself, see `registersSessions`. */
  constructor(isRegistering: boolean, resets: ResetSessions, records: SessionRecords) {
    this.#isRegistering = isRegistering;
    this.#resets = resets;
    this.#records = records;
  }

  /**
   * Asks who is behind a session that was reset, or of which only the process list tells where each
   * connection should register itself.
   */
  ask(session: Session, position: PositionText): void {
    const { facts } = session;
    if (facts.isReset(position)) session.proof = this.#resets.ask(session);
    else if (this.#isRegistering && facts.isOnlySighted)
      session.proof = this.#askAboutChanges(session);
    session.proof?.catch(() => undefined); // told to whoever waits for the author
  }

  /**
   * Asks whether the user of a session changed of which only the process list tells. If so, it is
   * recorded at once: what was recorded before may name somebody else.
   */
  async #askAboutChanges(session: Session): Promise<void> {
    await session.answer;
    const { isDoubted, isOnlySighted } = session.facts;
    if (!isOnlySighted) return;
    await this.#resets.ask(session);
    if (!isDoubted && session.facts.isDoubted) await this.#records.write([session], EVERYTHING);
  }
}
