import type { Message } from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { setTimeout as delay } from "node:timers/promises";
import { failedMessages } from "./batch-response.ts";
import { batchesBySize } from "./batches-by-size.ts";
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
 * waits for the running invocations. The messages of one receive become one invocation, or several
 * where they are too large for one event. A FIFO queue hides a group's next messages while some are
 * in flight, so only one invocation at a time works on a group, and different groups run in
 * parallel. Messages that succeeded are deleted. A failed message becomes visible again after the
 * queue's visibility timeout, and its group waits for it.
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
      const work = handle(options, messages).finally(() => running.delete(work));
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

/**
 * Handles the messages of one receive: with one invocation, or one behind the other where an event
 * would be too large. After a failure nothing more of its group is handled. Rejects never.
 */
async function handle(
  options: EventSourceMappingOptions,
  messages: readonly Message[],
): Promise<void> {
  const { Records: records } = sqsEvent(messages, options);
  const failedGroups = new Set<string>();
  for (const batch of batchesBySize(records)) {
    const ready = batch.filter((record) => !failedGroups.has(groupOf(record)));
    if (ready.length === 0) continue;
    const failed = await failedRecords(options, ready);
    for (const record of failed) failedGroups.add(groupOf(record));
    await remove(
      options,
      ready.filter((record) => !failed.has(record)),
    ).catch(options.onProblem);
  }
}

/** A message of a standard queue is a group of its own. */
function groupOf({ attributes, messageId }: SQSRecord): string {
  return attributes.MessageGroupId ?? messageId;
}

/** Invokes the function. Returns the records that failed: all of them, if the function did. */
async function failedRecords(
  { invoke, onProblem }: EventSourceMappingOptions,
  records: readonly SQSRecord[],
): Promise<ReadonlySet<SQSRecord>> {
  try {
    const response = await invoke({ Records: records });
    const ids = failedMessages(response, new Set(records.map(({ messageId }) => messageId)));
    if (ids.size > 0) onProblem(new BatchItemsFailedError(ids.size, records.length));
    return new Set(records.filter(({ messageId }) => ids.has(messageId)));
  } catch (error) {
    onProblem(error);
    return new Set(records);
  }
}

/** A message that could not be deleted is received again, and the function drops it as a repeat. */
async function remove(
  { queue, onProblem }: EventSourceMappingOptions,
  records: readonly SQSRecord[],
): Promise<void> {
  if (records.length === 0) return;
  for (const text of await queue.delete(records.map(({ receiptHandle }) => receiptHandle))) {
    onProblem(new Error(`a message could not be deleted: ${text}`));
  }
}

/** The function reported some messages of a batch as failed; the queue delivers them again. */
export class BatchItemsFailedError extends Error {
  override readonly name = "BatchItemsFailedError";

  constructor(failed: number, all: number) {
    super(`${failed} of ${all} messages failed and will be received again`);
  }
}
