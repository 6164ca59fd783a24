import type { PositionText } from "../wire/position.ts";

/**
 * Where a subscription keeps how far each message group has been handled. A key is a message group's name, or that of
 * one message of it (see progress.ts). A store of one's own must not be shared by two subscribers without telling
 * their keys apart.
 */
export interface PositionStore {
  /** The position up to which everything was handled; undefined when nothing is known. */
  load(key: string): Promise<PositionText | undefined>;
  /** Called after the handler succeeded. Keeps the later one of the stored and the given position. */
  save(key: string, position: PositionText): Promise<void>;
}

/** A position that a key moves to. */
export interface PositionMark {
  readonly key: string;
  readonly position: PositionText;
}

/** A store in the database that the handler writes to: position and work are committed together, or neither is. */
export interface TransactionalPositionStore<Transaction> {
  load(key: string): Promise<PositionText | undefined>;
  /**
   * In one transaction: moves every key forward, runs the work, commits. When a key stands at its mark or beyond, the
   * work has been done by someone else: nothing is run. Rolls back and throws what the work throws.
   */
  transact(
    marks: readonly PositionMark[],
    work: (transaction: Transaction) => Promise<void>,
  ): Promise<void>;
}

/** A store of either kind. */
export type AnyPositionStore<Transaction> = PositionStore | TransactionalPositionStore<Transaction>;

const MOST_KEYS = 100_000;

/** The default: positions in this process's memory, of the groups handled last. A forgotten group only lets repeats pass. */
export class MemoryPositionStore implements PositionStore {
  readonly #positions = new Map<string, PositionText>();

  load(key: string): Promise<PositionText | undefined> {
    return Promise.resolve(this.#positions.get(key));
  }

  save(key: string, position: PositionText): Promise<void> {
    const stored = this.#positions.get(key) ?? "";
    this.#positions.delete(key);
    this.#positions.set(key, position > stored ? position : stored);
    if (this.#positions.size > MOST_KEYS) {
      const [oldest] = this.#positions.keys();
      if (oldest !== undefined) this.#positions.delete(oldest);
    }
    return Promise.resolve();
  }
}
