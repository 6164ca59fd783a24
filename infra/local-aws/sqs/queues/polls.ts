import type { Clock } from "../../time/clock.ts";
import { LinkedList } from "./linked-list.ts";

/** A receive that waits for messages. */
interface Poll<T> {
  /** Takes the messages that are available for this receive; may be empty. */
  readonly take: () => T[];
  readonly finish: (messages: T[]) => void;
  readonly fail: (error: Error) => void;
}

/** The long polls of one queue, served in the order of their arrival. */
export class Polls<T> {
  readonly #waiting = new LinkedList<Poll<T>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get any(): boolean {
    return this.#waiting.first !== undefined;
  }

  /**
   * Resolves with messages as soon as `take` finds any, or with none at `deadlineMs` or when
   * `signal` aborts. A poll whose client has closed the connection so takes no message.
   */
  wait(take: () => T[], deadlineMs: number, signal: AbortSignal): Promise<T[]> {
    if (signal.aborted) return Promise.resolve([]);
    const { promise, resolve, reject } = Promise.withResolvers<T[]>();
    const settle = (): void => {
      this.#waiting.remove(node);
      cancelDeadline();
      signal.removeEventListener("abort", giveUp);
    };
    const node = this.#waiting.push({
      take,
      finish: (messages) => {
        settle();
        resolve(messages);
      },
      fail: (error) => {
        settle();
        reject(error);
      },
    });
    const giveUp = (): void => node.value.finish([]);
    signal.addEventListener("abort", giveUp);
    const cancelDeadline = this.#clock.at(deadlineMs, giveUp);
    return promise;
  }

  /** Serves waiting polls while messages are available. */
  serve(): void {
    for (let node = this.#waiting.first; node !== undefined; node = this.#waiting.first) {
      const messages = node.value.take();
      if (messages.length === 0) return;
      node.value.finish(messages);
    }
  }

  /** Rejects all waiting polls. */
  failAll(error: Error): void {
    for (let node = this.#waiting.first; node !== undefined; node = this.#waiting.first) {
      node.value.fail(error);
    }
  }
}
