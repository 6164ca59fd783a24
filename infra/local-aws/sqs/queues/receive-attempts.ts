import type { Message } from "./message.ts";
import type { Messages } from "./messages.ts";

/** How long an attempt is remembered: SQS's deduplication interval. */
const INTERVAL_MS = 5 * 60_000;

interface Attempt {
  readonly id: string;
  readonly atMs: number;
  /** Without the messages: their bodies would stay in memory after they were deleted. */
  readonly received: readonly { readonly id: string; readonly receipt: string }[];
}

/**
 * A FIFO queue's receives with a ReceiveRequestAttemptId. A client that lost the answer repeats the
 * request with the same id and gets the same messages with the same handles, as long as all of them
 * are still in flight from that receive.
 */
export class ReceiveAttempts {
  readonly #messages: Pick<Messages, "find">;
  readonly #attempts = new Map<string, Attempt>();

  constructor(messages: Pick<Messages, "find">) {
    this.#messages = messages;
  }

  find(id: string, nowMs: number): Message[] | undefined {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined || attempt.atMs + INTERVAL_MS <= nowMs) return undefined;
    const unchanged = attempt.received.flatMap(({ id: messageId, receipt }) => {
      const message = this.#messages.find(messageId);
      const isUnchanged = message?.state === "inFlight" && message.receipt === receipt;
      return isUnchanged ? [message] : [];
    });
    return unchanged.length === attempt.received.length ? unchanged : undefined;
  }

  remember(id: string, messages: readonly Message[], nowMs: number): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.atMs + INTERVAL_MS > nowMs) break;
      this.#attempts.delete(attempt.id);
    }
    this.#attempts.delete(id);
    this.#attempts.set(id, {
      id,
      atMs: nowMs,
      received: messages.map((message) => ({ id: message.id, receipt: message.receipt ?? "" })),
    });
  }
}
