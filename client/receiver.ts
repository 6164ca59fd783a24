import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "@aws-sdk/client-sqs";
import type { Reporter } from "./reporter.ts";
import { BATCH, type SqsQueue } from "./sqs-queue.ts";

/** Between two receives when the queue cannot be reached: 1 to 2 seconds at first, later at most twice this, milliseconds. */
const LONGEST_PAUSE_MS = 15_000;
/** Receives at the same time, beside the one that waits for messages, while there are many. */
const MOST_HELPERS = 3;

export interface ReceiverOptions {
  readonly queue: SqsQueue;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  /** Resolves when more messages are wanted, or the signal aborts. */
  readonly room: (signal: AbortSignal) => Promise<void>;
  /** Whether to receive one message at a time, see FailingGroups. */
  readonly oneByOne: () => boolean;
  readonly onMessages: (messages: readonly Message[]) => void;
  readonly reporter: Reporter;
}

/** Receives messages: one long poll at a time, and several receives at a time while the queue is full. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #helpers = new Set<Promise<void>>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Receives until the signal aborts; what SQS handed out by then has been passed on. */
  async run(signal: AbortSignal): Promise<void> {
    let pauseMs = 1000;
    while (!signal.aborted) {
      try {
        const full = await this.#receive(this.#options.waitSeconds, signal);
        if (full) this.#startHelper(signal);
        pauseMs = 1000;
      } catch (error) {
        if (signal.aborted) break;
        this.#options.reporter.error(error, "receive");
        await sleep(pauseMs * (1 + Math.random()), undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
    await Promise.all(this.#helpers);
  }

  #startHelper(signal: AbortSignal): void {
    if (this.#helpers.size >= MOST_HELPERS) return;
    const helper = this.#help(signal).finally(() => this.#helpers.delete(helper));
    this.#helpers.add(helper);
  }

  /** Receives beside the others as long as the queue has more than one receive brings. */
  async #help(signal: AbortSignal): Promise<void> {
    try {
      let full = true;
      while (full && !signal.aborted) full = await this.#receive(0, signal);
    } catch {
      // What keeps a helper from receiving keeps the long poll, too, which reports it.
    }
  }

  /** Whether it brought as many messages as it could. */
  async #receive(waitSeconds: number, signal: AbortSignal): Promise<boolean> {
    const { queue, visibilitySeconds, room, oneByOne, onMessages } = this.#options;
    await room(signal);
    if (signal.aborted) return false;
    const most = oneByOne() ? 1 : BATCH;
    const messages = await queue.receive({ most, waitSeconds, visibilitySeconds, signal });
    onMessages(messages);
    return messages.length === most;
  }
}
