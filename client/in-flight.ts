import type { Message } from "@aws-sdk/client-sqs";
import { ReleaseRefusedError, VisibilityLimitError } from "./errors.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import { BATCH, type Refusal, type SqsQueue } from "./sqs-queue.ts";

type ErrorListener = (
  error: unknown,
  activity: "extend" | "release",
  message?: HeldMessage,
) => void;

/** SQS hides a message for 12 hours at most, counted from its receive, milliseconds. */
const LONGEST_HIDDEN_MS = 12 * 3_600_000;
/**
 * SQS is not asked for the last minute: it began to count somewhat earlier than this process.
 * Milliseconds.
 */
const MARGIN_MS = 60_000;
/** Between two looks for messages that can no longer be kept, at most, milliseconds. */
const LONGEST_TICK_MS = 60_000;

/**
 * The messages in this process's hands. Extends their visibility until they are deleted or given
 * back, so that a handler may take as long as it needs, up to SQS's limit of 12 hours.
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
    // Three times in each timeout: two attempts may fail before a message is lost.
    const periodMs = (options.visibilitySeconds * 1000) / 3;
    const ticksInPeriod = Math.ceil(periodMs / LONGEST_TICK_MS);
    let ticks = 0;
    this.#tickMs = periodMs / ticksInPeriod;
    this.#heartbeat = setInterval(() => {
      // On every tick, also while an extension hangs: a handler is to hear in time that its message
      // is lost.
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
   * Those of the messages that are new here, in order; hidden from others since `hiddenSince`
   * (performance.now()).
   */
  take(messages: readonly Message[], hiddenSince: number): HeldMessage[] {
    const heldUntil = hiddenSince + this.#visibilitySeconds * 1000;
    const longestUntil = hiddenSince + LONGEST_HIDDEN_MS - MARGIN_MS;
    return messages.flatMap((message) => {
      const {
        MessageId: id,
        ReceiptHandle: receiptHandle,
        Body: body,
        Attributes: attributes,
      } = message;
      if (id === undefined || receiptHandle === undefined || body === undefined) return [];
      const known = this.#held.get(id);
      if (known !== undefined && !known.lost.signal.aborted) {
        // It had become visible while it is still being handled here, and came to us again: it is
        // ours for longer.
        known.receiptHandle = receiptHandle;
        known.heldUntil = heldUntil;
        known.longestUntil = longestUntil;
        return [];
      }
      const held: HeldMessage = {
        id,
        group: attributes?.MessageGroupId ?? "",
        body,
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

  /** No longer to be extended: it was deleted, or left to its visibility timeout. */
  forget(message: HeldMessage): void {
    if (this.#held.get(message.id) === message) this.#held.delete(message.id);
  }

  /**
   * Gives messages back, to be received again after `seconds`. What SQS does not take back is
   * reported; it appears by itself after its visibility timeout.
   */
  async release(messages: readonly HeldMessage[], seconds: number): Promise<void> {
    for (const message of messages) this.forget(message);
    // An extension that is under way would come after it and hide the messages again.
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

  /** Stops extending. */
  dispose(): void {
    clearInterval(this.#heartbeat);
  }

  #expire(): void {
    for (const message of this.#held.values()) {
      // At the next tick SQS would already hand it to someone else.
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

  /** What was refused; undefined when the queue could not be asked. */
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

/** For how many whole seconds from now SQS can still hide a message. */
function secondsLeft(message: HeldMessage): number {
  return Math.floor((message.longestUntil - performance.now()) / 1000);
}
