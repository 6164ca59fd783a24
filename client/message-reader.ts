import type { EnvironmentMessage } from "../wire/message.ts";
import { ForeignMessageError } from "./errors.ts";
import type { HeldMessage } from "./held-message.ts";
import { parseMessage } from "./parse-message.ts";
import type { Payloads } from "./payload.ts";

/** Whose queue it is; an empty text where its URL was given instead of its names. */
export interface Owner {
  readonly source: string;
  readonly environment: string;
  readonly subscriber: string;
}

/** Reads the messages in hand, each once. */
export class MessageReader {
  readonly #payloads: Payloads;
  readonly #expected: Owner;
  readonly #read = new WeakMap<HeldMessage, Promise<EnvironmentMessage>>();

  constructor(payloads: Payloads, expected: Owner) {
    this.#payloads = payloads;
    this.#expected = expected;
  }

  /** Rejects with UnsupportedMessageVersionError, InvalidMessageError, ForeignMessageError, PayloadUnavailableError. */
  read(held: HeldMessage): Promise<EnvironmentMessage> {
    const known = this.#read.get(held);
    if (known !== undefined) return known;
    const reading = this.#parse(held.body);
    this.#read.set(held, reading);
    return reading;
  }

  async #parse(body: string): Promise<EnvironmentMessage> {
    const message = parseMessage(await this.#payloads.fetch(body));
    // An application must never act on another environment's changes, however they got into its queue.
    for (const field of ["source", "environment", "subscriber"] as const) {
      const expected = this.#expected[field];
      if (expected === "" || message[field] === expected) continue;
      throw new ForeignMessageError(
        `a message of ${field} ${message[field]} in the queue of ${expected}`,
      );
    }
    return message;
  }
}
