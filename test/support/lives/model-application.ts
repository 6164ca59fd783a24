import { progressOf } from "../../../client/progress.ts";
import type { ModelChange, ModelMessage } from "./model-functions.ts";

export type ModelStore = "memory" | "shared" | "transactional";

interface Held extends ModelMessage {
  receiveCount: number;
}

/** An application behind its queue. It drops the changes that its position store has as handled. */
export class ModelApplication {
  readonly #isByPosition: boolean;
  readonly #store: ModelStore;
  #records = new Map<string, string>();
  #queue: Held[] = [];
  #dead: Held[] = [];
  isStoreAway = false;
  /** The changes in the order of their handling. */
  readonly handled: ModelChange[] = [];

  /** `isByPosition`: the last release's rule: a change before its group's position is a repeat. */
  constructor(store: ModelStore, isByPosition: boolean) {
    this.#store = store;
    this.#isByPosition = isByPosition;
  }

  send(message: ModelMessage): void {
    this.#queue.push({ ...message, receiveCount: 0 });
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#dead.length === 0;
  }

  /**
   * Handles the first message. `isKilled`: the process dies after the handler, before the record is
   * written and the message deleted.
   */
  async receive(isKilled: boolean): Promise<void> {
    const message = this.#queue[0];
    if (message === undefined) return;
    message.receiveCount++;
    if (this.isStoreAway) {
      if (message.receiveCount > 3) this.#dead.push(...this.#queue.splice(0, 1));
      return;
    }
    const { key, done } = await this.#progress(message);
    const changes = message.changes.filter(({ position }) => position > done);
    // With a transactional store, the kill undoes the handler's work.
    if (!isKilled || this.#store !== "transactional") this.handled.push(...changes);
    if (isKilled) {
      if (this.#store === "memory") this.#records = new Map();
      return;
    }
    if ((this.#records.get(key) ?? "") < message.last) this.#records.set(key, message.last);
    this.#queue.shift();
  }

  redrive(): void {
    for (const message of this.#dead.splice(0)) this.send(message);
  }

  async #progress(message: Held): Promise<{ readonly key: string; readonly done: string }> {
    const { group, text, receiveCount } = message;
    if (this.#isByPosition) return { key: group, done: this.#records.get(group) ?? "" };
    return await progressOf({ group, body: text, receiveCount }, message, {
      load: async (key) => this.#records.get(key),
    });
  }
}
