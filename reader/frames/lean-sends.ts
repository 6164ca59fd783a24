import { finished } from "node:stream/promises";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { Base64Text } from "../../wire/base64-text.ts";
import { withBody } from "../../wire/plain-bodies.ts";
import { RequestBuffers } from "../../wire/request-buffers.ts";

/** The input of SendMessage without queue and body. */
export interface MessageFields {
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
  readonly MessageAttributes?: Readonly<Record<string, { DataType: string; StringValue: string }>>;
}

type Signer = Awaited<ReturnType<SQSClient["config"]["signer"]>>;
type UnsignedRequest = Parameters<Signer["sign"]>[0];

/** A request of the SDK that succeeded, unsigned and without its body. */
interface Pattern {
  readonly request: UnsignedRequest;
  readonly signer: Signer;
}

/**
 * How long only the SDK sends after SQS refused a request that the SDK did not make, milliseconds.
 */
const DISTRUST_MS = 60_000;

/**
 * Sends messages to one queue for half of the SDK's processor time. The SDK makes each request
 * in some dozen steps. So it makes the first one, and further requests are copies of that one with
 * another body. The client signs them and sends them on its connections. When SQS does not answer a
 * copy with success, the SDK makes the next requests: it knows SQS's errors, and corrects the
 * clock. docs/decisions/frames-without-the-sdk.md
 */
export class LeanSends {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #buffers = new RequestBuffers();
  #pattern: Pattern | null = null;
  /** `performance.now()` of the time from which on requests are copied. */
  #copiesFromMs = -Infinity;

  /** `client` is one of `withPlainBodies`. */
  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  /** Rejects when the message may not have been sent. */
  async send(
    message: MessageFields,
    body: string | Base64Text,
    signal: AbortSignal,
  ): Promise<void> {
    const fields = { QueueUrl: this.#queueUrl, ...message };
    const pattern = this.#pattern;
    if (pattern === null) {
      await this.#sendBySdk(fields, body, signal);
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

  /** Keeps the request, if it succeeds, for copies. */
  async #sendBySdk(
    fields: MessageFields & { readonly QueueUrl: string },
    body: string | Base64Text,
    abortSignal: AbortSignal,
  ): Promise<void> {
    const command = new SendMessageCommand(
      typeof body === "string" ? { ...fields, MessageBody: body } : withBody(fields, body),
    );
    let made: UnsignedRequest | undefined;
    command.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as UnsignedRequest;
        made = { ...request, headers: { ...request.headers }, body: undefined };
        return next(args);
      },
      // The last step before the SDK numbers its attempts and signs them.
      { step: "build", priority: "low" },
    );
    await this.#client.send(command, { abortSignal });
    const signer = await this.#client.config.signer();
    if (made === undefined || performance.now() < this.#copiesFromMs) return;
    this.#pattern = { request: made, signer };
  }

  async #sendCopy(
    { request, signer }: Pattern,
    body: Buffer,
    abortSignal: AbortSignal,
  ): Promise<void> {
    const { systemClockOffset, requestHandler } = this.#client.config;
    const headers = { ...request.headers, "content-length": String(body.length) };
    const signingDate = new Date(Date.now() + systemClockOffset);
    const signed = await signer.sign({ ...request, headers, body }, { signingDate });
    const { response } = await requestHandler.handle(signed, { abortSignal });
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
