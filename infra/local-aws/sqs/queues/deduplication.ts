/** What a repeated send is answered with: the message that was accepted first. */
export interface AcceptedMessage {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
}

/**
 * SQS's deduplication interval, five minutes from the first send, whatever became of the message.
 */
export const DEDUPLICATION_INTERVAL_MS = 5 * 60_000;

/**
 * The sends of the last five minutes of one queue, by deduplication id (and group, where that is
 * the scope).
 */
export class Deduplication {
  readonly #accepted = new Map<string, AcceptedMessage>();
  /** The same in order of time, from `#oldest` on. */
  #history: { readonly key: string; readonly atMs: number }[] = [];
  #oldest = 0;

  find(key: string, nowMs: number): AcceptedMessage | undefined {
    this.#forget(nowMs);
    return this.#accepted.get(key);
  }

  remember(key: string, message: AcceptedMessage, nowMs: number): void {
    this.#accepted.set(key, message);
    this.#history.push({ key, atMs: nowMs });
  }

  #forget(nowMs: number): void {
    for (;;) {
      const entry = this.#history[this.#oldest];
      if (entry === undefined || entry.atMs + DEDUPLICATION_INTERVAL_MS > nowMs) break;
      this.#accepted.delete(entry.key);
      this.#oldest++;
    }
    // The forgotten half is given back in one piece, so that forgetting one costs constant time on
    // average.
    if (this.#oldest > 1024 && this.#oldest * 2 > this.#history.length) {
      this.#history = this.#history.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

/** The key of a send in its queue's scope. A group id contains no line feed. */
export function deduplicationKey(
  scope: string,
  groupId: string | undefined,
  deduplicationId: string,
): string {
  return scope === "messageGroup" ? `${groupId ?? ""}\n${deduplicationId}` : deduplicationId;
}
