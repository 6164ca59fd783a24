import type { Message } from "@aws-sdk/client-sqs";
import { ReleaseRefusedError, VisibilityLimitError } from "./errors.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import { BATCH, type Refusal, type SqsQueue } from "./sqs-queue.ts";

type ErrorListener = (
  error: unknown,
  activity: "extend" | "release",
  message?: HeldMessage,
) => void;

/**
 * The longest time for which SQS hides a message, counted from its receive: 12 hours, in
 * milliseconds.
 */
const LONGEST_HIDDEN_MS = 12 * 3_600_000;
/**
 * How much earlier than SQS's limit this process stops extending, milliseconds. SQS may have begun
 * to count before this process did.
 */
const MARGIN_MS = 60_000;
/** The longest time between two checks for messages that can no longer be held, milliseconds. */
const LONGEST_TICK_MS = 60_000;

/**
 * The messages that this process holds. Extends their visibility timeouts until they are deleted or
 * given back, so that a handler may take up to SQS's limit of 12 hours.
 */
export class InFlight {
  readonly #queue: SqsQueue;
  readonly #visibilitySeconds: number;
  readonly #onError: ErrorListener;
  readonly #tickMs: number;
  readonly #held = new Map<string, HeldMessage>();
  readonly #heartbeat: NodeJS.Timeout;
  #extending: Promise<void> | undefined;

  constructor(options: {
    readonly queue: SqsQueue;
    readonly visibilitySeconds: number;
    readonly onError: ErrorListener;
  }) {
    this.#queue = options.queue;
    this.#visibilitySeconds = options.visibilitySeconds;
    this.#onError = options.onError;
    // Three extensions in each timeout, so that two may fail before a message is lost.
    const periodMs = (options.visibilitySeconds * 1000) / 3;
    const ticksInPeriod = Math.ceil(periodMs / LONGEST_TICK_MS);
    let ticks = 0;
    this.#tickMs = periodMs / ticksInPeriod;
    this.#heartbeat = setInterval(() => {
      // Runs on every tick, even while an extension hangs, so that a handler learns in time that
      // its message is lost.
      this.#expire();
      if (++ticks % ticksInPeriod > 0) return;
      this.#extending ??= this.#extend().finally(() => {
        this.#extending = undefined;
      });
    }, this.#tickMs);
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * Begins to hold received messages and returns those that were not held before, in order. They
   * are hidden from others since `hiddenSince` (performance.now()).
   */
  take(messages: readonly Message[], hiddenSince: number): HeldMessage[] {
    const heldUntil = hiddenSince + this.#visibilitySeconds * 1000;
    const longestUntil = hiddenSince + LONGEST_HIDDEN_MS - MARGIN_MS;
    return messages.flatMap((message) => {
      const {
        MessageId: id,
        ReceiptHandle: receiptHandle,
        Body: body,
        MD5OfBody: bodyMd5,
        Attributes: attributes,
      } = message;
      if (id === undefined || receiptHandle === undefined || body === undefined) return [];
      const known = this.#held.get(id);
      if (known !== undefined && !known.lost.signal.aborted) {
        // The message became visible while it was being handled here, and this process received it
        // again: it is held for longer.
        known.receiptHandle = receiptHandle;
        known.heldUntil = heldUntil;
        known.longestUntil = longestUntil;
        return [];
      }
      const held: HeldMessage = {
        id,
        group: attributes?.MessageGroupId ?? "",
        body,
        bodyMd5,
        receiveCount: Number(attributes?.ApproximateReceiveCount ?? 1),
        receiptHandle,
        heldUntil,
        longestUntil,
        lost: new AbortController(),
      };
      this.#held.set(id, held);
      return [held];
    });
  }

  /** Stops extending a message that was deleted or is left to its visibility timeout. */
  forget(message: HeldMessage): void {
    if (this.#held.get(message.id) === message) this.#held.delete(message.id);
  }

  /**
   * Gives messages back, so that they are received again after `seconds`. A refusal is reported;
   * the message then becomes visible after its visibility timeout.
   */
  async release(messages: readonly HeldMessage[], seconds: number): Promise<void> {
    for (const message of messages) this.forget(message);
    // A running extension might reach SQS later and hide the messages again.
    await this.#extending;
    const refused = await this.#inBatches(
      messages.filter(isHeld),
      (message) => Math.max(0, Math.min(seconds, secondsLeft(message))),
      "release",
    );
    for (const { message, code } of refused ?? []) {
      this.#onError(new ReleaseRefusedError(code), "release", message);
    }
  }

  dispose(): void {
    clearInterval(this.#heartbeat);
  }

  #expire(): void {
    for (const message of this.#held.values()) {
      // At the next tick SQS could already deliver it to another process.
      const atLimit = performance.now() + this.#tickMs >= message.longestUntil;
      if (isHeld(message) && !atLimit) continue;
      this.#lose(message);
      if (atLimit) this.#onError(new VisibilityLimitError(), "extend", message);
    }
  }

  async #extend(): Promise<void> {
    const sentAt = performance.now();
    const seconds = new Map<HeldMessage, number>();
    for (const message of this.#held.values()) {
      const extension = Math.min(this.#visibilitySeconds, secondsLeft(message));
      const isLonger = sentAt + extension * 1000 > message.heldUntil;
      if (isHeld(message) && isLonger) seconds.set(message, extension);
    }
    const refused = await this.#inBatches(
      [...seconds.keys()],
      (message) => seconds.get(message) ?? 0,
      "extend",
    );
    if (refused === undefined) return;
    const lost = new Set<HeldMessage>();
    for (const refusal of refused) {
      lost.add(refusal.message);
      if (refusal.final && this.#held.get(refusal.message.id) === refusal.message) {
        this.#lose(refusal.message);
      }
    }
    for (const [message, extension] of seconds) {
      if (!lost.has(message)) message.heldUntil = sentAt + extension * 1000;
    }
  }

  /** The refusals; undefined when a request failed. */
  async #inBatches(
    messages: readonly HeldMessage[],
    secondsOf: (message: HeldMessage) => number,
    activity: "extend" | "release",
  ): Promise<Refusal[] | undefined> {
    try {
      const refused: Refusal[] = [];
      for (let start = 0; start < messages.length; start += BATCH) {
        const batch = messages.slice(start, start + BATCH);
        refused.push(...(await this.#queue.changeVisibility(batch, secondsOf)));
      }
      return refused;
    } catch (error) {
      this.#onError(error, activity);
      return undefined;
    }
  }

  #lose(message: HeldMessage): void {
    this.forget(message);
    message.lost.abort();
  }
}

/** The whole seconds from now for which SQS can still hide a message. */
function secondsLeft(message: HeldMessage): number {
  return Math.floor((message.longestUntil - performance.now()) / 1000);
}
