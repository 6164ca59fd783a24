import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "@aws-sdk/client-sqs";
import { backoffMs } from "../wire/backoff.ts";
import type { Reporter } from "./reporter.ts";
import { BATCH, type SqsQueue } from "./sqs-queue.ts";

/**
 * Between two receives when the queue cannot be reached: at most this at first, doubling, up to
 * half of it less by chance.
 */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;
/** Receives at the same time, beside the one that waits for messages, while there are many. */
const MOST_HELPERS = 3;
/**
 * How long a receive of several messages waits while others are being handled: a failure waits for
 * its end, seconds.
 */
const BUSY_WAIT_SECONDS = 1;

export interface ReceiverOptions {
  readonly queue: SqsQueue;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  /** Resolves when more messages are wanted, or the signal aborts. */
  readonly room: (signal: AbortSignal) => Promise<void>;
  /** Whether to receive one message at a time, see FailingGroups. */
  readonly oneByOne: () => boolean;
  /** Whether messages are in this process's hands, of which one may fail. */
  readonly busy: () => boolean;
  /**
   * `hiddenSince`: when SQS handed them out, or somewhat before, by the clock of
   * `performance.now()`.
   */
  readonly onMessages: (messages: readonly Message[], hiddenSince: number) => void;
  readonly reporter: Reporter;
}

/**
 * Receives messages: one long poll at a time, and several receives at a time while the queue is
 * full.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #helpers = new Set<Promise<void>>();
  /** The receives of several messages that are under way. */
  readonly #wide = new Set<Promise<unknown>>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Receives until the signal aborts; what SQS handed out by then has been passed on. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const full = await this.#receive(this.#options.waitSeconds, signal);
        if (full) this.#startHelper(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        this.#options.reporter.error(error, "receive");
        const pauseMs = backoffMs(failures++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    await Promise.all(this.#helpers);
  }

  /**
   * Resolves when the receives that were under way, and may bring several messages of a group, have
   * ended.
   */
  async wideEnded(): Promise<void> {
    await Promise.allSettled(this.#wide);
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
    const { queue, visibilitySeconds, room, onMessages } = this.#options;
    await room(signal);
    if (signal.aborted) return false;
    const most = this.#options.oneByOne() ? 1 : BATCH;
    const wait = most === 1 ? waitSeconds : this.#wideWait(waitSeconds);
    const sentAt = performance.now();
    const receiving = queue.receive({
      most,
      waitSeconds: wait,
      visibilitySeconds,
      signal,
    });
    if (most > 1) this.#wide.add(receiving);
    try {
      const messages = await receiving;
      // An answer that is later than its wait was held up on its way, while the visibility timeout
      // ran.
      onMessages(messages, Math.min(performance.now(), sentAt + wait * 1000));
      return messages.length === most;
    } finally {
      this.#wide.delete(receiving);
    }
  }

  /**
   * Long only while nothing can fail meanwhile, see GroupRunner: what fails is not to come back
   * into this receive.
   */
  #wideWait(seconds: number): number {
    const idle = this.#helpers.size === 0 && !this.#options.busy();
    return idle ? seconds : Math.min(seconds, BUSY_WAIT_SECONDS);
  }
}
