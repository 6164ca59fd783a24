import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { decodeMessage } from "../../wire/message.ts";
import type { CanaryQueue } from "./beat.ts";
import type { CanarySettings } from "./settings.ts";

const LONGEST_POLL_S = 20;

/** Opens the canary's queue. `take` rejects with errors of SQS and of `decodeMessage`. */
export function canaryQueue(
  client: SQSClient,
  { source, queueUrl: QueueUrl }: Pick<CanarySettings, "source" | "queueUrl">,
): CanaryQueue {
  return {
    async take(waitMs) {
      const { Messages: messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: Math.min(LONGEST_POLL_S, Math.max(1, Math.floor(waitMs / 1000))),
        }),
      );
      if (messages.length === 0) return [];
      const written = messages.flatMap(({ Body: body = "" }) => rowsOf(body, source));
      await client.send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle })),
        }),
      );
      return written;
    },
  };
}

/**
 * Returns when the rows of this source in a message were written. Other sources may share the
 * table.
 */
function rowsOf(body: string, source: string): number[] {
  return decodeMessage(body).changes.flatMap(({ after }) =>
    after?.["source"] === source ? [Number(after["written_ms"])] : [],
  );
}
