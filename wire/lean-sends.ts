import { finished } from "node:stream/promises";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { HttpRequest } from "@smithy/core/protocols";
import { Base64Text } from "./base64-text.ts";
import { withBody } from "./plain-bodies.ts";
import { RequestBuffers } from "./request-buffers.ts";
import { RequestPattern } from "./request-pattern.ts";

/** The input of SendMessage without the body. */
export interface MessageFields {
  readonly QueueUrl: string;
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
  readonly MessageAttributes?: Readonly<Record<string, { DataType: string; StringValue: string }>>;
}

/** A request of the SDK that succeeded, and the queue to which it sent. */
interface Pattern {
  readonly queueUrl: string;
  readonly request: HttpRequest;
  readonly signer: RequestPattern;
}

/**
 * How long only the SDK sends after SQS refused a request that the SDK did not make, milliseconds.
 */
const DISTRUST_MS = 60_000;

/**
 * Sends messages to a queue for half of the SDK's processor time. The SDK makes each request in
 * some dozen steps. So it makes the first one, and further requests are copies of that one with
 * another body, time and signature. They use the client's credentials, connections and timeouts.
 * When SQS does not answer such a request with success, the SDK makes the next ones: it knows
 * SQS's errors, and corrects the clock. docs/decisions/frames-without-the-sdk.md
 */
export class LeanSends {
  readonly #client: SQSClient;
  readonly #buffers = new RequestBuffers();
  #pattern: Pattern | null = null;
  /** `performance.now()` of the time from which on requests are copied. */
  #copiesFromMs = -Infinity;

  /** `client` is one of `withPlainBodies`. */
  constructor(client: SQSClient) {
    this.#client = client;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        this.#learn(args.input, args.request as HttpRequest);
        return result;
      },
      // High priority: outside the SDK's deserializer, which rejects when the send has failed.
      { step: "deserialize", priority: "high" },
    );
  }

  /** Rejects when the message may not have been sent. */
  async send(fields: MessageFields, body: string | Base64Text, signal: AbortSignal): Promise<void> {
    const pattern = this.#pattern;
    if (pattern === null || pattern.queueUrl !== fields.QueueUrl) {
      const input =
        typeof body === "string" ? { ...fields, MessageBody: body } : withBody(fields, body);
      await this.#client.send(new SendMessageCommand(input), { abortSignal: signal });
    } else if (typeof body === "string") {
      const bytes = Buffer.from(JSON.stringify({ ...fields, MessageBody: body }));
      await this.#sendCopy(pattern, bytes, signal);
    } else {
      const head = `${JSON.stringify(fields).slice(0, -1)},"MessageBody":"`;
      const buffer = this.#buffers.take(Buffer.byteLength(head) + body.length + END.length);
      const bodyEnd = body.writeTo(buffer, buffer.write(head));
      const end = bodyEnd + buffer.write(END, bodyEnd);
      await this.#sendCopy(pattern, buffer.subarray(0, end), signal);
      // After a failure, a socket may still send from it.
      this.#buffers.giveBack(buffer);
    }
  }

  /** Remembers a request that the SDK has sent with success. */
  #learn(input: object, request: HttpRequest): void {
    if (this.#pattern !== null || performance.now() < this.#copiesFromMs) return;
    if (request.headers["x-amz-target"] !== "AmazonSQS.SendMessage") return;
    const signer = RequestPattern.of(request);
    if (signer === null) return;
    const { QueueUrl: queueUrl = "" } = input as { readonly QueueUrl?: string };
    // Its body is large.
    request = Object.assign(request.clone(), { body: undefined });
    this.#pattern = { queueUrl, request, signer };
  }

  async #sendCopy(pattern: Pattern, body: Buffer, abortSignal: AbortSignal): Promise<void> {
    const { credentials, systemClockOffset, requestHandler } = this.#client.config;
    const time = new Date(Date.now() + systemClockOffset);
    const headers = pattern.signer.sign(body, await credentials(), time);
    const request = Object.assign(pattern.request.clone(), { headers, body });
    const { response } = await requestHandler.handle(request, { abortSignal });
    await finished(response.body.resume());
    if (response.statusCode === OK) return;
    this.#pattern = null;
    this.#copiesFromMs = performance.now() + DISTRUST_MS;
    throw new RefusedError(response.statusCode);
  }
}

/** SQS refused a request. The SDK makes the next one, and tells the reason. */
class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(status: number) {
    super(`SQS answered with HTTP status ${status}`);
  }
}

const END = '"}';
const OK = 200;
