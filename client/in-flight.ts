import type { Message } from "@aws-sdk/client-sqs";
import { ReleaseRefusedError } from "./errors.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import { BATCH, type Refusal, type SqsQueue } from "./sqs-queue.ts";

type ErrorListener = (
  error: unknown,
  activity: "extend" | "release",
  message?: HeldMessage,
) => void;

/**
 * The messages in this process's hands. Extends their visibility until they are deleted or given back, so that a
 * handler may take as long as it needs (SQS ends it after 12 hours).
 */
export class InFlight {
  readonly #queue: SqsQueue;
  readonly #visibilitySeconds: number;
  readonly #onError: ErrorListener;
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
    this.#heartbeat = setInterval(
      () => {
        // On every tick, also while an extension hangs: a handler is to hear in time that its message is lost.
        this.#expire();
        this.#extending ??= this.#extend().finally(() => {
          this.#extending = undefined;
        });
      },
      (options.visibilitySeconds * 1000) / 3,
    );
  }

  get size(): number {
    return this.#held.size;
  }

  /** Those of the messages that are new here, in order; hidden from others since `hiddenSince` (performance.now()). */
  take(messages: readonly Message[], hiddenSince: number): HeldMessage[] {
    const heldUntil = hiddenSince + this.#visibilitySeconds * 1000;
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
        // It had become visible while it is still being handled here, and came to us again: it is ours for longer.
        known.receiptHandle = receiptHandle;
        known.heldUntil = heldUntil;
        return [];
      }
      const held: HeldMessage = {
        id,
        group: attributes?.MessageGroupId ?? "",
        body,
        receiveCount: Number(attributes?.ApproximateReceiveCount ?? 1),
        receiptHandle,
        heldUntil,
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
   * Gives messages back, to be received again after so many seconds. What SQS does not take back is reported; it appears
   * by itself after its visibility timeout.
   */
  async release(messages: readonly HeldMessage[], seconds: number): Promise<void> {
    for (const message of messages) this.forget(message);
    // An extension that is under way would come after it and hide the messages again.
    await this.#extending;
    const refused = await this.#inBatches(messages.filter(isHeld), seconds, "release");
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
      if (!isHeld(message)) this.#lose(message);
    }
  }

  async #extend(): Promise<void> {
    const sentAt = performance.now();
    const held = [...this.#held.values()].filter(isHeld);
    const refused = await this.#inBatches(held, this.#visibilitySeconds, "extend");
    if (refused === undefined) return;
    const lost = new Set<HeldMessage>();
    for (const refusal of refused) {
      lost.add(refusal.message);
      if (refusal.final && this.#held.get(refusal.message.id) === refusal.message) {
        this.#lose(refusal.message);
      }
    }
    for (const message of held) {
      if (!lost.has(message)) message.heldUntil = sentAt + this.#visibilitySeconds * 1000;
    }
  }

  /** What was refused; undefined when the queue could not be asked. */
  async #inBatches(
    messages: readonly HeldMessage[],
    seconds: number,
    activity: "extend" | "release",
  ): Promise<Refusal[] | undefined> {
    try {
      const refused: Refusal[] = [];
      for (let start = 0; start < messages.length; start += BATCH) {
        const batch = messages.slice(start, start + BATCH);
        refused.push(...(await this.#queue.changeVisibility(batch, seconds)));
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
