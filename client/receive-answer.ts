import type { RequestBuffers } from "../wire/request-buffers.ts";
import { readJsonString } from "../wire/unescape-json.ts";

/** In a shorter answer, JSON.parse reads the bodies as fast. */
const LONG = 32 * 1024;
const BODY = Buffer.from('"Body":"');

/**
 * Parses SQS's answer to a receive as JSON.parse does, and throws SyntaxError. The bodies are most
 * of it, and have an escape in every few bytes. So they are taken out of the answer, which is
 * parsed without them, and put into its messages.
 */
export function parseReceiveAnswer(answer: Buffer, buffers: RequestBuffers): unknown {
  if (answer.length < LONG) return JSON.parse(answer.toString());
  const memory = buffers.take(answer.length);
  try {
    const { rest, bodies } = takeBodies(answer, memory);
    const value: unknown = JSON.parse(rest);
    if (putBodies(value, bodies)) return value;
  } finally {
    buffers.giveBack(memory);
  }
  return JSON.parse(answer.toString());
}

/** The answer's bodies, in order, and the answer with "" in place of each. */
function takeBodies(answer: Buffer, memory: Buffer): { rest: string; bodies: readonly string[] } {
  const bodies: string[] = [];
  let rest = "";
  let copied = 0;
  for (;;) {
    const name = answer.indexOf(BODY, copied);
    const start = name + BODY.length;
    const body = name === -1 ? undefined : readJsonString(answer, start, memory);
    if (body === undefined) return { rest: rest + answer.toString("utf8", copied), bodies };
    bodies.push(body.text);
    rest += answer.toString("utf8", copied, start);
    copied = body.end;
  }
}

/**
 * Puts the bodies into an answer's messages. Returns false when they are not known to be theirs.
 * They are when there are as many messages, each with "" as its body: so many pairs of quotes are
 * left of the members that were found, one for each message.
 */
function putBodies(value: unknown, bodies: readonly string[]): boolean {
  if (bodies.length === 0) return true;
  const { Messages: messages } = (value ?? {}) as { readonly Messages?: unknown };
  if (!Array.isArray(messages) || messages.length !== bodies.length) return false;
  if (!messages.every((message: { Body?: unknown } | null) => message?.Body === "")) return false;
  for (const [index, body] of bodies.entries()) messages[index].Body = body;
  return true;
}
