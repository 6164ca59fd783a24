import { BatchedLookups } from "./batched-lookups.ts";
import type { ProveUsers } from "./proven-users.ts";
import type { ReadPosition } from "./read-position.ts";
import type { Session } from "./session.ts";

/** The shortest time between two queries; connections that turn up meanwhile share the next one. */
const QUESTION_GAP_MS = 20;
const THREADS_PER_QUESTION = 1000;

/**
 * Finds the users of connections whose sessions were reset, or may have been. An answer is valid
 * for changes that were read before the query.
 */
export class ResetSessions {
  readonly #prove: ProveUsers;
  readonly #read: ReadPosition;
  readonly #lookups: BatchedLookups<Session>;

  constructor(prove: ProveUsers, read: ReadPosition) {
    this.#prove = prove;
    this.#read = read;
    this.#lookups = new BatchedLookups(QUESTION_GAP_MS, (sessions) => this.#ask(sessions));
  }

  /** Resolves when the session has the answer, if there is one. */
  ask(session: Session): Promise<void> {
    return this.#lookups.ask(session);
  }

  async #ask(sessions: readonly Session[]): Promise<void> {
    const { fileNumber, offset } = this.#read;
    const asked = new Map(sessions.map((session) => [session.thread, session]));
    const threads = [...asked.keys()];
    for (let at = 0; at < threads.length; at += THREADS_PER_QUESTION) {
      const question = threads.slice(at, at + THREADS_PER_QUESTION);
      const proofs = await this.#prove(
        new Map(question.map((thread) => [thread, asked.get(thread)?.facts.tagged ?? null])),
      );
      for (const [thread, proof] of proofs) asked.get(thread)?.take(proof, { fileNumber, offset });
    }
  }
}
