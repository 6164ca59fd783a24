import type { Message } from "./message.ts";

/** A message that was sent, and when it was deleted. */
export interface RecentMessage {
  readonly message: Message;
  deletedAtMs: number | undefined;
}

const KEPT = 40;
/** Larger ones would hold memory that a queue's owner believes to be free. */
const LARGEST_BODY = 32 * 1024;

/**
 * The latest messages of a queue, kept after they were deleted, so that a person can see what
 * passed through.
 */
export class RecentMessages {
  readonly #entries: RecentMessage[] = [];

  sent(message: Message): void {
    if (message.body.length > LARGEST_BODY) return;
    this.#entries.push({ message, deletedAtMs: undefined });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  deleted(message: Message, atMs: number): void {
    const entry = this.#entries.find((one) => one.message === message);
    if (entry !== undefined) entry.deletedAtMs ??= atMs;
  }

  /** Newest first. */
  all(): readonly RecentMessage[] {
    return this.#entries.toReversed();
  }
}
