import { setTimeout as delay } from "node:timers/promises";
import type { Message } from "@aws-sdk/client-sqs";
import type { LocalAws } from "@binlog-router/local-aws";

/** The queue of an event source mapping. */
export interface PolledQueue {
  /** Waits up to 20 s for messages. */
  receive(most: number, signal: AbortSignal): Promise<readonly Message[]>;
  /** Deletes received messages, at most ten; returns why some could not be deleted. */
  delete(receiptHandles: readonly string[]): Promise<readonly string[]>;
}

const LONG_POLL_S = 20;
/** How often a delete is tried, as the AWS SDK does, and the pause before it is tried again. */
const ATTEMPTS = 3;
const PAUSE_MS = 100;

/**
 * The queue in the stand-in of this process. Calls without a connection and without the SDK take a
 * tenth of the processor time, and every frame needs two of them.
 */
export function polledQueue(aws: Pick<LocalAws, "callSqs">, queueUrl: string): PolledQueue {
  return {
    async receive(most, signal) {
      const input = {
        QueueUrl: queueUrl,
        MaxNumberOfMessages: most,
        WaitTimeSeconds: LONG_POLL_S,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      };
      const { Messages: messages = [] } = await aws.callSqs("ReceiveMessage", input, signal);
      return messages as Message[];
    },

    async delete(receiptHandles) {
      const Entries = receiptHandles.map((ReceiptHandle, index) => ({
        Id: String(index),
        ReceiptHandle,
      }));
      const input = { QueueUrl: queueUrl, Entries };
      const { Failed: failed = [] } = await attempted(() =>
        aws.callSqs("DeleteMessageBatch", input),
      );
      return (failed as { Code: string; Message: string }[]).map(
        ({ Code: code, Message: text }) => `${code}: ${text}`,
      );
    },
  };
}

async function attempted<Output>(call: () => Promise<Output>): Promise<Output> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    try {
      return await call();
    } catch {
      await delay(PAUSE_MS);
    }
  }
  return await call();
}
