import type { DeleteBatcher } from "./delete-batcher.ts";
import type { UnsupportedMessageVersionError } from "./errors.ts";
import type { FailingGroups } from "./failing-groups.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import type { InFlight } from "./in-flight.ts";
import type { MessageProcessor, Outcome } from "./message-processor.ts";
import { exponentialBackoff } from "./options.ts";
import type { Reporter } from "./reporter.ts";

/**
 * How long a message that this library cannot read is hidden, seconds. Restarts then do not use up
 * its receives.
 */
const REFUSED_SECONDS = 900;
/** SQS hides a message for 12 hours at most. */
const LONGEST_BACKOFF_SECONDS = 43_200;

export interface GroupRunnerOptions<Transaction> {
  readonly processor: MessageProcessor<Transaction>;
  readonly inFlight: InFlight;
  readonly deletions: DeleteBatcher;
  readonly failing: FailingGroups;
  readonly reporter: Reporter;
  readonly backoffSeconds: (receiveCount: number) => number;
  /** Resolves when the running receives that may return several messages of a group have ended. */
  readonly wideReceivesEnded: () => Promise<void>;
  /** After its abort, messages whose handling has not begun are given back. */
  readonly stopping: AbortSignal;
  /**
   * Called for a message of a version that this library cannot read. The subscription must stop
   * receiving.
   */
  readonly onRefused: (error: UnsupportedMessageVersionError) => void;
}

/** Handles a group's messages in order and deletes or releases each according to its outcome. */
export class GroupRunner<Transaction> {
  readonly #options: GroupRunnerOptions<Transaction>;

  constructor(options: GroupRunnerOptions<Transaction>) {
    this.#options = options;
  }

  /**
   * Takes messages from the front until the array is empty; others may be appended meanwhile. Never
   * rejects.
   */
  async run(messages: HeldMessage[]): Promise<void> {
    for (;;) {
      const [message] = messages;
      if (message === undefined) return;
      if (this.#options.stopping.aborted) {
        await this.giveBack(messages.splice(0));
      } else {
        await this.#settle(await this.#process(message), message, messages);
      }
    }
  }

  /** Makes untried messages visible again at once. Never rejects. */
  async giveBack(messages: readonly HeldMessage[]): Promise<void> {
    await this.#options.inFlight.release(messages, 0);
  }

  async #process(message: HeldMessage): Promise<Outcome> {
    if (!isHeld(message)) return { kind: "unfinished" };
    const outcome = await this.#options.processor.process(message);
    // A message that failed is received again, with its body.
    message.body = "";
    return outcome;
  }

  async #settle(outcome: Outcome, message: HeldMessage, messages: HeldMessage[]): Promise<void> {
    const { inFlight, deletions, failing, reporter } = this.#options;
    switch (outcome.kind) {
      case "handled":
      case "repeat":
        messages.shift();
        failing.delete(message.group);
        deletions.add(message);
        reporter.done(outcome, message);
        return;
      case "unfinished":
        await inFlight.release(messages.splice(0), 0);
        return;
      case "failed": {
        reporter.error(outcome.error, "handle", message);
        const seconds = this.#backoff(message);
        failing.add(message.group, seconds);
        // A running receive of several messages would return the failed message with its successors
        // and count a receive for each.
        await this.#options.wideReceivesEnded();
        // The failed message is released first: while it is hidden, SQS does not deliver its
        // successors.
        const successors = messages.splice(0).slice(1);
        await inFlight.release([message], seconds);
        await inFlight.release(successors, 0);
        return;
      }
      case "refused":
        this.#options.onRefused(outcome.error);
        reporter.error(outcome.error, "handle", message);
        await inFlight.release([message], REFUSED_SECONDS);
        await this.giveBack(messages.splice(0).slice(1));
        return;
      default:
        outcome satisfies never;
    }
  }

  /** The application's wait; the default one if its function throws or returns no number. */
  #backoff(message: HeldMessage): number {
    const { backoffSeconds, reporter } = this.#options;
    const { receiveCount } = message;
    try {
      const seconds: unknown = backoffSeconds(receiveCount);
      if (typeof seconds !== "number" || Number.isNaN(seconds)) {
        // An unhandled rejection would end the process.
        Promise.resolve(seconds).catch(() => undefined);
        throw new TypeError("`backoffSeconds` returned no number");
      }
      return Math.min(Math.max(Math.round(seconds), 0), LONGEST_BACKOFF_SECONDS);
    } catch (error) {
      reporter.error(error, "handle", message);
      return Math.round(exponentialBackoff(receiveCount));
    }
  }
}
