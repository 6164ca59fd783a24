import type { EnvironmentMessage } from "../wire/message.ts";
import { ForeignMessageError } from "./errors.ts";
import type { HeldMessage } from "./held-message.ts";
import { parseMessage } from "./parse-message.ts";
import type { Payloads } from "./payload.ts";

/** Reads the messages in hand, each once. */
export class MessageReader {
  readonly #payloads: Payloads;
  readonly #expected: { readonly environment: string; readonly subscriber: string };
  readonly #read = new WeakMap<HeldMessage, Promise<EnvironmentMessage>>();

  constructor(
    payloads: Payloads,
    expected: { readonly environment: string; readonly subscriber: string },
  ) {
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
    const { environment, subscriber } = this.#expected;
    // An application must never act on another environment's changes, however they got into its queue.
    if (environment !== "" && message.environment !== environment) {
      throw new ForeignMessageError(
        `a message of environment ${message.environment} in the queue of ${environment}`,
      );
    }
    if (message.subscriber !== subscriber) {
      throw new ForeignMessageError(
        `a message of subscriber ${message.subscriber} in the queue of ${subscriber}`,
      );
    }
    return message;
  }
}
