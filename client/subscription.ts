import { setTimeout as sleep } from "node:timers/promises";
import { DeleteBatcher } from "./delete-batcher.ts";
import type { Activity, MessageContext, SubscriptionEvents } from "./events.ts";
import { FailingGroups } from "./failing-groups.ts";
import { GroupDispatcher } from "./group-dispatcher.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import { InFlight } from "./in-flight.ts";
import type { MessageProcessor, Outcome } from "./message-processor.ts";
import type { Settings } from "./options.ts";
import { printError } from "./print-error.ts";
import { BATCH, type SqsQueue } from "./sqs-queue.ts";

/** Between two receives when the queue cannot be reached, at most about so many seconds. */
const LONGEST_RECEIVE_PAUSE = 30;
/** Receives at the same time, beside the one that waits for messages, while there are many. */
const MOST_HELPERS = 3;

/**
 * A running subscription. It ends by `stop()`, by its AbortSignal, or by an error that only an operator can mend.
 * `running` → `stopping` (nothing new is received; what runs is finished, the rest is given back) → `ended`.
 */
export class Subscription<Transaction = unknown> implements AsyncDisposable {
  readonly queueUrl: string;
  readonly environment: string;
  readonly subscriber: string;
  /** Settles when the subscription has ended: resolves after `stop()`, rejects with UnsupportedMessageVersionError. */
  readonly finished: Promise<void>;

  readonly #settings: Settings<Transaction>;
  readonly #events: SubscriptionEvents;
  readonly #queue: SqsQueue;
  readonly #processor: MessageProcessor<Transaction>;
  readonly #inFlight: InFlight;
  readonly #deletions: DeleteBatcher;
  readonly #groups: GroupDispatcher;
  readonly #failing = new FailingGroups();
  readonly #stopping = new AbortController();
  #failure: Error | undefined;

