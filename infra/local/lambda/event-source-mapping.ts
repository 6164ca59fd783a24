import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { setTimeout as delay } from "node:timers/promises";
import { failedMessages } from "./batch-response.ts";
import { sqsEvent } from "./sqs-event.ts";

export interface EventSourceMappingOptions {
  readonly sqs: SQSClient;
  readonly region: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  /** At most this many messages in one invocation. */
  readonly batchSize: number;
  /** At most this many invocations at the same time. */
  readonly concurrency: number;
  /**
   * Whether what the function returns names the messages that failed; if not, an invocation
   * succeeds as a whole.
   */
  readonly reportsBatchItemFailures: boolean;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /**
   * Told about every invocation that failed, in whole or in part, and every call of the queue that
   * failed.
   */
  readonly onProblem: (error: unknown) => void;
}

const LONG_POLL_S = 20;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Feeds a queue's messages to a function with Lambda's rules until `signal` is aborted, and then
 * until the running invocations are over. What one receive brings is one invocation. A FIFO queue
 * hides a group's next messages while some are in flight, so a group is in one invocation at a
 * time, and different groups run in parallel. What succeeded is deleted; what failed stays until
 * the queue's visibility timeout brings it back, and its group waits for it.
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
      const messages = await receive(options, signal);
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

async function receive(
  options: EventSourceMappingOptions,
  abortSignal: AbortSignal,
): Promise<Message[]> {
  const answer = await options.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: options.queueUrl,
      MaxNumberOfMessages: options.batchSize,
      WaitTimeSeconds: LONG_POLL_S,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
    { abortSignal },
  );
  return answer.Messages ?? [];
}

async function handle(options: EventSourceMappingOptions, messages: Message[]): Promise<void> {
  const response = await options.invoke(sqsEvent(messages, options));
  const failed = failedMessages(
    response,
    new Set(messages.map(({ MessageId }) => MessageId ?? "")),
  );
  const succeeded = messages.filter(({ MessageId }) => !failed.has(MessageId ?? ""));
  if (failed.size > 0) options.onProblem(new BatchItemsFailedError(failed.size, messages.length));
  if (succeeded.length === 0) return;
  const answer = await options.sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: options.queueUrl,
      Entries: succeeded.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle })),
    }),
  );
  // A message that could not be deleted comes back, and the function drops it as a repeat.
  for (const { Code, Message: text } of answer.Failed ?? []) {
    options.onProblem(new Error(`a message could not be deleted: ${Code}: ${text}`));
  }
}

/** The function reported some messages of a batch as failed; they come back. */
export class BatchItemsFailedError extends Error {
  override readonly name = "BatchItemsFailedError";

  constructor(failed: number, all: number) {
    super(`${failed} of ${all} messages failed and will come back`);
  }
}
