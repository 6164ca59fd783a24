import { messageText } from "../wire/compressed-message.ts";
import { decodeMessage, type EnvironmentMessage } from "../wire/message.ts";
import { ForeignMessageError } from "./errors.ts";
import type { Payloads } from "./payload.ts";

/** The names that a queue's messages must contain; an empty text accepts any name. */
export interface Owner {
  readonly source: string;
  readonly environment: string;
  readonly subscriber: string;
}

/**
 * A message and its JSON text. The text comes from the body or from the object to which the body
 * points, and is decompressed if necessary.
 */
export interface MessageWithText {
  readonly message: EnvironmentMessage;
  readonly text: string;
}

/** Reads messages from bodies, payloads in S3 included. */
export class MessageReader {
  readonly #payloads: Payloads;
  readonly #expected: Owner;

  constructor(payloads: Payloads, expected: Owner) {
    this.#payloads = payloads;
    this.#expected = expected;
  }

  /**
   * Rejects with UnsupportedMessageVersionError, InvalidMessageError, ForeignMessageError,
   * PayloadUnavailableError.
   */
  async read(body: string): Promise<MessageWithText> {
    const text = await messageText(await this.#payloads.fetch(body));
    const message = decodeMessage(text);
    // An application must never handle another environment's changes.
    for (const field of ["source", "environment", "subscriber"] as const) {
      const expected = this.#expected[field];
      if (expected === "" || message[field] === expected) continue;
      throw new ForeignMessageError(
        `the queue of the ${field} ${expected} contains a message of the ${field} ${message[field]}`,
      );
    }
    return { message, text };
  }
}
