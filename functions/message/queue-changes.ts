import type { FrameHeader } from "../../wire/frame.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { isNonEmpty } from "../ground/non-empty.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import type { AuthoredChange } from "./authored-change.ts";
import { keepChanges } from "./kept-changes.ts";
import type { FrameShare, QueueWriter } from "./outgoing-message.ts";

/**
 * The functions that write one queue's changes. Each may throw because of a bug, so only
 * `QueueChanges` calls them.
 */
export interface QueueTools {
  readonly newWriter: () => QueueWriter;
  /** Encrypts a frame if the subscriber must not see some of its columns. */
  readonly seal: (frame: string) => string;
}

/**
 * Collects one queue's changes of one frame and makes messages of them. An exception caused by a
 * bug affects only this queue: no more messages are made, and the share contains the changes
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

  /** Adds a change. `act` passes it to the writer and is not called after a failure. */
  add(
    authored: AuthoredChange,
    act: (writer: QueueWriter, authored: AuthoredChange) => void,
  ): void {
    this.#changes.push(authored);
    this.#write(act, authored);
  }

  /** Adds a change for which the router failed to decide whether the queue gets it. */
  keep(authored: AuthoredChange, error: string): void {
    this.#changes.push(authored);
    this.#fault ??= error;
    this.#isUndecided = true;
  }

  #write<Input>(act: (writer: QueueWriter, input: Input) => void, input: Input): void {
    if (this.#fault !== null) return;
    try {
      act((this.#writer ??= this.#tools.newWriter()), input);
    } catch (error) {
      this.#fault = describeFault(error);
    }
  }

  /** The queue's share of the frame; null when there is none. */
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
    }, undefined);
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
