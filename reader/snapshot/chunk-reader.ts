import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { isBefore } from "../transactions/binlog-position.ts";
import type { RowChange } from "../transactions/transaction.ts";
import { ChunkWindow, type RowsByKey } from "./chunk-window.ts";
import type { KeyRange } from "./table-key.ts";

/** Selected rows, and the range of keys of which they are all rows. */
export interface SelectedChunk {
  readonly rows: RowsByKey;
  readonly range: KeyRange;
}

/** The queries that a chunk needs. */
export interface ChunkSource {
  /** Resolves once the next read shows all transactions that the stream has passed so far. */
  untilVisible(): Promise<void>;
  /** Reads rows. `wanted`: the keys of the rows to read; null: the next range. */
  select(wanted: ReadonlySet<string> | null): Promise<SelectedChunk>;
  /** The end of the binlog. */
  end(): Promise<BinlogPosition>;
  /** Whether a key lies in a range; null when only the server can decide that. */
  isInRange(key: string, range: KeyRange): boolean | null;
  /** Queries the server for whether keys lie in a range. */
  areInRange(keys: readonly string[], range: KeyRange): Promise<readonly boolean[]>;
}

/** A position in the stream between two transactions. */
export interface Place extends BinlogPosition {
  readonly file: string;
}

export type ChunkOutcome =
  | {
      readonly kind: "handed over";
      readonly rows: number;
      readonly range: KeyRange;
      /**
       * The keys of rows that were left out. They must be read again by the next call of `read`.
       */
      readonly again: ReadonlySet<string>;
    }
  /** Nothing was handed over, because the table's definition or too many rows changed meanwhile. */
  | { readonly kind: "spoiled"; readonly why: "definition" | "too much" };

/**
 * Called with the rows at a place between two transactions; it must add them to the stream
 * synchronously. `again`: the keys of rows that were left out.
 */
export type HandOver = (
  place: Place,
  rows: RowsByKey,
  range: KeyRange,
  again: ReadonlySet<string>,
) => void;

interface Waiting extends SelectedChunk {
  /** The position that the stream must reach before the rows are handed over. */
  readonly high: BinlogPosition;
  readonly window: ChunkWindow;
  readonly outcome: PromiseWithResolvers<ChunkOutcome>;
  /** The server's answers: whether keys lie in the range. */
  readonly told: Map<string, boolean>;
  /** The running query for such answers, if any. */
  asking: Promise<void> | null;
}

/**
 * Reads rows of one table and hands them over at a place in the stream at which the table has
 * exactly these rows (docs/snapshots.md):
 *
 * - From a place between two transactions on, it collects the table's changes.
 * - It waits until reads on the server show everything before that place, because the dump sends a
 *   transaction before it is visible.
 * - It reads the rows. They show everything before the place, and some changes behind it.
 * - It reads the end of the binlog. Everything that the rows show lies before that end.
 * - At the first place behind that end, it applies the collected changes and hands over the rows.
 */
export class ChunkReader {
  readonly #source: ChunkSource;
  readonly #asksAgain: boolean;
  readonly #handOver: HandOver;
  /** The number of statements that have changed the table's definition. */
  definitions = 0;
  #place: Place | null = null;
  #window: ChunkWindow | null = null;
  #waiting: Waiting | null = null;
  #between = Promise.withResolvers<void>();

  /** `asksAgain`: see `ChunkWindow`. */
  constructor(source: ChunkSource, asksAgain: boolean, handOver: HandOver) {
    this.#source = source;
    this.#asksAgain = asksAgain;
    this.#handOver = handOver;
  }

  /** Called with each change of the table, in the order of the stream. */
  change(change: Pick<RowChange, "op" | "texts">): void {
    this.#place = null;
    if (change.op === "ddl" || change.op === "t") this.definitions++;
    this.#window?.change(change);
  }

  /** Called with each event inside a transaction. */
  enters(): void {
    this.#place = null;
  }

  /**
   * Called after each event that ends between two transactions. Returns a promise when the next
   * event must wait.
   */
  passes(place: Place): void | Promise<void> {
    this.#place = place;
    this.#between.resolve();
    this.#between = Promise.withResolvers();
    return this.#tryToHandOver(place);
  }

