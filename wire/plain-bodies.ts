import { randomUUID } from "node:crypto";
import type { SendMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import { Base64Text } from "./base64-text.ts";
import { bodyPart, type MessageBody, requestBody, type RequestPart } from "./request-body.ts";
import { RequestBuffers } from "./request-buffers.ts";
import { Utf8Text } from "./utf8-text.ts";

/** The SDK writes bodies with fewer characters. */
const LONG = 1024;
/**
 * The placeholder for a body while the SDK writes the request. It is random, so no body contains
 * it.
 */
const MARK = randomUUID();

const BODY = Symbol("body");

/**
 * The input of SendMessage, or an entry of SendMessageBatch, with a body that is bytes. Without
 * `withPlainBodies`, a client sends it without a body, and SQS refuses it.
 */
export function withBody<Input extends object>(
  input: Input,
  body: Base64Text | Utf8Text,
): Input & Pick<SendMessageCommandInput, "MessageBody"> {
  return Object.assign({ ...input, MessageBody: undefined }, { [BODY]: body });
}

/**
 * Makes a client write long message bodies with `writeJsonString`. The SDK escapes a body character
 * by character, which takes longer than the rest of a send. So the SDK gets a mark in place of each
 * body, and the body replaces the mark in the finished request, before the length is counted and
 * the request is signed. Returns the same client.
 */
export function withPlainBodies(client: SQSClient): SQSClient {
  const bodies = new WeakMap<object, readonly MessageBody[]>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const taken: MessageBody[] = [];
      const input = marked(args.input, taken);
      if (taken.length === 0) return next(args);
      bodies.set(context, taken);
      return next({ ...args, input });
    },
    { step: "initialize", priority: "low", name: "takeOut" },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const taken = bodies.get(context);
      if (taken !== undefined) putBack(args.request as { body: unknown }, taken);
      return next(args);
    },
    // High priority, because the SDK counts the length in this step too.
    { step: "build", priority: "high", name: "putBack" },
  );
  return client;
}

/**
 * The input of SendMessage or SendMessageBatch with a mark in place of each long body. Adds the
 * bodies to `taken`.
 */
function marked(input: object, taken: MessageBody[]): object {
  const { Entries: entries } = input as { readonly Entries?: unknown };
  if (Array.isArray(entries))
    return { ...input, Entries: entries.map((entry: object) => marked(entry, taken)) };
  const { MessageBody, [BODY]: body = MessageBody } = input as {
    readonly MessageBody?: unknown;
    readonly [BODY]?: Base64Text | Utf8Text;
  };
  const isTaken =
    body instanceof Base64Text ||
    body instanceof Utf8Text ||
    (typeof body === "string" && body.length >= LONG);
  if (!isTaken) return input;
  taken.push(body);
  return { ...input, MessageBody: MARK };
}

/**
 * Replaces the marks by the bodies. Throws TypeError when the SDK's request has an unexpected form,
 * so that no mark is ever sent.
 */
function putBack(request: { body: unknown }, taken: readonly MessageBody[]): void {
  const { body } = request;
  if (typeof body !== "string" && !(body instanceof Uint8Array))
    throw new TypeError("the SDK's request has no text body");
  const text =
    typeof body === "string"
      ? Buffer.from(body)
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mark = Buffer.from(`"${MARK}"`);
  const parts: RequestPart[] = [];
  let copied = 0;
  for (const original of taken) {
    const at = text.indexOf(mark, copied);
    if (at === -1)
      throw new TypeError("the SDK's request does not hold its message bodies as JSON");
    parts.push(text.subarray(copied, at), bodyPart(original));
    copied = at + mark.length;
  }
  parts.push(text.subarray(copied));
  // A buffer of its own, because few requests are the SDK's, see `CopiedRequests`.
  request.body = requestBody(parts, new RequestBuffers()).bytes;
}
