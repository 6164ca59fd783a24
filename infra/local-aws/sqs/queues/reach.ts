import { LinkedList } from "./linked-list.ts";
import type { Message } from "./message.ts";

/** Which messages of a FIFO queue are within reach, see `QueueLimits`. */
export class Reach {
  readonly #limit: number;
  #within = 0;
  /** The others, oldest first. */
  readonly #beyond = new LinkedList<Message>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A message was added at the end. */
  enter(message: Message): void {
    if (this.#within < this.#limit) this.#within++;
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
