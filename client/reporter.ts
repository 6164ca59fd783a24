import type { Activity, MessageContext, SubscriptionEvents } from "./events.ts";
import type { HeldMessage } from "./held-message.ts";
import type { Outcome } from "./message-processor.ts";
import { OnlyRepeats } from "./only-repeats.ts";
import { printError, printOnlyRepeats } from "./print-events.ts";

/**
 * Calls the application's callbacks. Errors that they throw are dropped, so that they cannot
 * disturb the delivery.
 */
export class Reporter {
  readonly #events: SubscriptionEvents;
  readonly #owner: { readonly environment: string; readonly subscriber: string };
  readonly #onlyRepeats: OnlyRepeats;
  #latest: MessageContext = { group: "", messageId: "", receiveCount: 0 };
  #repeats = 0;

  constructor(
    events: SubscriptionEvents,
    owner: { readonly environment: string; readonly subscriber: string },
  ) {
    this.#events = events;
    this.#owner = { environment: owner.environment, subscriber: owner.subscriber };
    this.#onlyRepeats = new OnlyRepeats((repeats, durationMs) => {
      const report = this.#events.onOnlyRepeats ?? printOnlyRepeats;
      undisturbed(() => report({ ...this.#owner, repeats, durationMs, latest: this.#latest }));
    });
  }

  error(error: unknown, activity: Activity, message?: HeldMessage): void {
    const report = this.#events.onError ?? printError;
    undisturbed(() =>
      report(error, {
        activity,
        ...this.#owner,
        ...(message && { message: messageContext(message) }),
      }),
    );
  }

  done(outcome: Extract<Outcome, { kind: "handled" | "repeat" }>, message: HeldMessage): void {
    const { onHandled, onRepeat } = this.#events;
    if (outcome.kind === "handled") {
      this.#onlyRepeats.handled();
      undisturbed(() => onHandled?.(outcome.info, outcome.durationMs));
      return;
    }
    this.#latest = messageContext(message);
    const { changes } = outcome;
    const total = ++this.#repeats;
    undisturbed(() => onRepeat?.({ ...this.#latest, ...this.#owner, changes, total }));
    this.#onlyRepeats.repeat();
  }

  /** Stops the report about repeats. */
  dispose(): void {
    this.#onlyRepeats.dispose();
  }
}

function messageContext({ group, id, receiveCount }: HeldMessage): MessageContext {
  return { group, messageId: id, receiveCount };
}

function undisturbed(callback: () => unknown): void {
  try {
    // An unhandled rejection of an asynchronous callback would end the process.
    const result = callback();
    if (result !== undefined) Promise.resolve(result).catch(() => undefined);
  } catch {
    // Dropped: the callback for errors may itself have thrown.
  }
}
