import { randomUUID } from "node:crypto";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { jsonStringBytes } from "./json-string.ts";

/** Shorter bodies are left to the SDK. */
const LONG = 1024;
/** Stands for a body while the SDK writes the request; no body contains it. */
const MARK = randomUUID();

/**
 * Makes a client write long message bodies by `jsonStringBytes`. The SDK's own writer goes through
 * a body character by character, which takes longer than all the rest of a send. It gets a mark in
 * the place of each body, and the body is put into the finished request before its length is
 * counted and it is signed. Returns the client.
 */
export function withPlainBodies(client: SQSClient): SQSClient {
  const bodies = new WeakMap<object, readonly string[]>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const taken: string[] = [];
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
    // Before the length is counted, which is of this step too.
    { step: "build", priority: "high", name: "putBack" },
  );
  return client;
}

/**
 * The input of SendMessage or SendMessageBatch with a mark for each long body, which is added to
 * `taken`.
 */
function marked(input: object, taken: string[]): object {
  const { Entries: entries } = input as { readonly Entries?: unknown };
  if (Array.isArray(entries))
    return { ...input, Entries: entries.map((entry: object) => marked(entry, taken)) };
  const { MessageBody: body } = input as { readonly MessageBody?: unknown };
  if (typeof body !== "string" || body.length < LONG) return input;
  taken.push(body);
  return { ...input, MessageBody: MARK };
}

/** Throws when the request is not what it was when this was written: a mark must not be sent. */
function putBack(request: { body: unknown }, taken: readonly string[]): void {
  const { body } = request;
  if (typeof body !== "string" && !(body instanceof Uint8Array))
    throw new TypeError("the SDK's request has no body of text");
  const text =
    typeof body === "string"
      ? Buffer.from(body)
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mark = Buffer.from(`"${MARK}"`);
  const pieces: Uint8Array[] = [];
  let copied = 0;
  for (const original of taken) {
    const at = text.indexOf(mark, copied);
    if (at === -1)
      throw new TypeError("the SDK's request does not hold its message bodies as JSON");
    pieces.push(text.subarray(copied, at), jsonStringBytes(original));
    copied = at + mark.length;
  }
  request.body = Buffer.concat([...pieces, text.subarray(copied)]);
}
