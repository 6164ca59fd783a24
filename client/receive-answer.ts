import { randomUUID } from "node:crypto";
import { readJsonString } from "../wire/unescape-json.ts";

/** In a shorter answer, JSON.parse reads the bodies as fast. */
const LONG = 32 * 1024;
const BODY = Buffer.from('"Body":"');
/** Stands for a body, with its number, while the rest is parsed. Random, so nobody can send it. */
const MARK = randomUUID();

/**
 * Parses SQS's answer to a receive as JSON.parse does, and throws SyntaxError. The bodies are most
 * of it, and have an escape in every few bytes. So they are taken out of the answer, which is
 * parsed without them, and put into its messages.
 */
export function parseReceiveAnswer(answer: Buffer): unknown {
  if (answer.length >= LONG) {
    const { rest, bodies } = takeBodies(answer);
    const value: unknown = JSON.parse(rest);
    if (putBodies(value, bodies)) return value;
  }
  return JSON.parse(answer.toString());
}

/** The answer's bodies, in order, and the answer with a mark in place of each. */
function takeBodies(answer: Buffer): { rest: string; bodies: readonly string[] } {
  const bodies: string[] = [];
  let rest = "";
  let copied = 0;
  for (;;) {
    const name = answer.indexOf(BODY, copied);
    const start = name + BODY.length;
    const body = name === -1 ? undefined : readJsonString(answer, start);
    if (body === undefined) return { rest: rest + answer.toString("utf8", copied), bodies };
    rest += `${answer.toString("utf8", copied, start)}${MARK}${bodies.length}`;
    bodies.push(body.text);
    copied = body.end;
  }
}

/** Puts the bodies into their messages. Returns false when one is not a message's body. */
function putBodies(value: unknown, bodies: readonly string[]): boolean {
  if (bodies.length === 0) return true;
  const { Messages } = (value ?? {}) as { readonly Messages?: unknown };
  if (!Array.isArray(Messages) || Messages.length !== bodies.length) return false;
  const messages: readonly ({ Body?: unknown } | null)[] = Messages;
  if (messages.some((message, index) => message?.Body !== `${MARK}${index}`)) return false;
  for (const [index, message] of messages.entries()) if (message) message.Body = bodies[index];
  return true;
}
