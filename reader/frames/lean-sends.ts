import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Base64Text } from "../../wire/base64-text.ts";
import { CopiedRequests } from "../../wire/copied-requests.ts";
import { withBody } from "../../wire/plain-bodies.ts";
import { messageParts } from "../../wire/request-body.ts";

/** The input of SendMessage without queue and body. */
export interface MessageFields {
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
  readonly MessageAttributes?: Readonly<Record<string, { DataType: string; StringValue: string }>>;
}

/**
 * Sends messages to one queue, the first by the SDK, the others as copies of its request.
 * docs/decisions/requests-without-the-sdk.md
 */
export class LeanSends {
  readonly #client: SQSClient;
  readonly #requests: CopiedRequests;
  readonly #queueUrl: string;

  /** `client` is one of `withPlainBodies`. */
  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#requests = new CopiedRequests(client);
    this.#queueUrl = queueUrl;
  }

  /** Rejects when the message may not have been sent. */
  async send(
    message: MessageFields,
    body: string | Base64Text,
    abortSignal: AbortSignal,
  ): Promise<void> {
    const fields = { QueueUrl: this.#queueUrl, ...message };
    if (this.#requests.areReady) {
      await this.#requests.copy(messageParts(fields, body), { abortSignal });
      return;
    }
    const input =
      typeof body === "string" ? { ...fields, MessageBody: body } : withBody(fields, body);
    const command = new SendMessageCommand(input);
    await this.#requests.bySdk(command, () => this.#client.send(command, { abortSignal }));
  }
}
