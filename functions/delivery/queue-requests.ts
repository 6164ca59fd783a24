import {
  SendMessageBatchCommand,
  SendMessageCommand,
  type BatchResultErrorEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { CopiedRequests, type RequestLimits } from "../../wire/copied-requests.ts";
import { PreparedSends } from "./prepared-sends.ts";
import { withBody } from "../../wire/plain-bodies.ts";
import { batchParts, type MessageBody, messageParts } from "../../wire/request-body.ts";
import { RequestBuffers } from "../../wire/request-buffers.ts";

/** The input of SendMessage without its queue, or an entry of SendMessageBatch without its id. */
export interface QueueEntry {
  readonly fields: {
    readonly MessageGroupId: string;
    readonly MessageDeduplicationId: string;
    readonly MessageAttributes?: Record<string, { DataType: string; StringValue: string }>;
  };
  readonly body: MessageBody;
}

/**
 * Sends messages to queues. The first request to a queue is the SDK's, and the others are copies of
 * it. When a copy has no success, the SDK repeats it within the same limits, as it would repeat an
 * attempt of its own: SQS drops what it has already, by the deduplication ids.
 * docs/decisions/requests-without-the-sdk.md
 */
export class QueueRequests {
  readonly #client: SQSClient;
  readonly #buffers = new RequestBuffers();
  readonly #messages = new Map<string, CopiedRequests>();
  readonly #batches = new Map<string, CopiedRequests>();
  readonly #prepared = new PreparedSends();

  /** `client` is one of `withPlainBodies`, unless every body is a string. */
  constructor(client: SQSClient) {
    this.#client = client;
  }

  /** Makes the request of a later `send` with the same entry, while there is time for it. */
  prepare(QueueUrl: string, entry: QueueEntry): void {
    const requests = this.#of(this.#messages, QueueUrl);
    if (!requests.areReady) return;
    this.#prepared.add(entry, () =>
      requests.prepare(messageParts({ QueueUrl, ...entry.fields }, entry.body)),
    );
  }

  async send(QueueUrl: string, entry: QueueEntry, limits: RequestLimits): Promise<void> {
    const { fields, body } = entry;
    const requests = this.#of(this.#messages, QueueUrl);
    const input = { QueueUrl, ...fields };
    const prepared = this.#prepared.take(entry);
    if (await requests.tryCopy(() => messageParts(input, body), limits, prepared)) return;
    const command = new SendMessageCommand(withMessage(input, body));
    await requests.bySdk(command, () => this.#client.send(command, limits));
  }

  /** Returns the indexes of the entries that SQS refused, as texts. */
  async sendBatch(
    QueueUrl: string,
    entries: readonly QueueEntry[],
    limits: RequestLimits,
  ): Promise<ReadonlySet<string | undefined>> {
    const requests = this.#of(this.#batches, QueueUrl);
    const named = entries.map(({ fields, body }, index) => ({
      fields: { Id: String(index), ...fields },
      body,
    }));
    const bySdk = () => {
      const Entries = named.map(({ fields, body }) => withMessage(fields, body));
      const command = new SendMessageBatchCommand({ QueueUrl, Entries });
      return requests.bySdk(command, () => this.#client.send(command, limits));
    };
    const { Failed: failed }: Answer =
      (await requests.tryCopy(() => batchParts({ QueueUrl }, named), limits)) ?? (await bySdk());
    return new Set(failed?.map(({ Id: id }) => id));
  }

  #of(known: Map<string, CopiedRequests>, queueUrl: string): CopiedRequests {
    let requests = known.get(queueUrl);
    if (requests === undefined) {
      requests = new CopiedRequests(this.#client, this.#buffers);
      known.set(queueUrl, requests);
    }
    return requests;
  }
}

/** What is used of SQS's answer. */
interface Answer {
  readonly Failed?: readonly BatchResultErrorEntry[] | null | undefined;
}

function withMessage<Fields extends object>(fields: Fields, body: MessageBody) {
  return typeof body === "string" ? { ...fields, MessageBody: body } : withBody(fields, body);
}
