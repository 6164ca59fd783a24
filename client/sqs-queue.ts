import { randomUUID } from "node:crypto";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type BatchResultErrorEntry,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { HeldMessage } from "./held-message.ts";

/** What SQS accepts in one batch. */
export const BATCH = 10;

/** What became of a message that SQS would not delete or extend. */
export interface Refusal {
  readonly message: HeldMessage;
  readonly code: string;
  /** True when asking again cannot help: the message is someone else's by now, or gone. */
  readonly final: boolean;
}

/** The calls that a subscription makes to its queue. Throws what the AWS SDK throws after its own retries. */
export class SqsQueue {
  readonly #sqs: SQSClient;
  readonly #url: string;

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.#url = url;
  }

  async receive(options: {
    readonly most: number;
    readonly waitSeconds: number;
    readonly visibilitySeconds: number;
    readonly signal: AbortSignal;
  }): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url,
      MaxNumberOfMessages: options.most,
      WaitTimeSeconds: options.waitSeconds,
      VisibilityTimeout: options.visibilitySeconds,
      MessageSystemAttributeNames: ["MessageGroupId", "ApproximateReceiveCount"],
      // With it, the SDK's retry of a receive whose answer was lost gets the same messages again, at once.
      ReceiveRequestAttemptId: randomUUID(),
    });
    const answer = await this.#sqs.send(command, { abortSignal: options.signal });
    return answer.Messages ?? [];
  }

  /** Hides messages for so many seconds from now; 0 gives them back. At most BATCH. */
  async changeVisibility(messages: readonly HeldMessage[], seconds: number): Promise<Refusal[]> {
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: this.#url,
      Entries: messages.map((message, index) => ({
        Id: String(index),
        ReceiptHandle: message.receiptHandle,
        VisibilityTimeout: seconds,
      })),
    });
    const answer = await this.#sqs.send(command);
    return refusals(messages, answer.Failed);
  }

  /** At most BATCH. */
  async delete(messages: readonly HeldMessage[]): Promise<Refusal[]> {
    const command = new DeleteMessageBatchCommand({
      QueueUrl: this.#url,
      Entries: messages.map((message, index) => ({
        Id: String(index),
        ReceiptHandle: message.receiptHandle,
      })),
    });
    const answer = await this.#sqs.send(command);
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
