import { LinkedList } from "./linked-list.ts";
import type { Message } from "./message.ts";

/** Tracks which messages of a FIFO queue are within reach (see `QueueLimits`). */
export class Reach {
  readonly #limit: number;
  #within = 0;
  /** The messages beyond reach, oldest first. */
  readonly #beyond = new LinkedList<Message>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Records a message that was added at the end. */
  enter(message: Message): void {
    if (this.#within < this.#limit) this.#within++;
    else message.beyondReach = this.#beyond.push(message);
  }

  /** Records that a message left. Returns the message that thereby comes within reach, if any. */
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
