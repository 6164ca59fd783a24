import { setTimeout as sleep } from "node:timers/promises";
import { DeletionRefusedError } from "./errors.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import { BATCH, type SqsQueue } from "./sqs-queue.ts";

/** The longest time for which a message waits for others to share its request, milliseconds. */
const GATHER_MS = 5;
/** The time between two attempts at deleting a message, milliseconds. */
const AGAIN_MS = 1000;

/**
 * Deletes handled messages, up to ten to a request. A message waits for others only while the
 * client holds others, because SQS keeps the next messages of its group back until it is deleted.
 */
export class DeleteBatcher {
  readonly #queue: SqsQueue;
  readonly #held: () => number;
  readonly #onDone: (message: HeldMessage) => void;
  readonly #onError: (error: unknown) => void;
  #waiting: HeldMessage[] = [];
  #gathering: NodeJS.Timeout | undefined;
  readonly #requests = new Set<Promise<void>>();
  #closing = false;

  constructor(options: {
    readonly queue: SqsQueue;
    /** The number of messages that the client holds, including those that were added here. */
    readonly held: () => number;
    /**
     * Called when the message is deleted or no longer held, or when no attempt follows because of
     * `close()`.
     */
    readonly onDone: (message: HeldMessage) => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#queue = options.queue;
    this.#held = options.held;
    this.#onDone = options.onDone;
    this.#onError = options.onError;
  }

  add(message: HeldMessage): void {
    this.#waiting.push(message);
    if (this.#waiting.length >= BATCH || this.#closing || this.#isAlone) this.#send();
    else this.#gathering ??= setTimeout(() => this.#send(), GATHER_MS);
  }

  /** Resolves when every added message has been deleted or its last attempt has failed. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#send();
    while (this.#requests.size > 0) await Promise.all(this.#requests);
  }

  /** Whether the client holds no other messages. Those of a request under way count as held. */
  get #isAlone(): boolean {
    return this.#held() <= this.#waiting.length;
  }

  #send(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    const request = this.#delete(batch).finally(() => {
      this.#requests.delete(request);
      if (this.#isAlone) this.#send();
    });
    this.#requests.add(request);
  }

  async #delete(messages: readonly HeldMessage[]): Promise<void> {
    for (let left = messages; left.length > 0;) {
      const again = await this.#try(left);
      for (const message of left) {
        if (!again.has(message)) this.#onDone(message);
      }
      left = [...again];
      if (left.length === 0) return;
      if (this.#closing) return left.forEach(this.#onDone);
      await sleep(AGAIN_MS);
      for (const message of left) {
        if (!isHeld(message)) this.#onDone(message);
      }
      left = left.filter(isHeld);
    }
  }

  /** Tries once; returns the messages to try again. */
  async #try(messages: readonly HeldMessage[]): Promise<Set<HeldMessage>> {
    try {
      const refused = await this.#queue.delete(messages);
      for (const { code, final } of refused) {
        if (final) this.#onError(new DeletionRefusedError(code));
      }
      return new Set(refused.filter(({ final }) => !final).map(({ message }) => message));
    } catch (error) {
      this.#onError(error);
      return new Set(messages);
    }
  }
}
