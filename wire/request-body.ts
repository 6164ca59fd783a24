import { Base64Text } from "./base64-text.ts";
import { jsonStringRoom, writeJsonString } from "./json-string.ts";
import type { RequestBuffers } from "./request-buffers.ts";
import { Utf8Text } from "./utf8-text.ts";

/** The body of a message. */
export type MessageBody = string | Base64Text | Utf8Text;

/** A part of a request: finished bytes, or a text that becomes a JSON string. */
export type RequestPart = Uint8Array | Base64Text | Utf8Text;

/** The part of a request that is a message's body, as a JSON string. */
export function bodyPart(body: MessageBody): RequestPart {
  if (typeof body !== "string") return body;
  // A lone surrogate cannot be written in UTF-8; JSON.stringify escapes it.
  return body.isWellFormed() ? new Utf8Text(Buffer.from(body)) : Buffer.from(JSON.stringify(body));
}

/** The parts of the JSON object of a message: `fields`, which are not empty, and its body. */
export function messageParts(fields: object, body: MessageBody): RequestPart[] {
  const head = `${JSON.stringify(fields).slice(0, -1)},"MessageBody":`;
  return [Buffer.from(head), bodyPart(body), Buffer.from("}")];
}

/** The parts of a request with several messages: `fields`, which are not empty, and the entries. */
export function batchParts(
  fields: object,
  entries: readonly { readonly fields: object; readonly body: MessageBody }[],
): RequestPart[] {
  const head = `${JSON.stringify(fields).slice(0, -1)},"Entries":[`;
  const parts = entries.flatMap((entry, index) => {
    const message = messageParts(entry.fields, entry.body);
    return index === 0 ? message : [Buffer.from(","), ...message];
  });
  return [Buffer.from(head), ...parts, Buffer.from("]}")];
}

/** A request's body, and the buffer of which it is a part. */
export interface RequestBody {
  readonly buffer: Buffer;
  readonly bytes: Buffer;
}

/** Writes the parts one after the other into one of `buffers`. */
export function requestBody(parts: readonly RequestPart[], buffers: RequestBuffers): RequestBody {
  const buffer = buffers.take(parts.reduce((sum, part) => sum + roomFor(part), 0));
  let end: number | null = 0;
  for (const part of parts) {
    end = put(part, buffer, end);
    if (end !== null) continue;
    buffers.giveBack(buffer);
    return requestBody(parts.map(stringified), buffers);
  }
  return { buffer, bytes: buffer.subarray(0, end) };
}

function roomFor(part: RequestPart): number {
  return part instanceof Utf8Text ? jsonStringRoom(part.bytes.length) : part.length + 2;
}

/** Writes a part of a request; returns where it ends, or null, see `writeJsonString`. */
function put(part: RequestPart, target: Buffer, start: number): number | null {
  if (part instanceof Utf8Text) return writeJsonString(part.bytes, target, start);
  if (!(part instanceof Base64Text)) {
    target.set(part, start);
    return start + part.length;
  }
  target[start] = QUOTE;
  const end = part.writeTo(target, start + 1);
  target[end] = QUOTE;
  return end + 1;
}

function stringified(part: RequestPart): RequestPart {
  return part instanceof Utf8Text ? Buffer.from(JSON.stringify(String(part))) : part;
}

const QUOTE = 34;
