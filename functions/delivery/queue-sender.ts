import type { SQSClient } from "@aws-sdk/client-sqs";
import { siblingQueueUrl } from "../../wire/names.ts";
import { compressMessage } from "../../wire/compressed-message.ts";
import { encodePointer, PAYLOAD_SIZE_ATTRIBUTE } from "../../wire/payload-pointer.ts";
import { messagePayloadPrefix } from "../../wire/payloads.ts";
import { bytesOf, type Utf8Text } from "../../wire/utf8-text.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import type { Trouble } from "../failures/parked.ts";
import { forEachLimited } from "../ground/concurrency.ts";
import { OwnTroubleError } from "../ground/errors.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";
import type { Patience } from "./patience.ts";
import { patientRequest } from "./patient-request.ts";
import { QueueRequests, type QueueEntry } from "./queue-requests.ts";
import { MOST_BYTES, nextBatches, requestBytes, type Waiting } from "./request-batches.ts";
import { payloadTrouble, sendTrouble } from "./send-trouble.ts";

/**
 * The result of sending messages to one queue. `trouble` tells why `unsent` could not be sent.
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
   * Sends messages to a queue. Messages of a group are sent in order, and none after a failed one
   * of its group. Throws OwnTroubleError when the cause is not the queue. `onWaiting` is called
   * when a request takes longer than `WAITING_MS`.
   */
  send(
    queueName: string,
    messages: readonly OutgoingMessage[],
    onWaiting?: () => void,
  ): Promise<SendResult>;
  /** Does what it can for a later `send` of the same messages, while there is time for it. */
  prepare?(queueName: string, messages: readonly OutgoingMessage[]): void;
  /**
   * Sends the first one of prepared messages, if all are of one group. A later `send` of them gets
   * its result. Resolves when that is known.
   */
  begin?(queueName: string, messages: readonly OutgoingMessage[]): Promise<void>;
}

/**
 * The maximum number of parallel requests to one queue. The limit is per queue, so a slow queue
 * cannot use up the others' slots.
 */
const REQUESTS_PER_QUEUE = 8;

/**
 * A request that takes longer leaves time for other work, milliseconds. Within this time, it has
 * been written, and an answer that comes at once need not wait for that work.
 */
const WAITING_MS = 25;

/** A message of this size is mostly sent alone, and its request takes some time to make. */
const LONG_BYTES = 256 * 1024;

/** A message with its encoded body. */
interface EncodedMessage extends Waiting {
  readonly message: OutgoingMessage;
  readonly body: string | Utf8Text;
  /** The message with its body, if SQS takes that. */
  readonly entry: QueueEntry;
}

export interface QueueSenderOptions {
  /** A client of `withPlainBodies`, unless every body is a string. */
  readonly client: SQSClient;
  /** The URLs of environment queues are derived from this one. */
  readonly rawQueueUrl: string;
  readonly payloads: PayloadBucket;
  /** A request without a response within this time counts as trouble of the queue. */
  readonly patience: Patience;
}

/**
 * Sends messages to environment queues. A request contains up to ten messages of different groups.
 * Only one message of a group is sent at a time, because entries of a batch can fail individually
 * and a later message could overtake a failed one. When it takes long, the request for the next one
 * is made meanwhile. After the first failure, nothing more is sent to the queue, and the unsent
 * messages are returned.
 */
