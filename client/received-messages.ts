import { finished, Readable } from "node:stream";
import type { Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { RequestBuffers } from "../wire/request-buffers.ts";
import { parseReceiveAnswer } from "./receive-answer.ts";

/** The part of the SDK's HttpResponse that is read here. */
interface Answer {
  readonly statusCode: number;
  body: unknown;
}

/**
 * Makes a command take the messages out of SQS's answer before the SDK reads it. The SDK would put
 * the answer together in new memory each time, and compare the MD5 of every body. The MD5 would add
 * nothing: TLS protects the answer on its way. Returns the same command.
 *
 * The SDK gets an answer without messages, and the messages are added to its result. An answer of
 * another form, such as an error, is left to the SDK.
 */
export function readingMessages(command: ReceiveMessageCommand): ReceiveMessageCommand {
  let messages: Message[] | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (messages !== undefined) result.output.Messages = messages;
      return result;
    },
    // Added before the SDK adds its comparison of MD5s, so it is outside of that. It is inside of
    // what the application has added to this step of its client.
    { step: "initialize", name: "putMessages" },
  );
  command.middlewareStack.add(
    (next) => async (args) => {
      messages = undefined;
      const result = await next(args);
      const answer = result.response as Answer;
      if (answer.statusCode !== 200 || !(answer.body instanceof Readable)) return result;
      const pieces = await collect(answer.body);
      messages = messagesIn(pieces);
      answer.body = messages === undefined ? Buffer.concat(pieces) : NOTHING;
      return result;
    },
    // Low priority, to be inside of the SDK's deserializer.
    { step: "deserialize", priority: "low", name: "takeMessages" },
  );
  return command;
}

/** An answer without messages. */
const NOTHING = Buffer.from("{}");

/** The memory in which an answer is put together. */
const buffers = new RequestBuffers();

/** The messages of an answer; undefined when it has another form, or no messages. */
function messagesIn(pieces: readonly Uint8Array[]): Message[] | undefined {
  const { Messages: messages } = (answerIn(pieces) ?? {}) as { readonly Messages?: unknown };
  return Array.isArray(messages) ? (messages as Message[]) : undefined;
}

/** What an answer says; undefined when it is not JSON. */
export function answerIn(pieces: readonly Uint8Array[]): unknown {
  const buffer = buffers.take(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    buffer.set(piece, end);
    end += piece.length;
  }
  try {
    return parseReceiveAnswer(buffer.subarray(0, end));
  } catch {
    return undefined;
  } finally {
    buffers.giveBack(buffer);
  }
}

/** Takes what any stream delivers, because a request handler of the application's own made it. */
export function collect(body: Readable): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    body.on("data", (piece: Uint8Array | string) => {
      pieces.push(typeof piece === "string" ? Buffer.from(piece) : piece);
    });
    // The other side of a stream that can also be written may never end.
    finished(body, { writable: false }, (error) => {
      if (error) reject(error);
      else resolve(pieces);
    });
  });
}
