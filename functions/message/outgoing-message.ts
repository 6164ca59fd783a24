import { createHash } from "node:crypto";
import type { KeyChangeHalf } from "../../wire/change-text.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import type { MessageReplay } from "../../wire/message.ts";
import type { PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import { Utf8Text } from "../../wire/utf8-text.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { NonEmpty } from "../ground/non-empty.ts";
import type { Subscription } from "../routing/subscriptions.ts";

/** A frame's header, with data for its messages that the frame does not contain. */
export interface MessageHeader extends FrameHeader {
  /** Only when a replay sends the changes again. */
  readonly replay?: MessageReplay;
}

/** A message for an environment queue. */
export interface OutgoingMessage {
  readonly environment: string;
  /** The message group. */
  readonly group: string;
  readonly deduplicationId: string;
  /** Number of changes in the message. */
  readonly changes: number;
  readonly first: PositionText;
  readonly last: PositionText;
  /** The text before encoding. */
  readonly body: string | Utf8Text;
  /** How the body is encoded when it is sent; when omitted, it is sent as plain text. */
  readonly encoding?: "zstd";
}

/** Writes one queue's messages of one frame. */
export interface QueueWriter {
  /** Adds a change, or one half of it. Changes must be added in the order of their positions. */
  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void;
  /** Returns the messages. Messages of a group are in order. */
  finish(): readonly OutgoingMessage[];
}

/** One queue's share of a frame. */
export type FrameShare = QueueMessages | QueueFault;

/** The messages of one queue, in order. */
export interface QueueMessages {
  readonly kind: "messages";
  readonly queueName: string;
  /** The name of the frame's life, if the frame contains it. */
  readonly life?: string;
  /**
   * The position of the queue's first change, even if the format or the filters leave it out.
   * `last` is that of its last change.
   */
  readonly first: PositionText;
  readonly last: PositionText;
  readonly messages: NonEmpty<OutgoingMessage>;
}

/** One queue's changes of a frame that the router failed to turn into messages. */
export interface QueueFault {
  readonly kind: "fault";
  readonly queueName: string;
  /** The name of the frame's life, if the frame contains it. */
  readonly life?: string;
  /** See `describeFault`. */
  readonly error: string;
  readonly subscription: Subscription;
  /** Set when the router failed to decide for some of the changes whether the queue gets them. */
  readonly isUndecided?: true;
  readonly first: PositionText;
  readonly last: PositionText;
  /** Number of changes. */
  readonly count: number;
  /**
   * The text of a frame with these changes and their authors, sealed if the subscriber must not see
   * some columns.
   */
  readonly frame: string;
  /**
   * Set when the router failed to write a frame too. `frame` then contains the changes in another
   * form, which is unsealed only if sealing failed.
   */
  readonly isPlain?: true;
}

interface MessageExtent {
  readonly half?: KeyChangeHalf | undefined;
  readonly changes?: string;
  readonly last?: PositionText;
  readonly lastHalf?: KeyChangeHalf | undefined;
}

/**
 * Returns the same id for every delivery of the same changes, so that SQS drops messages that are
 * sent again. The id depends on the life if the frame contains its name, and on the replay. `half`
 * distinguishes the two messages of a single change, which may be in the same group. `changes`, the
 * digest of several changes, distinguishes a message from all others that begin with the same one.
 * Frames of earlier releases have only: `last`, which distinguishes a message from shorter ones,
 * and `lastHalf`, which distinguishes one that ends between the halves of a change from one that
 * ends behind them. Those releases gave both the same id, so neither may have it.
 */
export function deduplicationId(
  { lane, life, replay }: Pick<MessageHeader, "lane" | "life" | "replay">,
  first: PositionText,
  queueName: string,
  group: string,
  { half, changes, last, lastHalf }: MessageExtent = {},
): string {
  const named = life === undefined ? [] : [life];
  return createHash("sha256")
    .update(
      JSON.stringify([
        lane,
        ...named,
        first,
        queueName,
        group,
        ...(half === undefined ? [] : [half]),
        ...(changes === undefined ? [] : ["changes", changes]),
        ...(last === undefined ? [] : ["last", last]),
        ...(lastHalf === undefined ? [] : [lastHalf]),
        ...(replay === undefined ? [] : ["replay", replay.id]),
      ]),
    )
    .digest("hex");
}

/** Frees the bodies of messages that nothing sends or parks any more. */
export function freeBodies(shares: readonly FrameShare[]): void {
  for (const share of shares) {
    if (share.kind === "fault") continue;
    for (const { body } of share.messages) if (body instanceof Utf8Text) body.free();
  }
}
