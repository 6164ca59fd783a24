import { randomUUID } from "node:crypto";
import type { SendMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import { Base64Text } from "./base64-text.ts";
import { jsonStringRoom, writeJsonString } from "./json-string.ts";
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
type Body = string | Base64Text | Utf8Text;

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
  const bodies = new WeakMap<object, readonly Body[]>();
  const buffers = new RequestBuffers();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const taken: Body[] = [];
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
      if (taken === undefined) return next(args);
      const buffer = putBack(args.request as { body: unknown }, taken, buffers);
      const result = await next(args);
      // SQS has read the whole of a request that it answers with success. After a failure, an abort
      // or an earlier attempt, a socket may still send from the buffer.
      if (result.output.$metadata.attempts === 1) buffers.giveBack(buffer);
      return result;
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
function marked(input: object, taken: Body[]): object {
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
 * Replaces the marks by the bodies, in one of `buffers`, which it returns. Throws TypeError when
 * the SDK's request has an unexpected form, so that no mark is ever sent.
 */
function putBack(
  request: { body: unknown },
  taken: readonly Body[],
  buffers: RequestBuffers,
): Buffer {
  const { body } = request;
  if (typeof body !== "string" && !(body instanceof Uint8Array))
    throw new TypeError("the SDK's request has no text body");
  const text =
    typeof body === "string"
      ? Buffer.from(body)
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mark = Buffer.from(`"${MARK}"`);
  const pieces: Piece[] = [];
  let copied = 0;
  for (const original of taken) {
    const at = text.indexOf(mark, copied);
    if (at === -1)
      throw new TypeError("the SDK's request does not hold its message bodies as JSON");
    pieces.push(text.subarray(copied, at), pieceOf(original));
    copied = at + mark.length;
  }
  pieces.push(text.subarray(copied));
  const { buffer, end } = filled(pieces, buffers);
  request.body = buffer.subarray(0, end);
  return buffer;
}

/** A part of a request: finished bytes, or a text that becomes a JSON string. */
type Piece = Uint8Array | Base64Text | Utf8Text;

function pieceOf(body: Body): Piece {
  if (typeof body !== "string") return body;
  // A lone surrogate cannot be written in UTF-8; JSON.stringify escapes it.
  return body.isWellFormed() ? new Utf8Text(Buffer.from(body)) : Buffer.from(JSON.stringify(body));
}

/** Writes the parts one after the other into one of `buffers`. */
function filled(
  pieces: readonly Piece[],
  buffers: RequestBuffers,
): { readonly buffer: Buffer; readonly end: number } {
  const buffer = buffers.take(pieces.reduce((sum, piece) => sum + roomFor(piece), 0));
  let end: number | null = 0;
  for (const piece of pieces) {
    end = put(piece, buffer, end);
    if (end !== null) continue;
    buffers.giveBack(buffer);
    return filled(pieces.map(stringified), buffers);
  }
  return { buffer, end };
}

function roomFor(piece: Piece): number {
  return piece instanceof Utf8Text ? jsonStringRoom(piece.bytes.length) : piece.length + 2;
}

/** Writes a part of a request; returns where it ends, or null, see `writeJsonString`. */
function put(piece: Piece, target: Buffer, start: number): number | null {
  if (piece instanceof Utf8Text) return writeJsonString(piece.bytes, target, start);
  if (!(piece instanceof Base64Text)) {
    target.set(piece, start);
    return start + piece.length;
  }
  target[start] = QUOTE;
  const end = piece.writeTo(target, start + 1);
  target[end] = QUOTE;
  return end + 1;
}

function stringified(piece: Piece): Piece {
  return piece instanceof Utf8Text ? Buffer.from(JSON.stringify(String(piece))) : piece;
}

const QUOTE = 34;
