import { messageText } from "../wire/compressed-message.ts";
import { decodeMessage, type EnvironmentMessage } from "../wire/message.ts";
import { ForeignMessageError } from "./errors.ts";
import type { Payloads } from "./payload.ts";

/** Whose queue it is; an empty text where its URL was given instead of its names. */
export interface Owner {
  readonly source: string;
  readonly environment: string;
  readonly subscriber: string;
}

/** A message and its JSON text, which is the body itself, or what the body's pointer leads
 * to, expanded where it is compressed. */
export interface MessageWithText {
  readonly message: EnvironmentMessage;
  readonly text: string;
}

/** Reads the bodies of messages, wherever their text is. */
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
    // An application must never act on another environment's changes, however they got into its
    // queue.
    for (const field of ["source", "environment", "subscriber"] as const) {
      const expected = this.#expected[field];
      if (expected === "" || message[field] === expected) continue;
      throw new ForeignMessageError(
        `a message of ${field} ${message[field]} in the queue of ${expected}`,
      );
    }
    return { message, text };
  }
}
