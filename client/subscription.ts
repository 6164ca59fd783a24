import { DeleteBatcher } from "./delete-batcher.ts";
import type { SubscriptionEvents } from "./events.ts";
import { FailingGroups } from "./failing-groups.ts";
import { GroupDispatcher } from "./group-dispatcher.ts";
import { GroupRunner } from "./group-runner.ts";
import { InFlight } from "./in-flight.ts";
import type { MessageProcessor } from "./message-processor.ts";
import type { Settings } from "./options.ts";
import { Receiver } from "./receiver.ts";
import { Reporter } from "./reporter.ts";
import type { SqsQueue } from "./sqs-queue.ts";

/**
 * A running subscription. It ends after `stop()`, after its AbortSignal aborts, or at a message of
 * a version that this library cannot read.
 */
export interface Subscription extends AsyncDisposable {
  readonly queueUrl: string;
  readonly environment: string;
  readonly subscriber: string;
  /**
   * Settles when the subscription has ended: resolves after `stop()` or an abort, rejects with
   * UnsupportedMessageVersionError.
   */
  readonly finished: Promise<void>;
  /**
   * Finishes the messages that are being handled and gives the others back at once. Resolves when
   * the subscription has ended. A handler must not await it: it waits for that handler.
   */
  stop(): Promise<void>;
}

export interface SubscriptionParts<Transaction> {
  readonly queue: SqsQueue;
  readonly settings: Settings<Transaction>;
  readonly processor: MessageProcessor<Transaction>;
  readonly events: SubscriptionEvents;
  readonly signal: AbortSignal | undefined;
  /** Closes the clients that belong to the subscription. */
  readonly release: () => void;
}

export function startSubscription<Transaction>(
  parts: SubscriptionParts<Transaction>,
): Subscription {
  const { settings, signal } = parts;
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });

  const finished = run(parts, stopping).finally(() => {
    signal?.removeEventListener("abort", stop);
    parts.release();
  });
  // An application that does not watch `finished` learns of the error through onError. An unhandled
  // rejection would end its process.
  const ended = finished.catch(() => undefined);
  return {
    queueUrl: parts.queue.url,
    environment: settings.environment,
    subscriber: settings.subscriber,
    finished,
    async stop() {
      stop();
      await ended;
    },
    async [Symbol.asyncDispose]() {
      stop();
      await ended;
    },
  };
}

/**
 * Receives and handles messages until `stopping` aborts. Then gives back the waiting messages,
 * finishes the running ones and deletes the handled ones.
 */
async function run<Transaction>(
  { queue, settings, processor, events }: SubscriptionParts<Transaction>,
  stopping: AbortController,
): Promise<void> {
  const { waitSeconds, visibilitySeconds, backoffSeconds, concurrency } = settings;
  let refusal: Error | undefined;
  const reporter = new Reporter(events, settings);
  const failing = new FailingGroups();
  const inFlight = new InFlight({
    queue,
    visibilitySeconds,
    onError: (error, activity, message) => reporter.error(error, activity, message),
  });
  const deletions = new DeleteBatcher({
    queue,
    held: () => inFlight.size,
    onDone: (message) => inFlight.forget(message),
    onError: (error) => reporter.error(error, "delete"),
  });
  const runner = new GroupRunner({
    processor,
    inFlight,
    deletions,
    failing,
    reporter,
    backoffSeconds,
    wideReceivesEnded: () => receiver.wideEnded(),
    stopping: stopping.signal,
    onRefused(error) {
      refusal = error;
      stopping.abort();
    },
  });
  const groups = new GroupDispatcher(concurrency, (messages) => runner.run(messages));
  const receiver: Receiver = new Receiver({
    queue,
    waitSeconds,
    visibilitySeconds,
    room: (signal) => groups.room(signal),
    oneByOne: () => failing.any(),
    busy: () => inFlight.size > 0,
    onMessages(messages, hiddenSince) {
      const taken = inFlight.take(messages, hiddenSince);
      // A message with an earlier receive failed in another process or killed it. The count is the
      // only sign of it here.
      for (const { group, receiveCount } of taken) if (receiveCount > 1) failing.add(group, 0);
      groups.add(taken);
    },
    reporter,
  });
  try {
    await receiver.run(stopping.signal);
    await runner.giveBack(groups.takeWaiting());
    await groups.idle();
    await deletions.close();
  } finally {
    inFlight.dispose();
    reporter.dispose();
  }
  if (refusal !== undefined) throw refusal;
}
