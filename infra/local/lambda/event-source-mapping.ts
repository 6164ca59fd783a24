import type { Message } from "@aws-sdk/client-sqs";
import { setTimeout as delay } from "node:timers/promises";
import { failedMessages } from "./batch-response.ts";
import type { PolledQueue } from "./polled-queue.ts";
import { sqsEvent } from "./sqs-event.ts";

export interface EventSourceMappingOptions {
  readonly queue: PolledQueue;
  readonly region: string;
  readonly queueArn: string;
  /** The most messages in one invocation. */
  readonly batchSize: number;
  /** The most invocations at the same time. */
  readonly concurrency: number;
  /**
   * Whether the function's response names the failed messages; if not, an invocation succeeds or
   * fails as a whole.
   */
  readonly reportsBatchItemFailures: boolean;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Called for every invocation that failed in whole or in part, and every failed queue call. */
  readonly onProblem: (error: unknown) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Passes a queue's messages to a function by Lambda's rules until `signal` is aborted, and then
 * waits for the running invocations. The messages of one receive become one invocation. A FIFO
 * queue hides a group's next messages while some are in flight, so only one invocation at a time
 * works on a group, and different groups run in parallel. Messages that succeeded are deleted. A
 * failed message becomes visible again after the queue's visibility timeout, and its group waits
 * for it.
 */
export async function runEventSourceMapping(
  options: EventSourceMappingOptions,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    if (running.size >= options.concurrency) {
      await Promise.race(running);
      continue;
    }
    try {
      const messages = await options.queue.receive(options.batchSize, signal);
      pauseMs = FIRST_PAUSE_MS;
      if (messages.length === 0) continue;
      const work = handle(options, messages)
        .catch(options.onProblem)
        .finally(() => running.delete(work));
      running.add(work);
    } catch (error) {
      if (signal.aborted) break;
      options.onProblem(error);
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
  await Promise.all(running);
}

async function handle(
  options: EventSourceMappingOptions,
  messages: readonly Message[],
): Promise<void> {
  const response = await options.invoke(sqsEvent(messages, options));
  const failed = failedMessages(
    response,
    new Set(messages.map(({ MessageId }) => MessageId ?? "")),
  );
  const succeeded = messages.filter(({ MessageId }) => !failed.has(MessageId ?? ""));
  if (failed.size > 0) options.onProblem(new BatchItemsFailedError(failed.size, messages.length));
  if (succeeded.length === 0) return;
  // A message that could not be deleted is delivered again, and the function drops it as a repeat.
  for (const text of await options.queue.delete(succeeded)) {
    options.onProblem(new Error(`a message could not be deleted: ${text}`));
  }
}

/** The function reported some messages of a batch as failed; the queue delivers them again. */
export class BatchItemsFailedError extends Error {
  override readonly name = "BatchItemsFailedError";

  constructor(failed: number, all: number) {
    super(`${failed} of ${all} messages failed and will be received again`);
  }
}
