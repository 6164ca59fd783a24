import { randomUUID } from "node:crypto";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type BatchResultErrorEntry,
  type Message,
  type ReceiveMessageCommandInput,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { HeldMessage } from "./held-message.ts";
import { inSequence } from "./in-sequence.ts";
import { withDeadline } from "./with-deadline.ts";

/** What SQS accepts in one batch. */
export const BATCH = 10;

/** How long the end of a subscription may wait for SQS's answer, milliseconds. */
const LAST_RECEIVE_MS = 2000;
/**
 * How long any call may take, the SDK's retries and all, milliseconds; a receive its wait longer.
 */
const CALL_MS = 10_000;

/** What became of a message that SQS would not delete or extend. */
export interface Refusal {
  readonly message: HeldMessage;
  readonly code: string;
  /** True when asking again cannot help: the message is someone else's by now, or gone. */
  readonly final: boolean;
}

/**
 * The calls that a subscription makes to its queue. Throws what the AWS SDK throws after its own
 * retries.
 */
export class SqsQueue {
  readonly url: string;
  readonly #sqs: SQSClient;

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.url = url;
  }

  /**
   * Messages, after a wait for the first of them. When the signal aborts the wait, SQS may have
   * handed out messages that nobody got: they are fetched after all, so that they can be given back
   * at once.
   */
  async receive(options: {
    readonly most: number;
    readonly waitSeconds: number;
    readonly visibilitySeconds: number;
    readonly signal: AbortSignal;
  }): Promise<Message[]> {
    const input: ReceiveMessageCommandInput = {
      QueueUrl: this.url,
      MaxNumberOfMessages: options.most,
      WaitTimeSeconds: options.waitSeconds,
      VisibilityTimeout: options.visibilitySeconds,
      MessageSystemAttributeNames: ["MessageGroupId", "ApproximateReceiveCount", "SequenceNumber"],
      // A receive of the same attempt gets the same messages. The SDK's own retry after a lost
      // answer is one, too.
      ReceiveRequestAttemptId: randomUUID(),
    };
    try {
      const deadlineMs = options.waitSeconds * 1000 + CALL_MS;
      return await withDeadline(options.signal, deadlineMs, (either) =>
        this.#receive(input, either),
      );
    } catch (error) {
      if (!options.signal.aborted) throw error;
      return this.#receive({ ...input, WaitTimeSeconds: 0 }, AbortSignal.timeout(LAST_RECEIVE_MS));
    }
  }

  async #receive(input: ReceiveMessageCommandInput, abortSignal: AbortSignal): Promise<Message[]> {
    const answer = await this.#sqs.send(new ReceiveMessageCommand(input), { abortSignal });
    return inSequence(answer.Messages ?? []);
  }

  /** Hides each message for this many seconds from now; 0 gives it back. At most BATCH. */
  async changeVisibility(
    messages: readonly HeldMessage[],
    secondsOf: (message: HeldMessage) => number,
  ): Promise<Refusal[]> {
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: this.url,
      Entries: messages.map((message, index) => ({
        Id: String(index),
        ReceiptHandle: message.receiptHandle,
        VisibilityTimeout: secondsOf(message),
      })),
    });
    const answer = await this.#sqs.send(command, { abortSignal: AbortSignal.timeout(CALL_MS) });
    return refusals(messages, answer.Failed);
  }

  /** At most BATCH. */
  async delete(messages: readonly HeldMessage[]): Promise<Refusal[]> {
    const command = new DeleteMessageBatchCommand({
      QueueUrl: this.url,
      Entries: messages.map((message, index) => ({
        Id: String(index),
        ReceiptHandle: message.receiptHandle,
      })),
    });
    const answer = await this.#sqs.send(command, { abortSignal: AbortSignal.timeout(CALL_MS) });
    return refusals(messages, answer.Failed);
  }
}

function refusals(
  messages: readonly HeldMessage[],
  failed: readonly BatchResultErrorEntry[] = [],
): Refusal[] {
  return failed.flatMap((entry) => {
    const message = messages[Number(entry.Id)];
    if (message === undefined) return [];
    return [{ message, code: entry.Code ?? "Unknown", final: entry.SenderFault ?? false }];
  });
}
