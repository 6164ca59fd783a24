import type { PositionText } from "../../wire/position.ts";
import type { ResetSessions } from "./reset-sessions.ts";
import type { Session } from "./session.ts";
import { EVERYTHING, type SessionRecords } from "./session-records.ts";

/** Decides which sessions need a proof although entries for them exist, and requests it. */
export class SessionDoubts {
  readonly #isRegistering: boolean;
  readonly #resets: ResetSessions;
  readonly #records: SessionRecords;

  /** `isRegistering`: whether each new connection registers itself, see `registersSessions`. */
  constructor(isRegistering: boolean, resets: ResetSessions, records: SessionRecords) {
    this.#isRegistering = isRegistering;
    this.#resets = resets;
    this.#records = records;
  }

  /**
   * Requests the proven user of a session that was reset, or that is known only from the process
   * list although new connections register themselves. `tagged`: the position of its present
   * transaction, if it has tags; else null.
   */
  ask(session: Session, tagged: PositionText | null): void {
    const { facts } = session;
    if (tagged !== null && facts.isReset(tagged)) session.proof = this.#resets.ask(session);
    else if (this.#isRegistering && facts.isOnlySighted)
      session.proof = this.#askAboutChanges(session);
    session.proof?.catch(() => undefined); // `authorsOf` handles it
  }

  /**
   * Checks whether the user of a session that is known only from the process list has changed. If
   * so, this is recorded at once, because the earlier record may name another user.
   */
  async #askAboutChanges(session: Session): Promise<void> {
    await session.answer;
    const { isDoubted, isOnlySighted } = session.facts;
    if (!isOnlySighted) return;
    await this.#resets.ask(session);
    if (!isDoubted && session.facts.isDoubted) await this.#records.write([session], EVERYTHING);
  }
}
