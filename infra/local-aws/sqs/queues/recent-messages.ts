import type { Message } from "./message.ts";

/** A message that was sent, and when it was deleted. */
export interface RecentMessage {
  readonly message: Message;
  deletedAtMs: number | undefined;
}

const KEPT = 40;
/** Larger messages are not kept, to limit memory after their deletion. */
const LARGEST_BODY = 32 * 1024;

/** The latest messages of a queue, kept after their deletion for display. */
export class RecentMessages {
  readonly #entries: RecentMessage[] = [];

  sent(message: Message): void {
    if (message.body.length > LARGEST_BODY) return;
    message.body.hold();
    this.#entries.push({ message, deletedAtMs: undefined });
    if (this.#entries.length > KEPT) this.#entries.shift()?.message.body.release();
  }

  deleted(message: Message, atMs: number): void {
    const entry = this.#entries.find((one) => one.message === message);
    if (entry !== undefined) entry.deletedAtMs ??= atMs;
  }

  /** The messages, newest first. */
  all(): readonly RecentMessage[] {
    return this.#entries.toReversed();
  }
}