  /** Starts receiving at once. */
  constructor(options: {
    readonly queue: SqsQueue;
    readonly queueUrl: string;
    readonly settings: Settings<Transaction>;
    readonly processor: MessageProcessor<Transaction>;
    readonly events: SubscriptionEvents;
    readonly signal: AbortSignal | undefined;
  }) {
    const { queue, settings } = options;
    this.queueUrl = options.queueUrl;
    this.environment = settings.environment;
    this.subscriber = settings.subscriber;
    this.#settings = settings;
    this.#events = options.events;
    this.#queue = queue;
    this.#processor = options.processor;
    this.#inFlight = new InFlight({
      queue,
      visibilitySeconds: settings.visibilitySeconds,
      onError: (error) => this.#report(error, "extend"),
    });
    this.#deletions = new DeleteBatcher({
      queue,
      onDone: (message) => this.#inFlight.forget(message),
      onError: (error) => this.#report(error, "delete"),
    });
    this.#groups = new GroupDispatcher(settings.concurrency, (messages) =>
      this.#runGroup(messages),
    );
    const stop = (): void => this.#stopping.abort();
    if (options.signal?.aborted === true) stop();
    options.signal?.addEventListener("abort", stop, { once: true });
    this.finished = this.#run().finally(() => {
      options.signal?.removeEventListener("abort", stop);
    });
    // An application that does not watch `finished` hears of it by onError; an unhandled rejection would end it.
    this.finished.catch(() => undefined);
  }

  /** Finishes the messages that are being handled, gives the others back at once, and resolves when all that is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.finished.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    try {
      await this.#receive();
      await this.#giveBack(this.#groups.takeWaiting());
      await this.#groups.idle();
      await this.#deletions.close();
    } finally {
      this.#inFlight.dispose();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #receive(): Promise<void> {
    const { signal } = this.#stopping;
    const helpers = new Set<Promise<void>>();
    let failures = 0;
    while (!signal.aborted) {
      try {
        const full = await this.#receiveOnce(this.#settings.waitSeconds);
        failures = 0;
        if (full && helpers.size < MOST_HELPERS) {
          const helper = this.#help().finally(() => helpers.delete(helper));
          helpers.add(helper);
        }
      } catch (error) {
        if (signal.aborted) break;
        this.#report(error, "receive");
        failures++;
        const pauseMs = Math.min(2 ** failures, LONGEST_RECEIVE_PAUSE) * 500 * (1 + Math.random());
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    await Promise.all(helpers);
  }

  /** Receives beside the others as long as the queue has more than one receive brings. */
  async #help(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted && (await this.#receiveOnce(0)));
    } catch {
      // What keeps a helper from receiving keeps the others, too, and they report it.
    }
  }

  /** Whether it brought as many messages as it could. */
  async #receiveOnce(waitSeconds: number): Promise<boolean> {
    const { signal } = this.#stopping;
    await this.#groups.room(signal);
    const most = this.#failing.any() ? 1 : BATCH;
    const { visibilitySeconds } = this.#settings;
    const options = { most, waitSeconds, visibilitySeconds, signal };
    const messages = signal.aborted ? [] : await this.#queue.receive(options);
    this.#groups.add(this.#inFlight.take(messages));
    return messages.length === most;
  }

  async #runGroup(messages: HeldMessage[]): Promise<void> {
    for (;;) {
      const [message] = messages;
      if (message === undefined) return;
      if (this.#stopping.signal.aborted) {
        await this.#giveBack(messages.splice(0));
        return;
      }
      const outcome = await this.#process(message, messages);
      await this.#settle(outcome, message, messages);
    }
  }

  async #process(message: HeldMessage, messages: readonly HeldMessage[]): Promise<Outcome> {
    try {
      await this.#processor.mark(messages);
    } catch (error) {
      return { kind: "failed", error };
    }
    return isHeld(message) ? this.#processor.process(message) : { kind: "unfinished" };
  }

  async #settle(outcome: Outcome, message: HeldMessage, messages: HeldMessage[]): Promise<void> {
    switch (outcome.kind) {
      case "handled":
      case "repeat":
        messages.shift();
        this.#failing.delete(message.group);
        this.#deletions.add(message);
        this.#reportDone(outcome, message);
        return;
      case "unfinished":
        await this.#inFlight.release(messages.splice(0), 0);
        return;
      case "failed": {
        const { backoffSeconds, visibilitySeconds } = this.#settings;
        const seconds = Math.round(
          Math.min(Math.max(backoffSeconds(message.receiveCount), 0), 43_200),
        );
        this.#failing.add(message.group, seconds + visibilitySeconds);
        this.#report(outcome.error, "handle", message);
        // The failed one first: its successors are not handed out while it is hidden.
        const successors = messages.splice(0).slice(1);
        await this.#inFlight.release([message], seconds);
        await this.#inFlight.release(successors, 0);
        return;
      }
      case "refused":
        this.#failure = outcome.error;
        this.#stopping.abort();
        this.#report(outcome.error, "handle", message);
        await this.#giveBack(messages.splice(0));
        return;
      default:
        outcome satisfies never;
    }
  }

  /** Gives messages back that were not tried. */
  async #giveBack(messages: readonly HeldMessage[]): Promise<void> {
    try {
      await this.#processor.mark(messages);
    } catch (error) {
      this.#report(error, "positions");
    }
    await this.#inFlight.release(messages, 0);
  }

  #reportDone(
    outcome: Extract<Outcome, { kind: "handled" | "repeat" }>,
    message: HeldMessage,
  ): void {
    const { onHandled, onRepeat } = this.#events;
    if (outcome.kind === "handled") {
      undisturbed(() => onHandled?.(outcome.info, outcome.durationMs));
    } else {
      undisturbed(() => onRepeat?.(messageContext(message)));
    }
  }

  #report(error: unknown, activity: Activity, message?: HeldMessage): void {
    const report = this.#events.onError ?? printError;
    undisturbed(() =>
      report(error, {
        activity,
        environment: this.environment,
        subscriber: this.subscriber,
        ...(message && { message: messageContext(message) }),
      }),
    );
  }
}

function messageContext({ group, id, receiveCount }: HeldMessage): MessageContext {
  return { group, messageId: id, receiveCount };
}

/** What an application's callback throws must not disturb the delivery. */
function undisturbed(callback: () => void): void {
  try {
    callback();
  } catch {
    // Nothing to do: the callback that is told of errors may be the one that threw.
  }
}
