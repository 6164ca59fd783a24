import type { KeyChangeHalf, WriteChange } from "../../wire/change-text.ts";
import { encodeMessage } from "../../wire/message.ts";
import type { PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import {
  deduplicationId,
  type MessageHeader,
  type OutgoingMessage,
  type QueueWriter,
} from "./outgoing-message.ts";

/**
 * The size in bytes (UTF-8) beyond which a further change begins a new message. It is below SQS's
 * 1 MiB, and constant, so that a repeated frame becomes the same messages.
 */
const PLAIN_BYTES = 900_000;

/**
 * The same for messages that are sent compressed. The messages of a group are sent one after the
 * other, so a lane is faster with fewer of them. A full frame is mostly one such message.
 */
const COMPRESSED_BYTES = 2 * PLAIN_BYTES;

interface Stretch {
  readonly group: string;
  /** The changes' texts, separated by commas. */
  text: string;
  changes: number;
  bytes: number;
  readonly first: PositionText;
  last: PositionText;
  /**
   * The half of a change that this message begins with, when the other half ends the previous
   * message of the same group.
   */
  readonly secondHalf: KeyChangeHalf | undefined;
}

/**
 * Writes one queue's changes of one frame as messages of wire/message.ts. Consecutive changes of a
 * group share a message up to a fixed size.
 */
export class Envelopes implements QueueWriter {
  readonly #header: MessageHeader;
  readonly #subscription: Subscription;
  readonly #write: WriteChange;
  readonly #isAscii: boolean;
  readonly #mostBytes: number;
  /** The last change's author, and whether its names have as many bytes as characters. */
  #latest: { readonly author: Author; readonly isAscii: boolean } | null = null;
  readonly #open = new Map<string, Stretch>();
  readonly #messages: OutgoingMessage[] = [];

  /** `isFiltered`: the changes have other texts than those of the frame. */
  constructor(
    header: MessageHeader,
    subscription: Subscription,
    { write, isFiltered }: { readonly write: WriteChange; readonly isFiltered: boolean },
  ) {
    this.#header = header;
    this.#isAscii = header.isAscii === true && !isFiltered;
    this.#subscription = subscription;
    this.#mostBytes = subscription.encoding === undefined ? PLAIN_BYTES : COMPRESSED_BYTES;
    this.#write = write;
  }

  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void {
    const { position } = change;
    const text = this.#write(change, author, half);
    const bytes = this.#bytesOf(text, author) + 1;
    const open = this.#open.get(group);
    if (open !== undefined && open.bytes + bytes <= this.#mostBytes) {
      open.text += `,${text}`;
      open.changes++;
      open.bytes += bytes;
      open.last = position;
      return;
    }
    if (open !== undefined) this.#close(open);
    const secondHalf = open?.last === position ? half : undefined;
    this.#open.set(group, {
      group,
      text,
      changes: 1,
      bytes,
      first: position,
      last: position,
      secondHalf,
    });
  }

  finish(): readonly OutgoingMessage[] {
    for (const stretch of this.#open.values()) this.#close(stretch);
    this.#open.clear();
    return this.#messages;
  }

  /** Counting the bytes puts the text together, which takes longer than anything else here. */
  #bytesOf(text: string, author: Author): number {
    return this.#isAscii && this.#hasAsciiNames(author) ? text.length : Buffer.byteLength(text);
  }

  /** The author may be from the sessions table, and not in the frame's text. */
  #hasAsciiNames(author: Author): boolean {
    if (this.#latest?.author !== author) {
      const names = author.user + author.host;
      this.#latest = { author, isAscii: Buffer.byteLength(names) === names.length };
    }
    return this.#latest.isAscii;
  }

  #close({ group, text, changes, bytes, first, last, secondHalf }: Stretch): void {
    const { source, replay } = this.#header;
    const mark = replay === undefined ? {} : { replay };
    const { subscriber, environment, queueName, encoding } = this.#subscription;
    const place = { environment, group, first, last };
    // A shorter message that begins here may have been sent, by an earlier release or before the
    // subscriber's messages were compressed. With its id, SQS would drop all of this one.
    const isLong = changes > 1 && bytes > PLAIN_BYTES;
    this.#messages.push({
      ...place,
      deduplicationId: deduplicationId(this.#header, first, queueName, group, {
        half: secondHalf,
        ...(isLong && { last }),
      }),
      changes,
      ...(encoding !== undefined && { encoding }),
      body: encodeMessage({ ...place, source, subscriber, ...mark }, text),
    });
  }
}
