import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { KeyChangeHalf } from "./change-text.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";

/** Makes one queue's messages of one frame. */
export interface QueueWriter {
  /** Takes a change, or one half of it. Changes come in the order of their positions. */
  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void;
  /** The messages, those of a group in order. */
  finish(): readonly OutgoingMessage[];
}
