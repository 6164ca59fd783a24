import type { FrameHeader } from "../../wire/frame.ts";
import { authoredSubFrame } from "../frame/sub-frame.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { isNonEmpty } from "../ground/non-empty.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import type { AuthoredChange } from "./authored-change.ts";
import type { FrameShare, QueueWriter } from "./outgoing-message.ts";

/**
 * One queue's changes of one frame on their way into messages. An exception that our own code
 * throws concerns this queue only: it ends the making of messages, and the share holds the changes
 * themselves.
 */
export class QueueChanges {
  readonly #subscription: Subscription;
  readonly #writer: QueueWriter;
  readonly #seal: (frame: string) => string;
  #fault: string | null = null;

  /** `seal`: makes a frame unreadable, some columns of which the subscriber must not see. */
  constructor(subscription: Subscription, writer: QueueWriter, seal: (frame: string) => string) {
    this.#subscription = subscription;
    this.#writer = writer;
    this.#seal = seal;
  }

  /** Has the writer do something, unless it has failed. */
  write(act: (writer: QueueWriter) => void): void {
    if (this.#fault !== null) return;
    try {
      act(this.#writer);
    } catch (error) {
      this.#fault = describeFault(error);
    }
  }

  /**
   * The frame's share for the queue; null when it has none. `changesOf` finds the queue's changes
   * again, in order.
   */
  share(
    header: FrameHeader,
    changesOf: (queue: QueueChanges) => readonly AuthoredChange[],
  ): FrameShare | null {
    const { queueName } = this.#subscription;
    const life = header.life === undefined ? {} : { life: header.life };
    let share: FrameShare | null = null;
    this.write((writer) => {
      const messages = writer.finish();
      if (isNonEmpty(messages)) share = { kind: "messages", queueName, ...life, messages };
    });
    if (this.#fault === null) return share;
    const changes = changesOf(this);
    const first = changes[0]?.change.position;
    const last = changes.at(-1)?.change.position;
    if (first === undefined || last === undefined) return null;
    return {
      kind: "fault",
      queueName,
      ...life,
      error: this.#fault,
      subscription: this.#subscription,
      first,
      last,
      count: changes.length,
      frame: this.#seal(authoredSubFrame(header, changes)),
    };
  }
}
