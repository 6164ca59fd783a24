import {
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { siblingQueueUrl } from "../../wire/names.ts";
import { encodePointer, PAYLOAD_SIZE_ATTRIBUTE } from "../../wire/payload-pointer.ts";
import { messagePayloadPrefix } from "../../wire/payloads.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { OwnTroubleError } from "../errors.ts";
import type { Trouble } from "../failures/parked.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";
import type { Sender } from "./sender.ts";
import { nextRound } from "./rounds.ts";
import { sendTrouble } from "./send-trouble.ts";

/** Bytes of a body from which on it goes to S3: SQS takes 1 MiB, attributes included. */
const OFFLOAD_BYTES = 1_040_000;
/** Requests to one queue that are under way at once. Each queue has its own, so that a slow one takes nobody's turn. */
const REQUESTS_PER_QUEUE = 8;

export interface QueueSenderOptions {
  readonly client: SQSClient;
  /** Environment queues are its siblings. */
  readonly rawQueueUrl: string;
  readonly payloads: PayloadBucket;
  /** A request that has no answer after so long, the SDK's retries included, is the queue's trouble. */
  readonly patienceMs: number;
}

/**
 * Sends to environment queues. A request carries up to ten messages of different groups: of one group only one message is
 * under way at a time, for the entries of a batch fail one by one and a successor could otherwise overtake. After the first
 * failure nothing more is sent to the queue: what was not sent is returned.
 */
export function queueSender(options: QueueSenderOptions): Sender {
  const { client, rawQueueUrl, payloads, patienceMs } = options;
  return {
    async send(queueName, messages) {
      const queueUrl = siblingQueueUrl(rawQueueUrl, queueName);
      const unsent = new Set(messages);
      const troubles: Trouble[] = [];
      while (unsent.size > 0 && troubles.length === 0) {
        await forEachLimited(nextRound(unsent), REQUESTS_PER_QUEUE, async (batch) => {
          if (troubles.length > 0) return;
          try {
            for (const message of await sendBatch(queueUrl, batch)) unsent.delete(message);
          } catch (error) {
            troubles.push(queueTrouble(error));
          }
        });
      }
      const [trouble] = troubles;
      return trouble === undefined
        ? { kind: "sent" }
        : { kind: "trouble", trouble, unsent: messages.filter((message) => unsent.has(message)) };
    },
  };

  /** Those that were sent, at least one. Throws when none was. */
  async function sendBatch(
    queueUrl: string,
    batch: readonly OutgoingMessage[],
  ): Promise<readonly OutgoingMessage[]> {
    const [first] = batch;
    if (first === undefined) return [];
    if (batch.length === 1) {
      const message = await parameters(first);
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, ...message }), {
        abortSignal: AbortSignal.timeout(patienceMs),
      });
      return [first];
    }
    const entries = await Promise.all(
      batch.map(async (message, index): Promise<SendMessageBatchRequestEntry> => ({
        Id: String(index),
        ...(await parameters(message)),
      })),
    );
    const { Failed: failed = [] } = await client.send(
      new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
      { abortSignal: AbortSignal.timeout(patienceMs) },
    );
    const failures = new Set(failed.map(({ Id: id }) => id));
    const sent = batch.filter((_message, index) => !failures.has(String(index)));
    // The SDK repeats requests, not entries: alone, an entry gets its retries, and its error its code.
    return sent.length > 0 ? sent : await sendBatch(queueUrl, [first]);
  }

  async function parameters({ environment, group, deduplicationId, body }: OutgoingMessage) {
    const place = { MessageGroupId: group, MessageDeduplicationId: deduplicationId };
    const bytes = Buffer.byteLength(body);
    if (bytes <= OFFLOAD_BYTES) return { ...place, MessageBody: body };
    const key = messagePayloadPrefix(environment) + deduplicationId;
    await offload(key, body);
    return {
      ...place,
      MessageBody: encodePointer({ bucket: payloads.name, key }),
      MessageAttributes: {
        [PAYLOAD_SIZE_ATTRIBUTE]: { DataType: "Number", StringValue: String(bytes) },
      },
    };
  }

  async function offload(key: string, body: string): Promise<void> {
    try {
      await payloads.put(key, body);
    } catch (cause) {
      throw new OwnTroubleError("the payload bucket does not take a body", { cause });
    }
  }
}

/** The queue's trouble. Throws OwnTroubleError when it is not the queue's. */
function queueTrouble(error: unknown): Trouble {
  if (error instanceof OwnTroubleError) throw error;
  const trouble = sendTrouble(error);
  if (trouble === null) throw new OwnTroubleError("not allowed to call SQS", { cause: error });
  return trouble;
}
