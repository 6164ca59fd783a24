import type { PositionText } from "../wire/position.ts";

/**
 * Where a subscription keeps which messages it has handled. Each message has a record of its own:
 * the key is made of the message's group and text (see progress.ts), the position is that of the
 * last of its changes that was handled. A record must be kept for longer than the message may come
 * again: the retention of the queue and of its dead-letter queue together. A record that is gone
 * lets the message be handled again.
 */
export interface PositionStore {
  /**
   * The position that was saved last for the key; undefined when there is none. Must see what
   * others have saved.
   */
  load(key: string): Promise<PositionText | undefined>;
  /**
   * Called after the handler succeeded. Keeps the later one of the stored and the given position.
   */
  save(key: string, position: PositionText): Promise<void>;
}

/** A position that a key moves to. */
export interface PositionMark {
  readonly key: string;
  readonly position: PositionText;
}

/**
 * A store in the database that the handler writes to: position and work are committed together, or
 * neither is.
 */
export interface TransactionalPositionStore<Transaction> {
  load(key: string): Promise<PositionText | undefined>;
  /**
   * In one transaction: moves the key of each mark forward (this library gives one, that of the
   * message), runs the work, commits. When a key stands at its mark or beyond, the work has been
   * done by someone else: nothing is run. Rolls back and throws what the work throws.
   */
  transact(
    marks: readonly PositionMark[],
    work: (transaction: Transaction) => Promise<void>,
  ): Promise<void>;
}

/** A store of either kind. */
export type AnyPositionStore<Transaction> = PositionStore | TransactionalPositionStore<Transaction>;

const MOST_RECORDS = 100_000;

/** The default: records in this process's memory, of the 100,000 messages handled last. */
export class MemoryPositionStore implements PositionStore {
  readonly #positions = new Map<string, PositionText>();

  load(key: string): Promise<PositionText | undefined> {
    return Promise.resolve(this.#positions.get(key));
  }

  save(key: string, position: PositionText): Promise<void> {
    const stored = this.#positions.get(key) ?? "";
    this.#positions.delete(key);
    this.#positions.set(key, position > stored ? position : stored);
    if (this.#positions.size > MOST_RECORDS) {
      const [oldest] = this.#positions.keys();
      if (oldest !== undefined) this.#positions.delete(oldest);
    }
    return Promise.resolve();
  }
}