export function queueSender(options: QueueSenderOptions): Sender {
  const { rawQueueUrl, payloads, patience } = options;
  const requests = new QueueRequests(options.client);
  const encodedAhead = new WeakMap<OutgoingMessage, Promise<EncodedMessage>>();
  const begun = new WeakMap<OutgoingMessage, Promise<readonly EncodedMessage[]>>();
  return {
    prepare(queueName, [first]) {
      // Another thread would still read a body to be compressed when it is parked and freed.
      if (first === undefined || first.encoding !== undefined) return;
      const encoding = encoded(first);
      encodedAhead.set(first, encoding);
      encoding.then((message) => prepare(queueName, message)).catch(() => undefined);
    },
    async begin(queueName, messages) {
      const [first] = messages;
      const encoding = first && encodedAhead.get(first);
      if (first === undefined || encoding === undefined) return;
      if (messages.some(({ group }) => group !== first.group)) return;
      const sending = encoding.then((message) => sendBatch(queueName, [message]));
      begun.set(first, sending);
      // The error is the result of `send`.
      await sending.catch(() => undefined);
    },
    async send(queueName, messages, onWaiting = () => undefined) {
      const unsent = new Set(
        await Promise.all(messages.map((message) => encodedAhead.get(message) ?? encoded(message))),
      );
      const troubles: Trouble[] = [];
      while (unsent.size > 0 && troubles.length === 0) {
        await forEachLimited(nextBatches(unsent), REQUESTS_PER_QUEUE, async (batch) => {
          if (troubles.length > 0) return;
          try {
            const onWait = (): void => {
              prepareNext(queueName, batch, unsent);
              onWaiting();
            };
            const sending = takeBegun(batch);
            const sent = await (sending === undefined
              ? sendBatch(queueName, batch, onWait)
              : underWay(sending, onWait));
            for (const message of sent) unsent.delete(message);
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

  /**
   * The result of `begin` for a batch's first message, which is used once. The rest of the batch
   * (groups of frames that go together with that message's) waits for the next one.
   */
  function takeBegun([first]: readonly EncodedMessage[]) {
    if (first === undefined) return undefined;
    const sending = begun.get(first.message);
    begun.delete(first.message);
    return sending;
  }

  /** Makes the request for the message behind a batch, if that takes long. */
  function prepareNext(
    queueName: string,
    [first, ...others]: readonly EncodedMessage[],
    unsent: ReadonlySet<EncodedMessage>,
  ): void {
    if (first === undefined || others.length > 0) return;
    for (const message of unsent) {
      if (message === first || message.group !== first.group) continue;
      return prepare(queueName, message);
    }
  }

  function prepare(queueName: string, { bytes, entry }: EncodedMessage): void {
    if (bytes >= LONG_BYTES && bytes <= MOST_BYTES)
      requests.prepare(siblingQueueUrl(rawQueueUrl, queueName), entry);
  }

  /** Returns the messages that were sent, at least one. Throws when none was. */
  async function sendBatch(
    queueName: string,
    batch: readonly EncodedMessage[],
    onWaiting = (): void => undefined,
  ): Promise<readonly EncodedMessage[]> {
    const [first] = batch;
    if (first === undefined) return [];
    const request = {
      queueName,
      bytes: batch.reduce((sum, { bytes }) => sum + requestBytes(bytes), 0),
    };
    const queueUrl = siblingQueueUrl(rawQueueUrl, queueName);
    if (batch.length === 1) {
      const entry = await entryOf(first);
      await patientRequest(patience, request, (time) =>
        underWay(requests.send(queueUrl, entry, time), onWaiting),
      );
      return [first];
    }
    const entries = await Promise.all(batch.map(entryOf));
    const failures = await patientRequest(patience, request, (time) =>
      underWay(requests.sendBatch(queueUrl, entries, time), onWaiting),
    );
    const sent = batch.filter((_message, index) => !failures.has(String(index)));
    // The SDK retries requests, not entries of a batch. Sent alone, the first message is retried,
    // and its error has a code.
    return sent.length > 0 ? sent : await sendBatch(queueName, [first]);
  }

  async function entryOf({ message, body, bytes, entry }: EncodedMessage): Promise<QueueEntry> {
    if (bytes <= MOST_BYTES) return entry;
    const { environment, deduplicationId } = message;
    const prefix = messagePayloadPrefix(environment);
    const key = prefix + deduplicationId;
    await offload(prefix, key, body);
    const size = { DataType: "Number", StringValue: String(bytes) };
    return {
      fields: { ...entry.fields, MessageAttributes: { [PAYLOAD_SIZE_ATTRIBUTE]: size } },
      body: encodePointer({ bucket: payloads.name, key }),
    };
  }

  async function offload(prefix: string, key: string, body: string | Utf8Text): Promise<void> {
    try {
      // A copy: a connection may still have the bytes when the message's own are freed.
      await payloads.put(key, typeof body === "string" ? body : Buffer.from(body.bytes));
    } catch (cause) {
      const trouble = payloadTrouble(cause, prefix);
      if (trouble !== null) throw new PayloadRefusedError(trouble, { cause });
      throw new OwnTroubleError("a body cannot be written to the payload bucket", { cause });
    }
  }
}

/** Calls `onWaiting` when there is no answer after `WAITING_MS`. */
async function underWay<Output>(answer: Promise<Output>, onWaiting: () => void): Promise<Output> {
  const timer = setTimeout(onWaiting, WAITING_MS);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/** The payload bucket denies access to the prefix of the queue's environment. */
class PayloadRefusedError extends Error {
  override readonly name = "PayloadRefusedError";
  readonly trouble: Trouble;

  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(trouble.error, options);
    this.trouble = trouble;
  }
}

/**
 * Encodes a message's body. If compression fails, the body stays plain, which every reader accepts,
 * so that other queues do not wait.
 */
async function encoded(message: OutgoingMessage): Promise<EncodedMessage> {
  const { group, deduplicationId, body: text, encoding } = message;
  const body = encoding === undefined ? text : await compressMessage(text).catch(() => text);
  const fields = { MessageGroupId: group, MessageDeduplicationId: deduplicationId };
  return { message, group, body, bytes: bytesOf(body), entry: { fields, body } };
}

/**
 * Converts an error to the queue's trouble. Throws OwnTroubleError when the cause is not the queue.
 * `bytes` is the size of the largest message of the request.
 */
function queueTrouble(error: unknown, bytes: number): Trouble {
  if (error instanceof OwnTroubleError) throw error;
  if (error instanceof PayloadRefusedError) return error.trouble;
  const trouble = sendTrouble(error, bytes);
  if (trouble === null)
    throw new OwnTroubleError("the function is not allowed to call SQS", { cause: error });
  return trouble;
}

function largest(messages: readonly EncodedMessage[]): number {
  return Math.max(...messages.map(({ bytes }) => requestBytes(bytes)));
}
