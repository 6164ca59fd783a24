import type { PositionText } from "../wire/position.ts";

/**
 * Records which messages a subscription has handled. Each message has one record. The key is made
 * from the message's group and text (see progress.ts); the position is that of its last handled
 * change. Keep a record for longer than the message can be received again, which is the retention
 * of the queue and of its dead-letter queue together. A message without a record is handled again.
 */
export interface PositionStore {
  /** The latest position that any process has saved for the key; undefined when there is none. */
  load(key: string): Promise<PositionText | undefined>;
  /**
   * Called after the handler succeeded. Must keep the later of the stored and the given position.
   */
  save(key: string, position: PositionText): Promise<void>;
}

/** A key and the position to which it advances. */
export interface PositionMark {
  readonly key: string;
  readonly position: PositionText;
}

/**
 * A store in the database to which the handler writes. The position and the handler's work are
 * committed in one transaction.
 */
export interface TransactionalPositionStore<Transaction> {
  load(key: string): Promise<PositionText | undefined>;
  /**
   * In one transaction: advances the key of each mark (this library passes one mark, that of the
   * message), runs the work and commits. If a key's position is already at its mark or later,
   * another process has done the work, and `work` is not run. If the work throws, rolls back and
   * throws its error.
   */
  transact(
    marks: readonly PositionMark[],
    work: (transaction: Transaction) => Promise<void>,
  ): Promise<void>;
}

/** A store of either kind. */
export type AnyPositionStore<Transaction> = PositionStore | TransactionalPositionStore<Transaction>;

const MOST_RECORDS = 100_000;

/** The records of the last 100,000 handled messages, in memory. */
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

/**
 * The store of an application that gives none: nothing in it is of another process or release, so
 * its keys are this library's own affair.
 */
export class DefaultPositionStore extends MemoryPositionStore {}
