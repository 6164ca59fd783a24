import type { Activity, MessageContext, SubscriptionEvents } from "./events.ts";
import type { HeldMessage } from "./held-message.ts";
import type { Outcome } from "./message-processor.ts";
import { printError } from "./print-error.ts";

/** Tells the application's callbacks. What one of them throws is dropped, so that watching cannot disturb the delivery. */
export class Reporter {
  readonly #events: SubscriptionEvents;
  readonly #owner: { readonly environment: string; readonly subscriber: string };

  constructor(
    events: SubscriptionEvents,
    owner: { readonly environment: string; readonly subscriber: string },
  ) {
    this.#events = events;
    this.#owner = { environment: owner.environment, subscriber: owner.subscriber };
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
    undisturbed(() => {
      if (outcome.kind === "handled") onHandled?.(outcome.info, outcome.durationMs);
      else onRepeat?.(messageContext(message));
    });
  }
}

function messageContext({ group, id, receiveCount }: HeldMessage): MessageContext {
  return { group, messageId: id, receiveCount };
}

function undisturbed(callback: () => void): void {
  try {
    callback();
  } catch {
    // Nothing to do: the callback that is told of errors may be the one that threw.
  }
}
