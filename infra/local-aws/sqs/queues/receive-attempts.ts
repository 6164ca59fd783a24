import type { Message } from "./message.ts";

/** How long an attempt is remembered: SQS's deduplication interval. */
const INTERVAL_MS = 5 * 60_000;

interface Attempt {
  readonly id: string;
  readonly atMs: number;
  readonly messages: readonly { readonly message: Message; readonly receipt: string }[];
}

/**
 * A FIFO queue's receives with a ReceiveRequestAttemptId. A client that lost the answer repeats the
 * request with the same id and gets the same messages with the same handles, as long as all of them
 * are still in flight from that receive.
 */
export class ReceiveAttempts {
  readonly #attempts = new Map<string, Attempt>();

  find(id: string, nowMs: number): Message[] | undefined {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined || attempt.atMs + INTERVAL_MS <= nowMs) return undefined;
    const unchanged = attempt.messages.every(
      ({ message, receipt }) => message.state === "inFlight" && message.receipt === receipt,
    );
    return unchanged ? attempt.messages.map(({ message }) => message) : undefined;
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
      messages: messages.map((message) => ({ message, receipt: message.receipt ?? "" })),
    });
  }
}
