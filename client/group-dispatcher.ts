import type { HeldMessage } from "./held-message.ts";

/** Runs up to `concurrency` message groups in parallel, and the messages of each group in order. */
export class GroupDispatcher {
  readonly #concurrency: number;
  readonly #runGroup: (messages: HeldMessage[]) => Promise<void>;
  /** The messages of every group that runs or waits. */
  readonly #groups = new Map<string, HeldMessage[]>();
  readonly #waiting: string[] = [];
  #running = 0;
  #watchers: (() => void)[] = [];

  /**
   * `runGroup` takes messages from the front of its array until the array is empty; `add` may
   * append more meanwhile. It never rejects.
   */
  constructor(concurrency: number, runGroup: (messages: HeldMessage[]) => Promise<void>) {
    this.#concurrency = concurrency;
    this.#runGroup = runGroup;
  }

  add(messages: readonly HeldMessage[]): void {
    for (const message of messages) {
      const group = this.#groups.get(message.group);
      if (group === undefined) {
        this.#groups.set(message.group, [message]);
        this.#waiting.push(message.group);
      } else {
        group.push(message);
      }
    }
    this.#startWaiting();
  }

  /** Removes and returns the messages of the groups that have not begun. */
  takeWaiting(): HeldMessage[] {
    const taken = this.#waiting.splice(0).flatMap((group) => {
      const messages = this.#groups.get(group) ?? [];
      this.#groups.delete(group);
      return messages;
    });
    this.#notify();
    return taken;
  }

  /** Resolves when another group could begin at once or the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    if (this.#groups.size < this.#concurrency) return;
    const notify = (): void => this.#notify();
    signal.addEventListener("abort", notify, { once: true });
    while (this.#groups.size >= this.#concurrency && !signal.aborted) await this.#change();
    signal.removeEventListener("abort", notify);
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#groups.size > 0) await this.#change();
  }

  #startWaiting(): void {
    while (this.#running < this.#concurrency) {
      const group = this.#waiting.shift();
      if (group === undefined) return;
      const messages = this.#groups.get(group) ?? [];
      this.#running++;
      void this.#runGroup(messages).then(() => {
        this.#running--;
        this.#groups.delete(group);
        this.#startWaiting();
        this.#notify();
      });
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.push(resolve);
    });
  }

  #notify(): void {
    for (const resolve of this.#watchers.splice(0)) resolve();
  }
}
