import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { ChangeWriter, KeyChangeHalf } from "./change-text.ts";
import type { MessagePacker } from "./message-packer.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import type { QueueWriter } from "./queue-writer.ts";

/** One queue's changes of one frame as envelopes (wire/message.ts), several to a message. */
export class Envelopes implements QueueWriter {
  readonly #packer: MessagePacker;
  readonly #writer: ChangeWriter;

  /** `writer` may serve several queues: each change is written once. */
  constructor(packer: MessagePacker, writer: ChangeWriter) {
    this.#packer = packer;
    this.#writer = writer;
  }

  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void {
    this.#packer.add(group, change.position, this.#writer.write(change, author, half));
  }

  finish(): readonly OutgoingMessage[] {
    return this.#packer.finish();
  }
}
