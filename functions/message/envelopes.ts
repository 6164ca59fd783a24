import type { ChangeBytes } from "../../wire/change-bytes.ts";
import type { KeyChangeHalf } from "../../wire/change-text.ts";
import { COMPACT_VERSION } from "../../wire/compact-changes.ts";
import type { PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import { ChangesDigest } from "./changes-digest.ts";
import { isDense, SAMPLE_BYTES } from "./is-dense.ts";
import { MessageBytes } from "./message-bytes.ts";
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
 * other, so a lane is faster with fewer of them. A full frame is mostly one such message. Rows that
 * compress badly keep the former size: twice as much would be too large for SQS and need S3.
 */
const COMPRESSED_BYTES = 2 * PLAIN_BYTES;

interface Stretch {
  readonly group: string;
  readonly text: MessageBytes;
  changes: number;
  /** The size of the changes, with a comma each. */
  bytes: number;
  /** The same if they were written as an envelope has them. */
  envelopeBytes: number;
  readonly digest: ChangesDigest;
  readonly first: PositionText;
  /** The last change. */
  change: PositionedChange;
  author: Author;
  half: KeyChangeHalf | undefined;
  /** Set when a further change goes beyond `PLAIN_BYTES`. */
  isDense?: boolean;
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
  readonly #bytes: ChangeBytes;
  readonly #isCompact: boolean;
  readonly #isCompressed: boolean;
  readonly #open = new Map<string, Stretch>();
  readonly #messages: OutgoingMessage[] = [];

  constructor(header: MessageHeader, subscription: Subscription, bytes: ChangeBytes) {
    this.#header = header;
    this.#subscription = subscription;
    this.#bytes = bytes;
    this.#isCompact = subscription.format === "compact";
    this.#isCompressed = subscription.encoding !== undefined;
  }

  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void {
    const open = this.#open.get(group);
    const previous = this.#isCompact ? (open ?? null) : null;
    this.#bytes.write(change, author, half, previous);
    if (open !== undefined && this.#hasRoom(open, this.#bytes.lengthUnescaped + 1)) {
      open.text.add(this.#bytes);
      open.changes++;
      open.bytes += this.#bytes.lengthUnescaped + 1;
      open.envelopeBytes += this.#bytes.lengthInEnvelope + 1;
      open.digest.add(change, this.#fileOf(change), half);
      open.change = change;
      open.author = author;
      open.half = half;
      return;
    }
    if (open !== undefined) this.#close(open);
    if (previous !== null) this.#bytes.write(change, author, half);
    const { position } = change;
    const secondHalf = open?.change.position === position ? half : undefined;
    const digest = new ChangesDigest();
    digest.add(change, this.#fileOf(change), half);
    this.#open.set(group, {
      group,
      text: new MessageBytes(this.#head(group, position, position), this.#bytes),
      changes: 1,
      bytes: this.#bytes.lengthUnescaped + 1,
      envelopeBytes: this.#bytes.lengthInEnvelope + 1,
      digest,
      first: position,
      change,
      author,
      half,
      secondHalf,
    });
  }

  #hasRoom(open: Stretch, bytes: number): boolean {
    const size = open.bytes + bytes;
    if (size <= PLAIN_BYTES) return true;
    if (!this.#isCompressed || size > COMPRESSED_BYTES) return false;
    open.isDense ??= isDense(open.text.tail(SAMPLE_BYTES));
    return !open.isDense;
  }

  finish(): readonly OutgoingMessage[] {
    for (const stretch of this.#open.values()) this.#close(stretch);
    this.#open.clear();
    return this.#messages;
  }

  #head(group: string, first: PositionText, last: PositionText) {
    const { source, replay } = this.#header;
    const { subscriber, environment } = this.#subscription;
    const version = this.#isCompact ? ({ version: COMPACT_VERSION } as const) : {};
    const mark = replay === undefined ? {} : { replay };
    return { ...version, source, subscriber, environment, group, first, last, ...mark };
  }

  #fileOf({ transaction }: PositionedChange): string {
    return this.#header.transactions[transaction]?.file ?? "";
  }

  #close(stretch: Stretch): void {
    const { group, text, changes, first, change, secondHalf } = stretch;
    const { environment, queueName, encoding } = this.#subscription;
    const last = change.position;
    this.#messages.push({
      environment,
      group,
      first,
      last,
      deduplicationId: deduplicationId(this.#header, first, queueName, group, {
        half: secondHalf,
        ...(changes > 1 && this.#extent(stretch)),
      }),
      changes,
      ...(encoding !== undefined && { encoding }),
      body: text.finish(this.#head(group, first, last)),
    });
  }

  /**
   * Messages of a frame with the same id have the same changes. So when a frame that was sent in
   * part is repeated after the configuration changed, and with it what its messages contain, SQS
   * drops no change that was not sent.
   *
   * Frames of earlier releases keep the former ids. Those depend on the first change alone where a
   * message has exactly the changes that a plain envelope would have, and also on where it ends
   * where it has more. They are the same messages only as long as tables, filters, groups and the
   * environments' users stay as they are.
   */
  #extent({ changes, envelopeBytes, digest, change, half }: Stretch) {
    if (this.#header.idsByChanges === true) return { changes: `${changes}-${digest.text}` };
    return envelopeBytes > PLAIN_BYTES ? { last: change.position, lastHalf: half } : {};
  }
}
