import { setImmediate as turnOfLoop, setTimeout as sleep } from "node:timers/promises";
import type { Message } from "@aws-sdk/client-sqs";
import { backoffMs } from "../wire/backoff.ts";
import type { Reporter } from "./reporter.ts";
import { BATCH, type SqsQueue } from "./sqs-queue.ts";

/**
 * The wait between two receives after a failure, milliseconds. It doubles up to LONGEST_PAUSE_MS
 * and is up to half shorter at random.
 */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;
/** The largest number of additional parallel receives while the queue has many messages. */
const MOST_HELPERS = 3;
/**
 * How long a receive of several messages may wait for messages while others are being handled,
 * seconds. A failed message is released only after the receive has ended.
 */
const BUSY_WAIT_SECONDS = 1;

export interface ReceiverOptions {
  readonly queue: SqsQueue;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  /** Resolves when more messages can be handled or the signal aborts. */
  readonly room: (signal: AbortSignal) => Promise<void>;
  /** Whether to receive one message at a time, see FailingGroups. */
  readonly oneByOne: () => boolean;
  /** Whether this process holds messages, which may fail. */
  readonly busy: () => boolean;
  /**
   * `hiddenSince`: when SQS delivered the messages, or somewhat earlier, by the clock of
   * `performance.now()`.
   */
  readonly onMessages: (messages: readonly Message[], hiddenSince: number) => void;
  readonly reporter: Reporter;
}

/** What the answer of a receive tells about the queue. */
interface Answer {
  /** Whether it has as many messages as were asked for. */
  readonly full: boolean;
  /** The group of all of its messages; undefined without messages, or with those of several. */
  readonly group: string | undefined;
}

/**
 * Receives messages with one long poll at a time, and with additional parallel receives while the
 * queue has many messages.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #helpers = new Set<Promise<void>>();
  /** The running receives that may return several messages of a group. */
  readonly #wide = new Set<Promise<unknown>>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * Receives until the signal aborts. All messages that SQS has delivered by then are passed to
   * `onMessages`.
   */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let group: string | undefined;
    while (!signal.aborted) {
      try {
        const answer = await this.#receive(this.#options.waitSeconds, signal);
        // SQS keeps a group's next messages back until those before are deleted. When the same
        // group comes again, no other had messages meanwhile, and a helper would get nothing.
        const isSame = answer.group !== undefined && answer.group === group;
        if (answer.full && !isSame) this.#startHelper(signal);
        group = answer.group;
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
   * Resolves when the receives that now run and may return several messages of a group have ended.
   */
  async wideEnded(): Promise<void> {
    await Promise.allSettled(this.#wide);
  }

  #startHelper(signal: AbortSignal): void {
    if (this.#helpers.size >= MOST_HELPERS) return;
    const helper = this.#help(signal).finally(() => this.#helpers.delete(helper));
    this.#helpers.add(helper);
  }

  /** Receives until an answer is not full. */
  async #help(signal: AbortSignal): Promise<void> {
    try {
      let full = true;
      while (full && !signal.aborted) ({ full } = await this.#receive(0, signal));
    } catch {
      // The long poll fails for the same reason and reports it.
    }
  }

  async #receive(waitSeconds: number, signal: AbortSignal): Promise<Answer> {
    const { queue, visibilitySeconds, room, onMessages } = this.#options;
    await room(signal);
    if (signal.aborted) return { full: false, group: undefined };
    const most = this.#options.oneByOne() ? 1 : BATCH;
    const wait = most === 1 ? waitSeconds : this.#wideWait(waitSeconds);
    const sentAt = performance.now();
    const turn = turnOfLoop();
    const receiving = queue.receive({
      most,
      waitSeconds: wait,
      visibilitySeconds,
      signal,
    });
    if (most > 1) this.#wide.add(receiving);
    try {
      const messages = await receiving;
      // An answer that took longer than its wait was delayed on its way, while the visibility
      // timeout already ran.
      onMessages(messages, Math.min(performance.now(), sentAt + wait * 1000));
      // The answer of a test's mock comes without I/O. Receives that only follow each other would
      // let no timer and no signal of the process through.
      await turn;
      return { full: messages.length === most, group: onlyGroup(messages) };
    } finally {
      this.#wide.delete(receiving);
    }
  }

  /**
   * The wait of a receive of several messages. It is short while a message may fail, so that the
   * failed message is not returned by this receive (see GroupRunner).
   */
  #wideWait(seconds: number): number {
    const idle = this.#helpers.size === 0 && !this.#options.busy();
    return idle ? seconds : Math.min(seconds, BUSY_WAIT_SECONDS);
  }
}

function onlyGroup(messages: readonly Message[]): string | undefined {
  const [first, ...others] = messages.map(({ Attributes }) => Attributes?.MessageGroupId);
  return others.every((group) => group === first) ? first : undefined;
}
