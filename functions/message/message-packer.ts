import type { PositionText } from "../../wire/position.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import { envelope } from "./envelope.ts";
import { deduplicationId, type OutgoingMessage } from "./outgoing-message.ts";

/** Bytes of UTF-8 after which a further change begins a new message: below SQS's 1 MiB, and fixed, so that a frame that comes again is cut the same way. */
const MESSAGE_BYTES = 900_000;

interface Stretch {
  readonly group: string;
  readonly texts: string[];
  bytes: number;
  readonly first: PositionText;
  last: PositionText;
}

/** Packs one queue's changes of one frame into messages: consecutive changes of a group share a message up to a fixed size. */
export class MessagePacker {
  readonly #source: string;
  readonly #lane: number;
  readonly #subscription: Subscription;
  readonly #open = new Map<string, Stretch>();
  readonly #messages: OutgoingMessage[] = [];

  constructor(source: string, lane: number, subscription: Subscription) {
    this.#source = source;
    this.#lane = lane;
    this.#subscription = subscription;
  }

  /** `text` is the change as JSON. Changes are added in the order of their positions. */
  add(group: string, position: PositionText, text: string): void {
    const bytes = Buffer.byteLength(text) + 1;
    const open = this.#open.get(group);
    if (open !== undefined && open.bytes + bytes <= MESSAGE_BYTES) {
      open.texts.push(text);
      open.bytes += bytes;
      open.last = position;
      return;
    }
    if (open !== undefined) this.#close(open);
    this.#open.set(group, { group, texts: [text], bytes, first: position, last: position });
  }

  /** The messages, those of a group in order. */
  finish(): readonly OutgoingMessage[] {
    for (const stretch of this.#open.values()) this.#close(stretch);
    this.#open.clear();
    return this.#messages;
  }

  #close({ group, texts, first, last }: Stretch): void {
    const { subscriber, environment, queueName } = this.#subscription;
    const place = { environment, group, first, last };
    this.#messages.push({
      ...place,
      deduplicationId: deduplicationId(this.#lane, first, queueName, group),
      changes: texts.length,
      body: envelope({ ...place, source: this.#source, subscriber, texts }),
    });
  }
}
