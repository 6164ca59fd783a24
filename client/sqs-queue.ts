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
import { CopiedCommands } from "./copied-commands.ts";
import type { HeldMessage } from "./held-message.ts";
import { inSequence } from "./in-sequence.ts";
import { readingMessages } from "./received-messages.ts";
import { withDeadline } from "./with-deadline.ts";

/** The largest number of messages in one request to SQS. */
export const BATCH = 10;

/** How long the last receive of a stopping subscription may take, milliseconds. */
const LAST_RECEIVE_MS = 2000;
/**
 * How long a call may take, including the SDK's retries, milliseconds. A receive may take its wait
 * in addition.
 */
const CALL_MS = 10_000;

/** A message that SQS refused to delete, extend or release. */
export interface Refusal {
  readonly message: HeldMessage;
  readonly code: string;
  /**
   * True when a retry cannot succeed, because the message is deleted or held by another process.
   */
  readonly final: boolean;
}

/** A subscription's calls to its queue. They throw what the AWS SDK throws after its retries. */
export class SqsQueue {
  readonly url: string;
  readonly #sqs: SQSClient;
  readonly #receives = new CopiedCommands();
  readonly #deletions = new CopiedCommands();

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.url = url;
  }

  /**
   * Receives messages, with a wait for the first of them. When the signal aborts the wait, SQS may
   * have delivered messages in an answer that was lost. A second call fetches them, so that they
   * can be given back at once.
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
      // Receives with the same attempt id return the same messages. This includes the SDK's retry
      // after a lost answer.
      ReceiveRequestAttemptId: randomUUID(),
    };
    try {
      const deadlineMs = options.waitSeconds * 1000 + CALL_MS;
      return await withDeadline(options.signal, deadlineMs, (either) =>
        this.#receive(input, either),
      );
    } catch (error) {
      if (!options.signal.aborted) throw error;
      return withDeadline(undefined, LAST_RECEIVE_MS, (over) =>
        this.#receive({ ...input, WaitTimeSeconds: 0 }, over),
      );
    }
  }

  async #receive(input: ReceiveMessageCommandInput, abortSignal: AbortSignal): Promise<Message[]> {
    const command = this.#receives.prepared(readingMessages(new ReceiveMessageCommand(input)));
    const answer = await this.#sqs.send(command, { abortSignal });
    return inSequence(answer.Messages ?? []);
  }

  /**
   * Hides each message for the given seconds from now; 0 makes it visible. Takes at most BATCH
   * messages.
   */
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
    const answer = await withDeadline(undefined, CALL_MS, (abortSignal) =>
      this.#sqs.send(command, { abortSignal }),
    );
    return refusals(messages, answer.Failed);
  }

  /** Deletes at most BATCH messages. */
  async delete(messages: readonly HeldMessage[]): Promise<Refusal[]> {
    const command = this.#deletions.prepared(
      new DeleteMessageBatchCommand({
        QueueUrl: this.url,
        Entries: messages.map((message, index) => ({
          Id: String(index),
          ReceiptHandle: message.receiptHandle,
        })),
      }),
    );
    const answer = await withDeadline(undefined, CALL_MS, (abortSignal) =>
      this.#sqs.send(command, { abortSignal }),
    );
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
