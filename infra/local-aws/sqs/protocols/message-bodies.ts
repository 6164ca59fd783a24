import { randomUUID } from "node:crypto";
import { parseObject, type JsonObject } from "../../http/aws-json.ts";
import type { AwsResponse } from "../../http/aws-service.ts";
import { MessageBody } from "../queues/message-body.ts";

/** Stands for a body in JSON; nobody can send it. */
const TOKEN = randomUUID();

const MEMBER = Buffer.from('"MessageBody":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What is before a member: `{` or `,`. */
const BEFORE_MEMBER = new Set([0x7b, 0x2c]);

/**
 * Parses a request around its bodies, so that a `MessageBody` in it is a MessageBody. Undefined
 * when that fails; the request then has to be parsed as a whole, which gives texts in their place.
 *
 * `most`: how many bodies there can be; the request is searched no further.
 *
 * MEMBER after a brace or a comma is never part of a text, where a backslash precedes each quote.
 * Where a body ends is an assumption: a wrong one leaves a quote too much in the body, and it is no
 * JSON. A member of this name that is no body, such as one inside an attribute, leaves its token in
 * the request.
 */
export function parseAroundBodies(request: Buffer, most: number): JsonObject | undefined {
  const bodies: MessageBody[] = [];
  let rest = "";
  let from = 0;
  const starts = startsOf(request, most);
  for (const [index, start] of starts.entries()) {
    const end = endOf(request, start, starts[index + 1] ?? request.length);
    const body = MessageBody.ofJson(request.subarray(start, end));
    if (body === undefined) return undefined;
    bodies.push(body);
    rest += `${request.toString("utf8", from, start)}"${TOKEN}${index}"`;
    from = end;
  }
  const input = parseObject(rest + request.toString("utf8", from));
  return input !== undefined && putBack(input, bodies) === bodies.length ? input : undefined;
}

/**
 * The JSON of ReceiveMessage's answer; in parts when it contains bodies as they came. Releases all
 * bodies when it is written.
 */
export function stringifyAroundBodies({
  Messages = [],
  ...rest
}: JsonObject): Pick<AwsResponse, "body" | "written"> {
  const described = Messages as readonly { readonly Body: MessageBody }[];
  const bodies: Buffer[] = [];
  const messages = described.map((message) => {
    const { json } = message.Body;
    if (json !== undefined) bodies.push(json);
    return { ...message, Body: json === undefined ? message.Body.text : TOKEN };
  });
  const text = JSON.stringify(messages.length === 0 ? rest : { ...rest, Messages: messages });
  if (bodies.length === 0) return { body: text };
  const body = text.split(`"${TOKEN}"`).flatMap((part, index) => {
    const json = bodies[index];
    return json === undefined ? [Buffer.from(part)] : [Buffer.from(part), json];
  });
  return { body, written: () => described.forEach(({ Body }) => Body.release()) };
}

/** Where the first `most` bodies begin: the places of their first quotes. */
function startsOf(request: Buffer, most: number): number[] {
  const starts: number[] = [];
  let at = request.indexOf(MEMBER);
  while (at !== -1) {
    if (BEFORE_MEMBER.has(request[at - 1] ?? 0)) starts.push(at + MEMBER.length - 1);
    at = starts.length < most ? request.indexOf(MEMBER, at + 1) : -1;
  }
  return starts;
}

/**
 * Where a body ends: behind the first of the quotes before `limit` that have no backslash. The
 * members between it and `limit` are few and short.
 */
function endOf(request: Buffer, start: number, limit: number): number {
  let end = start + 1;
  let quote = request.lastIndexOf(QUOTE, limit - 1);
  while (quote > start && request[quote - 1] !== BACKSLASH) {
    end = quote + 1;
    quote = request.lastIndexOf(QUOTE, quote - 1);
  }
  return end;
}

/** Replaces the tokens of parsed JSON by the bodies for which they stand. Returns how many. */
function putBack(input: JsonObject, bodies: readonly MessageBody[]): number {
  const entries = input["Entries"];
  let count = 0;
  for (const holder of [input, ...(Array.isArray(entries) ? (entries as unknown[]) : [])]) {
    const token = (holder as { MessageBody?: unknown } | null)?.MessageBody;
    if (typeof token !== "string" || !token.startsWith(TOKEN)) continue;
    (holder as { MessageBody: unknown }).MessageBody = bodies[Number(token.slice(TOKEN.length))];
    count++;
  }
  return count;
}
