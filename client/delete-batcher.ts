import { setTimeout as sleep } from "node:timers/promises";
import { DeletionRefusedError } from "./errors.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import { BATCH, type SqsQueue } from "./sqs-queue.ts";

/** How long the first message waits for company, milliseconds. A group stays locked for as long. */
const GATHER_MS = 5;
/** Between two attempts at deleting a message, milliseconds. */
const AGAIN_MS = 1000;

/** Deletes handled messages, several to a request: while one request is under way, more gather for the next. */
export class DeleteBatcher {
  readonly #queue: SqsQueue;
  readonly #onDeleted: (message: HeldMessage) => void;
  readonly #onError: (error: unknown) => void;
  readonly #waiting: HeldMessage[] = [];
  #running: Promise<void> | undefined;
  #closing = false;

  constructor(options: {
    readonly queue: SqsQueue;
    /** Also called when the message could not be deleted while it was ours. */
    readonly onDeleted: (message: HeldMessage) => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#queue = options.queue;
    this.#onDeleted = options.onDeleted;
    this.#onError = options.onError;
  }

  add(message: HeldMessage): void {
    this.#waiting.push(message);
    this.#running ??= this.#run();
  }

  /** Resolves when everything added has been deleted, or tried once more in vain. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < BATCH && !this.#closing) await sleep(GATHER_MS);
      const batch = this.#waiting.splice(0, BATCH);
      const again = await this.#delete(batch);
      for (const message of batch) {
        if (!again.has(message)) this.#onDeleted(message);
      }
      if (again.size === 0) continue;
      if (!this.#closing) await sleep(AGAIN_MS);
      for (const message of again) {
        if (!this.#closing && isHeld(message)) this.#waiting.push(message);
        else this.#onDeleted(message);
      }
    }
    this.#running = undefined;
  }

  /** The messages that are to be tried again. */
  async #delete(batch: readonly HeldMessage[]): Promise<Set<HeldMessage>> {
    try {
      const refused = await this.#queue.delete(batch);
      for (const { code, final } of refused) {
        if (final) this.#onError(new DeletionRefusedError(code));
      }
      return new Set(refused.filter(({ final }) => !final).map(({ message }) => message));
    } catch (error) {
      this.#onError(error);
      return new Set(batch);
    }
  }
}
