import { createHash } from "node:crypto";
import type { KeyChangeHalf } from "../../wire/change-text.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import type { MessageReplay } from "../../wire/message.ts";
import type { PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { NonEmpty } from "../ground/non-empty.ts";
import type { Subscription } from "../routing/subscriptions.ts";

/** A frame's header, and what of its messages the frame does not say. */
export interface MessageHeader extends FrameHeader {
  /** Only where a replay sends the changes again. */
  readonly replay?: MessageReplay;
}

/** What is sent to an environment queue. */
export interface OutgoingMessage {
  readonly environment: string;
  /** The message group. */
  readonly group: string;
  readonly deduplicationId: string;
  /** How many changes it carries. */
  readonly changes: number;
  readonly first: PositionText;
  readonly last: PositionText;
  /** The text; `encoding` says how it is written when it is sent. */
  readonly body: string;
  /** Left out: as it is. */
  readonly encoding?: "zstd";
}

/** Makes one queue's messages of one frame. */
export interface QueueWriter {
  /** Takes a change, or one half of it. Changes come in the order of their positions. */
  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void;
  /** The messages, those of a group in order. */
  finish(): readonly OutgoingMessage[];
}

/** What one frame has for one queue. */
export type FrameShare = QueueMessages | QueueFault;

/** The messages of one queue, in order. */
export interface QueueMessages {
  readonly kind: "messages";
  readonly queueName: string;
  /** The name of the frame's life, where the frame names it. */
  readonly life?: string;
  /**
   * Of the first and the last of the queue's changes, also where the format or the filters leave
   * them out.
   */
  readonly first: PositionText;
  readonly last: PositionText;
  readonly messages: NonEmpty<OutgoingMessage>;
}

/**
 * One queue's changes of a frame for which our own code threw an exception instead of making
 * messages.
 */
export interface QueueFault {
  readonly kind: "fault";
  readonly queueName: string;
  /** The name of the frame's life, where the frame names it. */
  readonly life?: string;
  /** See `describeFault`. */
  readonly error: string;
  readonly subscription: Subscription;
  /** For some of the changes it failed to say whether they are the queue's at all. */
  readonly isUndecided?: true;
  readonly first: PositionText;
  readonly last: PositionText;
  /** How many changes. */
  readonly count: number;
  /**
   * The text of a frame with these changes and their authors, sealed where the subscriber must not
   * see some columns.
   */
  readonly frame: string;
  /**
   * Our own code failed to make that text as well: `frame` has the changes in another form, in
   * which nothing is sealed.
   */
  readonly isPlain?: true;
}

/**
 * The same for every delivery of the same changes, so that SQS drops what a repeated attempt sends
 * again. The life is part of it where the frame names it. `half`: the message is one of two that a
 * single change became, perhaps in the same group. Each replay has ids of its own.
 */
export function deduplicationId(
  { lane, life, replay }: Pick<MessageHeader, "lane" | "life" | "replay">,
  first: PositionText,
  queueName: string,
  group: string,
  half?: KeyChangeHalf,
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
        ...(replay === undefined ? [] : ["replay", replay.id]),
      ]),
    )
    .digest("hex");
}
