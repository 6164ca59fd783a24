import { LinkedList } from "./linked-list.ts";
import type { Message } from "./message.ts";

/**
 * How far SQS looks into a FIFO queue for groups to deliver: its first 120,000 messages, in flight or not. The backlog of
 * one group can so hide all other groups behind it.
 */
const REACH = 120_000;

/** Which messages of a FIFO queue are within reach. */
export class Reach {
  #within = 0;
  /** The others, oldest first. */
  readonly #beyond = new LinkedList<Message>();

  /** A message was added at the end. */
  enter(message: Message): void {
    if (this.#within < REACH) this.#within++;
    else message.beyondReach = this.#beyond.push(message);
  }

  /** A message left; the answer is the one that comes within reach in its place. */
  leave(message: Message): Message | undefined {
    if (message.beyondReach !== undefined) {
      this.#beyond.remove(message.beyondReach);
      message.beyondReach = undefined;
      return undefined;
    }
    const next = this.#beyond.first;
    if (next === undefined) {
      this.#within--;
      return undefined;
    }
    this.#beyond.remove(next);
    next.value.beyondReach = undefined;
    return next.value;
  }
}
