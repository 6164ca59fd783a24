import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Change, EnvironmentMessage } from "../../../wire/message.ts";
import { environmentQueueName } from "../../../wire/names.ts";
import { SOURCE } from "./frames.ts";
import type { Stage } from "./stage.ts";

/** A change, and the time of its receipt, milliseconds since 1970. */
export interface Receipt {
  readonly change: Change;
  readonly group: string;
  readonly atMs: number;
}

/** An application of one environment that receives everything in its queue. Disposing ends it. */
export class Consumer implements AsyncDisposable {
  readonly receipts: Receipt[] = [];
  readonly #sqs: SQSClient;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(stage: Stage, environment: string, subscriber = "billing") {
    const { region, credentials, endpoints } = stage.aws;
    this.#sqs = new SQSClient({ region, credentials, endpoint: endpoints.sqs });
    const queueUrl = stage.queueUrl(environmentQueueName(SOURCE, subscriber, environment));
    this.#running = this.#receive(queueUrl, this.#stop.signal);
  }

  /** The numbers of the received changes, as `TestLane` counts them. */
  get numbers(): number[] {
    return this.receipts.map(({ change }) => (change.after ?? change.before)?.["n"] as number);
  }

  async #receive(queueUrl: string, abortSignal: AbortSignal): Promise<void> {
    while (!abortSignal.aborted) {
      try {
        const { Messages: messages = [] } = await this.#sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds: 1,
          }),
          { abortSignal },
        );
        if (messages.length === 0) continue;
        for (const { Body: body = "" } of messages) {
          const { changes, group } = JSON.parse(body) as EnvironmentMessage;
          for (const change of changes) this.receipts.push({ change, group, atMs: Date.now() });
        }
        await this.#sqs.send(
          new DeleteMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: messages.map(({ ReceiptHandle }, index) => ({
              Id: String(index),
              ReceiptHandle,
            })),
          }),
        );
      } catch (error) {
        // A queue may be gone for a while. Other errors show in the test as missing changes.
        if (abortSignal.aborted || error instanceof Error) continue;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#sqs.destroy();
  }
}
