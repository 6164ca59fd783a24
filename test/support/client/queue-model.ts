import { createHash } from "node:crypto";
import type { HeldMessage } from "../../../client/held-message.ts";

interface QueuedMessage {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  receiveCount: number;
}

/**
 * A FIFO queue with its dead-letter queue, reduced to what decides which messages are delivered
 * again, and with which id and receive count.
 */
export class QueueModel {
  readonly #messages: QueuedMessage[] = [];
  readonly #dead: QueuedMessage[] = [];
  readonly #maxReceiveCount: number;
  #sent = 0;

  constructor(maxReceiveCount: number) {
    this.#maxReceiveCount = maxReceiveCount;
  }

  get empty(): boolean {
    return this.#messages.length === 0 && this.#dead.length === 0;
  }

  send(group: string, body: string): void {
    this.#messages.push({ id: `message-${++this.#sent}`, group, body, receiveCount: 0 });
  }

  /**
   * Receives the group's first message. A message that was received too often before moves to the
   * dead-letter queue instead.
   */
  receive(group: string): HeldMessage | undefined {
    for (;;) {
      const at = this.#messages.findIndex((message) => message.group === group);
      const message = this.#messages[at];
      if (message === undefined) return undefined;
      if (message.receiveCount < this.#maxReceiveCount) {
        message.receiveCount++;
        return {
          ...message,
          bodyMd5: createHash("md5").update(message.body).digest("hex"),
          receiptHandle: `${message.id}/${message.receiveCount}`,
          heldUntil: Infinity,
          longestUntil: Infinity,
          lost: new AbortController(),
        };
      }
      this.#dead.push(...this.#messages.splice(at, 1));
    }
  }

  delete({ id }: HeldMessage): void {
    const at = this.#messages.findIndex((message) => message.id === id);
    if (at !== -1) this.#messages.splice(at, 1);
  }

  /** Sends the dead letters back; like SQS, as new messages at the end of their groups. */
  redrive(): void {
    for (const { group, body } of this.#dead.splice(0)) this.send(group, body);
  }
}
