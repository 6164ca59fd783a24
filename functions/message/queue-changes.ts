import type { FrameHeader } from "../../wire/frame.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { isNonEmpty } from "../ground/non-empty.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import type { AuthoredChange } from "./authored-change.ts";
import { keepChanges } from "./kept-changes.ts";
import type { FrameShare, QueueWriter } from "./outgoing-message.ts";

/**
 * What one queue's changes are written with. Our own code may throw an exception in each of them:
 * only `QueueChanges` calls them.
 */
export interface QueueTools {
  readonly newWriter: () => QueueWriter;
  /** Makes a frame unreadable, some columns of which the subscriber must not see. */
  readonly seal: (frame: string) => string;
}

/**
 * One queue's changes of one frame on their way into messages. An exception that our own code
 * throws concerns this queue only: it ends the making of messages, and the share holds the changes
 * themselves.
 */
export class QueueChanges {
  readonly #subscription: Subscription;
  readonly #tools: QueueTools;
  readonly #changes: AuthoredChange[] = [];
  #writer: QueueWriter | undefined;
  #fault: string | null = null;
  #isUndecided = false;

  constructor(subscription: Subscription, tools: QueueTools) {
    this.#subscription = subscription;
    this.#tools = tools;
  }

  /** Takes a change, which `act` gives to the writer, unless that has failed. */
  add(authored: AuthoredChange, act: (writer: QueueWriter) => void): void {
    this.#changes.push(authored);
    this.#write(act);
  }

  /** Takes a change of which our own code failed to say whether it is the queue's. */
  keep(authored: AuthoredChange, error: string): void {
    this.#changes.push(authored);
    this.#fault ??= error;
    this.#isUndecided = true;
  }

  #write(act: (writer: QueueWriter) => void): void {
    if (this.#fault !== null) return;
    try {
      act((this.#writer ??= this.#tools.newWriter()));
    } catch (error) {
      this.#fault = describeFault(error);
    }
  }

  /** The frame's share for the queue; null when it has none. */
  share(header: FrameHeader): FrameShare | null {
    const { queueName } = this.#subscription;
    const life = header.life === undefined ? {} : { life: header.life };
    const changes = this.#changes;
    const first = changes[0]?.change.position;
    const last = changes.at(-1)?.change.position;
    if (first === undefined || last === undefined) return null;
    let share: FrameShare | null = null;
    this.#write((writer) => {
      const messages = writer.finish();
      if (isNonEmpty(messages)) {
        share = { kind: "messages", queueName, ...life, first, last, messages };
      }
    });
    if (this.#fault === null) return share;
    return {
      kind: "fault",
      queueName,
      ...life,
      error: this.#fault,
      subscription: this.#subscription,
      first,
      last,
      count: changes.length,
      ...(this.#isUndecided && { isUndecided: true }),
      ...keepChanges(header, changes, this.#tools.seal),
    };
  }
}
