import type { DeleteBatcher } from "./delete-batcher.ts";
import type { UnsupportedMessageVersionError } from "./errors.ts";
import type { FailingGroups } from "./failing-groups.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import type { InFlight } from "./in-flight.ts";
import type { MessageProcessor, Outcome } from "./message-processor.ts";
import type { Reporter } from "./reporter.ts";

/**
 * How long a message that this library cannot read is hidden, so that restarts do not use up its
 * receives, seconds.
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
  /**
   * Resolves when the receives under way that may take a message together with its successors have
   * ended.
   */
  readonly wideReceivesEnded: () => Promise<void>;
  /** Once it is aborted, what has not begun is given back. */
  readonly stopping: AbortSignal;
  /** A message of a version that this library does not know: nothing more is to be received. */
  readonly onRefused: (error: UnsupportedMessageVersionError) => void;
}

/** Handles the messages of a group one after the other, and decides what becomes of each. */
export class GroupRunner<Transaction> {
  readonly #options: GroupRunnerOptions<Transaction>;

  constructor(options: GroupRunnerOptions<Transaction>) {
    this.#options = options;
  }

  /**
   * Takes messages off the front until none is left; others may be added behind them meanwhile.
   * Never rejects.
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

  /** Gives messages back that were not tried. Never rejects. */
  async giveBack(messages: readonly HeldMessage[]): Promise<void> {
    await this.#options.inFlight.release(messages, 0);
  }

  async #process(message: HeldMessage): Promise<Outcome> {
    return isHeld(message) ? this.#options.processor.process(message) : { kind: "unfinished" };
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
        const seconds = this.#backoff(message);
        failing.add(message.group, seconds);
        reporter.error(outcome.error, "handle", message);
        // A receive of several that began before would bring the failed one back with its
        // successors, and count them.
        await this.#options.wideReceivesEnded();
        // The failed one first: its successors are not handed out while it is hidden.
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

  #backoff({ receiveCount }: HeldMessage): number {
    const seconds = Math.round(this.#options.backoffSeconds(receiveCount));
    return Math.min(Math.max(seconds, 0), LONGEST_BACKOFF_SECONDS);
  }
}
