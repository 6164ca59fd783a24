import {
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { siblingQueueUrl } from "../../wire/names.ts";
import { compressMessage } from "../../wire/compressed-message.ts";
import { encodePointer, PAYLOAD_SIZE_ATTRIBUTE } from "../../wire/payload-pointer.ts";
import { messagePayloadPrefix } from "../../wire/payloads.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import type { Trouble } from "../failures/parked.ts";
import { forEachLimited } from "../ground/concurrency.ts";
import { OwnTroubleError } from "../ground/errors.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";
import type { Patience } from "./patience.ts";
import { patientRequest } from "./patient-request.ts";
import { MOST_BYTES, nextBatches, requestBytes } from "./request-batches.ts";
import { payloadTrouble, sendTrouble } from "./send-trouble.ts";

/**
 * What became of the messages of one queue. `trouble`: why those that are left could not be sent.
 */
export type SendResult =
  | { readonly kind: "sent" }
  | {
      readonly kind: "trouble";
      readonly trouble: Trouble;
      readonly unsent: readonly OutgoingMessage[];
    };

export interface Sender {
  /**
   * Sends messages to a queue, those of one group in order, and no message after one of its group
   * that failed. Throws OwnTroubleError when it is not the queue that is in trouble.
   */
  send(queueName: string, messages: readonly OutgoingMessage[]): Promise<SendResult>;
}

/**
 * Requests to one queue that are under way at once. The limit is per queue, so a slow queue cannot
 * use up the others' slots.
 */
const REQUESTS_PER_QUEUE = 8;

/** A message and its body as it is sent. */
interface EncodedMessage {
  readonly message: OutgoingMessage;
  readonly group: string;
  readonly body: string;
}

export interface QueueSenderOptions {
  readonly client: SQSClient;
  /** Environment queues are its siblings. */
  readonly rawQueueUrl: string;
  readonly payloads: PayloadBucket;
  /** A request that has no answer within it is the queue's trouble. */
  readonly patience: Patience;
}

/**
 * Sends to environment queues. A request carries up to ten messages of different groups: of one
 * group only one message is under way at a time, for the entries of a batch fail one by one and a
 * successor could otherwise overtake. After the first failure nothing more is sent to the queue:
 * what was not sent is returned.
 */
export function queueSender(options: QueueSenderOptions): Sender {
  const { client, rawQueueUrl, payloads, patience } = options;
  return {
    async send(queueName, messages) {
      const unsent = new Set(await Promise.all(messages.map(encoded)));
      const troubles: Trouble[] = [];
      while (unsent.size > 0 && troubles.length === 0) {
        await forEachLimited(nextBatches(unsent), REQUESTS_PER_QUEUE, async (batch) => {
          if (troubles.length > 0) return;
          try {
            for (const message of await sendBatch(queueName, batch)) unsent.delete(message);
          } catch (error) {
            troubles.push(queueTrouble(error, largest(batch)));
          }
        });
      }
      const [trouble] = troubles;
      return trouble === undefined
        ? { kind: "sent" }
        : { kind: "trouble", trouble, unsent: Array.from(unsent, ({ message }) => message) };
    },
  };

  /** Those that were sent, at least one. Throws when none was. */
  async function sendBatch(
    queueName: string,
    batch: readonly EncodedMessage[],
  ): Promise<readonly EncodedMessage[]> {
    const [first] = batch;
    if (first === undefined) return [];
    const request = {
      queueName,
      bytes: batch.reduce((sum, { body }) => sum + requestBytes(body), 0),
    };
    const QueueUrl = siblingQueueUrl(rawQueueUrl, queueName);
    if (batch.length === 1) {
      const command = new SendMessageCommand({ QueueUrl, ...(await parameters(first)) });
      await patientRequest(patience, request, (time) => client.send(command, time));
      return [first];
    }
    const Entries = await Promise.all(
      batch.map(async (message, index): Promise<SendMessageBatchRequestEntry> => ({
        Id: String(index),
        ...(await parameters(message)),
      })),
    );
    const command = new SendMessageBatchCommand({ QueueUrl, Entries });
    const { Failed: failed = [] } = await patientRequest(patience, request, (time) =>
      client.send(command, time),
    );
    const failures = new Set(failed.map(({ Id: id }) => id));
    const sent = batch.filter((_message, index) => !failures.has(String(index)));
    // The SDK repeats requests, not entries: alone, an entry gets its retries, and its error its
    // code.
    return sent.length > 0 ? sent : await sendBatch(queueName, [first]);
  }

  async function parameters({ message, group, body }: EncodedMessage) {
    const { environment, deduplicationId } = message;
    const ids = { MessageGroupId: group, MessageDeduplicationId: deduplicationId };
    const bytes = Buffer.byteLength(body);
    if (bytes <= MOST_BYTES) return { ...ids, MessageBody: body };
    const prefix = messagePayloadPrefix(environment);
    const key = prefix + deduplicationId;
    await offload(prefix, key, body);
    return {
      ...ids,
      MessageBody: encodePointer({ bucket: payloads.name, key }),
      MessageAttributes: {
        [PAYLOAD_SIZE_ATTRIBUTE]: { DataType: "Number", StringValue: String(bytes) },
      },
    };
  }

  async function offload(prefix: string, key: string, body: string): Promise<void> {
    try {
      await payloads.put(key, body);
    } catch (cause) {
      const trouble = payloadTrouble(cause, prefix);
      if (trouble !== null) throw new PayloadRefusedError(trouble, { cause });
      throw new OwnTroubleError("the payload bucket does not take a body", { cause });
    }
  }
}

/** The payload bucket refuses the bodies of the queue's environment. */
class PayloadRefusedError extends Error {
  override readonly name = "PayloadRefusedError";
  readonly trouble: Trouble;

  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(trouble.error, options);
    this.trouble = trouble;
  }
}

/** Plain where it cannot be compressed: every reader takes that, and no other queue waits. */
async function encoded(message: OutgoingMessage): Promise<EncodedMessage> {
  const { group, body, encoding } = message;
  if (encoding === undefined) return { message, group, body };
  return { message, group, body: await compressMessage(body).catch(() => body) };
}

/**
 * The queue's trouble. Throws OwnTroubleError when it is not the queue's. `bytes`: of the largest
 * message of the request.
 */
function queueTrouble(error: unknown, bytes: number): Trouble {
  if (error instanceof OwnTroubleError) throw error;
  if (error instanceof PayloadRefusedError) return error.trouble;
  const trouble = sendTrouble(error, bytes);
  if (trouble === null) throw new OwnTroubleError("not allowed to call SQS", { cause: error });
  return trouble;
}

function largest(messages: readonly EncodedMessage[]): number {
  return Math.max(...messages.map(({ body }) => requestBytes(body)));
}
