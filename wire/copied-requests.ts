import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { SendMessageCommandOutput, SQSClient } from "@aws-sdk/client-sqs";
import { recursionDetectionMiddleware } from "@aws-sdk/core/client";
import type { Command } from "@smithy/core/client";
import { requestBody, type RequestPart } from "./request-body.ts";
import { RequestBuffers } from "./request-buffers.ts";

/** What copies need of a client of the SDK, of whatever service. */
interface CopiedClient {
  readonly config: Pick<SQSClient["config"], "signer" | "systemClockOffset" | "requestHandler">;
}

type Signer = Awaited<ReturnType<CopiedClient["config"]["signer"]>>;
type UnsignedRequest = Parameters<Signer["sign"]>[0];

/** A request of the SDK that succeeded, unsigned and without its body. */
interface Pattern {
  readonly request: UnsignedRequest;
  readonly signer: Signer;
}

/** A copy of a request, ready to be sent. */
export interface PreparedRequest {
  readonly buffer: Buffer;
  readonly signed: Awaited<ReturnType<Signer["sign"]>>;
}

/** The time limits for one request. */
export interface RequestLimits {
  readonly abortSignal?: AbortSignal;
  /** Milliseconds; when omitted, the client's. */
  readonly requestTimeout?: number;
}

/**
 * How long only the SDK makes requests after AWS refused one that the SDK did not make,
 * milliseconds.
 */
const DISTRUST_MS = 60_000;

/**
 * Requests of one kind to one queue or table, for half of the SDK's processor time. The SDK makes
 * each request in some dozen steps. So it makes the first one, and further requests are copies of
 * that one with another body. The client signs them and sends them on its connections. When AWS
 * does not answer a copy with success, the SDK makes the next requests: it knows the service's
 * errors, and corrects the clock. docs/decisions/requests-without-the-sdk.md
 */
export class CopiedRequests {
  readonly #client: CopiedClient;
  readonly #buffers: RequestBuffers;
  #pattern: Pattern | null = null;
  /** `performance.now()` of the time from which on requests are copied. */
  #copiesFromMs = -Infinity;

  /** Requests of several kinds may share `buffers`. */
  constructor(client: CopiedClient, buffers = new RequestBuffers()) {
    this.#client = client;
    this.#buffers = buffers;
  }

  /** Whether there is a request to copy. */
  get areReady(): boolean {
    return this.#pattern !== null;
  }

  /**
   * The SDK makes the request: `send` sends the command with the client, and with options, because
   * a client may otherwise take the steps of a former command. If it succeeds, it is kept for
   * copies.
   */
  async bySdk<Input extends object, Output extends Pick<SendMessageCommandOutput, "$metadata">>(
    command: Pick<Command<Input, Output, unknown>, "middlewareStack">,
    send: () => Promise<Output>,
  ): Promise<Output> {
    let made: UnsignedRequest | undefined;
    command.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as UnsignedRequest;
        made = { ...request, headers: withoutTrace(request.headers), body: undefined };
        return next(args);
      },
      // The last step before the SDK numbers its attempts and signs them.
      { step: "build", priority: "low" },
    );
    const output = await send();
    const signer = await this.#client.config.signer();
    if (made !== undefined && performance.now() >= this.#copiesFromMs)
      this.#pattern = { request: made, signer };
    return output;
  }

  /**
   * The answer to a copy; null when the SDK has to make the request. Rejects when the signal is
   * aborted. `prepared`: what `prepare` made of the same parts.
   */
  async tryCopy(
    parts: () => readonly RequestPart[],
    limits: RequestLimits,
    prepared?: Promise<PreparedRequest>,
  ): Promise<object | null> {
    if (!this.areReady) return null;
    try {
      return await this.#send(await (prepared ?? this.prepare(parts())), limits);
    } catch (error) {
      if (limits.abortSignal?.aborted === true) throw error;
      return null;
    }
  }

  /**
   * Sends a copy whose body is these parts, and returns the answer, which is a JSON object. Rejects
   * when the request may have had no success, also when there is no request to copy.
   */
  async copy(parts: readonly RequestPart[], limits: RequestLimits): Promise<object> {
    return this.#send(await this.prepare(parts), limits);
  }

  /**
   * Makes and signs a copy, to be sent within a minute, because a signature does not hold for long.
   * Rejects when there is no request to copy.
   */
  async prepare(parts: readonly RequestPart[]): Promise<PreparedRequest> {
    const pattern = this.#pattern;
    if (pattern === null) throw new RangeError("there is no request to copy");
    const { buffer, bytes: body } = requestBody(parts, this.#buffers);
    const headers = { ...pattern.request.headers, "content-length": String(body.length) };
    const request = { ...pattern.request, headers, body };
    await addTrace({ input: {}, request });
    const signingDate = new Date(Date.now() + this.#client.config.systemClockOffset);
    return { buffer, signed: await pattern.signer.sign(request, { signingDate }) };
  }

  async #send({ buffer, signed }: PreparedRequest, limits: RequestLimits): Promise<object> {
    const { response } = await this.#client.config.requestHandler.handle(signed, limits);
    const chunks: Buffer[] = [];
    await finished(response.body.on("data", (chunk: Buffer) => chunks.push(chunk)));
    if (response.statusCode === OK) {
      // Otherwise, and after a failure, a socket may still send from it.
      if (isWritten(response.body)) this.#buffers.giveBack(buffer);
      return jsonObject(Buffer.concat(chunks).toString());
    }
    this.#pattern = null;
    this.#copiesFromMs = performance.now() + DISTRUST_MS;
    throw new RefusedError(response.statusCode);
  }
}

/** A server may answer before it has read the request, so this is looked at after the answer. */
function isWritten(answer: { readonly req?: Pick<Writable, "writableFinished"> }): boolean {
  return answer.req?.writableFinished === true;
}

/** Throws TypeError, without the text, when a text is not a JSON object and so not AWS's. */
function jsonObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value !== "object" || value === null)
    throw new TypeError("the answer with HTTP status 200 is not AWS's");
  return value;
}

/** AWS refused a request. The SDK makes the next one, and tells the reason. */
class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(status: number) {
    super(`AWS answered with HTTP status ${status}`);
  }
}

/** The SDK's step that adds the headers of an invocation's trace, in Lambda. */
const addTrace = recursionDetectionMiddleware()(
  async () => ({ output: { $metadata: {} }, response: undefined }),
  {},
);

const TRACE_HEADERS = /^(x-amzn-trace-id|traceparent|tracestate|baggage)$/i;

/** The headers without those of a trace, which differ from invocation to invocation. */
function withoutTrace(headers: UnsignedRequest["headers"]): UnsignedRequest["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !TRACE_HEADERS.test(name)));
}

const OK = 200;
