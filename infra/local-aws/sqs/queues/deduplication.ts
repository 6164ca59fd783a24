/** The first accepted message, with which a repeated send is answered. */
export interface AcceptedMessage {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
}

/**
 * SQS's deduplication interval: five minutes from the first send, even if the message has been
 * deleted.
 */
export const DEDUPLICATION_INTERVAL_MS = 5 * 60_000;

/**
 * A queue's sends of the last five minutes, by deduplication id (and by group, when that is the
 * scope).
 */
export class Deduplication {
  readonly #accepted = new Map<string, AcceptedMessage>();
  /** The sends in order of time; those from the index `#oldest` on are still remembered. */
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
    // Half of the list is removed at once, so that forgetting a send takes constant time on
    // average.
    if (this.#oldest > 1024 && this.#oldest * 2 > this.#history.length) {
      this.#history = this.#history.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

/**
 * The key of a send in its queue's deduplication scope. The line feed separates the parts, because
 * a group id contains none.
 */
export function deduplicationKey(
  scope: string,
  groupId: string | undefined,
  deduplicationId: string,
): string {
  return scope === "messageGroup" ? `${groupId ?? ""}\n${deduplicationId}` : deduplicationId;
}