  /**
   * Reads the next range, or the rows in `again` of the last outcome. Rejects with the source's
   * errors.
   *
   * @param definitions the value of `definitions` when the table was described
   */
  async read(wanted: ReadonlySet<string> | null, definitions: number): Promise<ChunkOutcome> {
    try {
      if (wanted === null) this.#window = await this.#newWindow();
      if (this.definitions !== definitions) {
        this.#forget();
        return { kind: "spoiled", why: "definition" };
      }
      const window = this.#window;
      if (window === null)
        throw new RangeError("rows cannot be read again before a chunk was read");
      await this.#source.untilVisible();
      const selected = await this.#source.select(window.wanted);
      const high = await this.#source.end();
      const outcome = Promise.withResolvers<ChunkOutcome>();
      outcome.promise.catch(() => undefined);
      this.#waiting = { ...selected, high, window, outcome, told: new Map(), asking: null };
      if (this.#place !== null) await this.#tryToHandOver(this.#place);
      return await outcome.promise;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Cancels the present chunk. The reader must not be used afterwards. */
  cancel(reason: unknown): void {
    this.#waiting?.outcome.reject(reason);
    this.#between.promise.catch(() => undefined);
    this.#between.reject(reason);
    this.#forget();
  }

  async #newWindow(): Promise<ChunkWindow> {
    this.#forget();
    while (this.#place === null) await this.#between.promise;
    return new ChunkWindow(this.#asksAgain, null);
  }

  #forget(): void {
    this.#window = null;
    this.#waiting = null;
  }

  /** An error here ends the chunk but not the stream. */
  #tryToHandOver(place: Place): void | Promise<void> {
    const waiting = this.#waiting;
    if (waiting === null) return;
    try {
      return this.#handOverOrAsk(waiting, place);
    } catch (error) {
      this.#fail(waiting, error);
    }
  }

  #handOverOrAsk(waiting: Waiting, place: Place): void | Promise<void> {
    const { window, high, rows, range, told } = waiting;
    if (window.spoiled !== null) return this.#finish(waiting, place, () => false);
    if (isBefore(place, high)) return;
    if (waiting.asking !== null) return waiting.asking;
    const unknown: string[] = [];
    const inRange = new Set<string>();
    for (const key of window.newKeys(rows)) {
      const answer = this.#source.isInRange(key, range) ?? told.get(key);
      if (answer === undefined) unknown.push(key);
      else if (answer) inRange.add(key);
    }
    if (unknown.length === 0) return this.#finish(waiting, place, (key) => inRange.has(key));
    waiting.asking = this.#ask(waiting, unknown);
    return waiting.asking;
  }

  /**
   * Queries the server for whether keys lie in the range, and tries again with the answers.
   * Meanwhile the stream may have advanced.
   */
  async #ask(waiting: Waiting, keys: readonly string[]): Promise<void> {
    try {
      const answers = await this.#source.areInRange(keys, waiting.range);
      keys.forEach((key, i) => waiting.told.set(key, answers[i] === true));
    } catch (error) {
      this.#fail(waiting, error);
    }
    waiting.asking = null;
    if (this.#waiting === waiting && this.#place !== null) await this.#tryToHandOver(this.#place);
  }

  #fail(waiting: Waiting, error: unknown): void {
    waiting.outcome.reject(error);
    if (this.#waiting === waiting) this.#forget();
  }

  #finish(
    { window, rows, range, outcome }: Waiting,
    place: Place,
    isInRange: (key: string) => boolean,
  ): void {
    if (window.spoiled !== null) {
      this.#forget();
      return outcome.resolve({ kind: "spoiled", why: window.spoiled });
    }
    const again = window.apply(rows, isInRange);
    this.#handOver(place, rows, range, again);
    this.#forget();
    // The changes of the rows that were left out are collected from this place on, because these
    // rows are read again behind it.
    if (again.size > 0) this.#window = new ChunkWindow(this.#asksAgain, again);
    outcome.resolve({ kind: "handed over", rows: rows.size, range, again });
  }
}
