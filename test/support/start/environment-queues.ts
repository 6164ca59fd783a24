import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { StackFile } from "../../../operator/shared/stack-file.ts";
import { type Change, decodeMessage } from "../../../wire/message.ts";

/** A change received from a queue, and the time of its receipt. */
export interface Taken {
  readonly environment: string;
  readonly subscriber: string;
  readonly change: Change;
  readonly atMs: number;
}

/** Receives what arrives in the environment queues of a stack, with the plain AWS SDK. */
export class EnvironmentQueues implements Disposable {
  readonly taken: Taken[] = [];
  readonly #sqs: SQSClient;
  readonly #stop = new AbortController();

  constructor({ aws, environments }: StackFile) {
    const { region, accessKeyId, secretAccessKey, sqsEndpoint } = aws;
    this.#sqs = new SQSClient({
      region,
      endpoint: sqsEndpoint,
      credentials: { accessKeyId, secretAccessKey },
    });
    for (const [environment, { queues }] of Object.entries(environments)) {
      for (const [subscriber, url] of Object.entries(queues)) {
        void this.#take(environment, subscriber, url);
      }
    }
  }

  /** The changes received for a subscriber of an environment, in order. */
  of(environment: string, subscriber: string): Taken[] {
    return this.taken.filter(
      (taken) => taken.environment === environment && taken.subscriber === subscriber,
    );
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#sqs.destroy();
  }

  async #take(environment: string, subscriber: string, QueueUrl: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const { Messages = [] } = await this.#sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }),
          { abortSignal: this.#stop.signal },
        );
        const atMs = Date.now();
        for (const { Body = "" } of Messages) {
          const { changes } = decodeMessage(Body);
          for (const change of changes) this.taken.push({ environment, subscriber, change, atMs });
        }
        if (Messages.length === 0) continue;
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({
          Id: String(index),
          ReceiptHandle,
        }));
        await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      } catch (error) {
        // The stack may stop before the test does.
        if (!this.#stop.signal.aborted) throw error;
      }
    }
  }
}
