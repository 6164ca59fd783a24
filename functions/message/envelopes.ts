import type { ChangeBytes } from "../../wire/change-bytes.ts";
import type { KeyChangeHalf } from "../../wire/change-text.ts";
import { COMPACT_VERSION } from "../../wire/compact-changes.ts";
import { FORMER_MESSAGE_BYTES } from "../../wire/frame.ts";
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
 * A message that is sent compressed holds so many times `FrameHeader.messageBytes`. The messages of
 * a group are sent one after the other, so a lane is faster with fewer of them. A full frame is
 * mostly one such message. Rows that compress badly get plain messages' size: more would be too
 * large for SQS and need S3.
 */
const COMPRESSED_TIMES = 2;
/** The greatest size of a compressed message, in base64, for rows that do not compress badly. */
const MOST_COMPRESSED_BYTES = 990_000;

interface Stretch {
  readonly group: string;
  readonly text: MessageBytes;
  changes: number;
  /** The size of the changes, with a comma each. */
  bytes: number;
  /** The same if they were written as an envelope has them, without escapes. */
  envelopeBytes: number;
  readonly digest: ChangesDigest;
  readonly first: PositionText;
  /** The last change. */
  change: PositionedChange;
  author: Author;
  half: KeyChangeHalf | undefined;
  /** Set when a further change goes beyond the size of plain messages. */
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
  /** See `FrameHeader.messageBytes`. */
  readonly #plainBytes: number;
  readonly #open = new Map<string, Stretch>();
  readonly #messages: OutgoingMessage[] = [];

  constructor(header: MessageHeader, subscription: Subscription, bytes: ChangeBytes) {
    this.#header = header;
    this.#subscription = subscription;
    this.#bytes = bytes;
    this.#isCompact = subscription.format === "compact";
    this.#isCompressed = subscription.encoding !== undefined;
    this.#plainBytes = header.messageBytes ?? FORMER_MESSAGE_BYTES;
  }

  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void {
    const open = this.#open.get(group);
    const previous = this.#isCompact ? (open ?? null) : null;
    this.#bytes.write(change, author, half, previous);
    if (open !== undefined && this.#hasRoom(open)) {
      open.text.add(this.#bytes);
      open.changes++;
      open.bytes += this.#size;
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
      bytes: this.#size,
      envelopeBytes: this.#bytes.lengthInEnvelope + 1,
      digest,
      first: position,
      change,
      author,
      half,
      secondHalf,
    });
  }

  /**
   * The size of the change that was written last. In frames of earlier releases it does not count
   * the escapes for characters that SQS refuses.
   */
  get #size(): number {
    const { length, lengthUnescaped } = this.#bytes;
    return (this.#header.messageBytes === undefined ? lengthUnescaped : length) + 1;
  }

  #hasRoom(open: Stretch): boolean {
    const size = open.bytes + this.#size;
    if (size <= this.#plainBytes) return true;
    const compressedBytes = COMPRESSED_TIMES * this.#plainBytes;
    if (!this.#isCompressed || size > compressedBytes) return false;
    const mostShare = MOST_COMPRESSED_BYTES / compressedBytes;
    open.isDense ??= isDense(open.text.tail(SAMPLE_BYTES), mostShare);
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
    return envelopeBytes > this.#plainBytes ? { last: change.position, lastHalf: half } : {};
  }
}
