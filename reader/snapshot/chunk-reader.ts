import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { isBefore } from "../transactions/binlog-position.ts";
import type { RowChange } from "../transactions/transaction.ts";
import { ChunkWindow, type RowsByKey } from "./chunk-window.ts";
import type { KeyRange } from "./table-key.ts";

/** Rows as they were read, and the range of keys in which they are all that there are. */
export interface SelectedChunk {
  readonly rows: RowsByKey;
  readonly range: KeyRange;
}

/** What a chunk asks of the server. */
export interface ChunkSource {
  /** Resolves once what is read next shows all transactions that the stream has passed by now. */
  untilVisible(): Promise<void>;
  /** Reads rows in one consistent read. `wanted`: those with these keys; null: the next range. */
  select(wanted: ReadonlySet<string> | null): Promise<SelectedChunk>;
  /** Where the binlog ends, all that is in its file included. */
  end(): Promise<BinlogPosition>;
  /** Whether keys lie in a range; null for a key of which only the server knows. */
  isInRange(key: string, range: KeyRange): boolean | null;
  /** The same, asked of the server. */
  areInRange(keys: readonly string[], range: KeyRange): Promise<readonly boolean[]>;
}

/** A place in the stream between two transactions. */
export interface Place extends BinlogPosition {
  readonly file: string;
}

export type ChunkOutcome =
  | {
      readonly kind: "handed over";
      readonly rows: number;
      readonly range: KeyRange;
      /** Keys whose rows were left out and must be read again, from here on without a gap. */
      readonly again: ReadonlySet<string>;
    }
  /** Nothing was handed over: the table's definition changed, or too much changed meanwhile. */
  | { readonly kind: "spoiled"; readonly why: "definition" | "too much" };

/**
 * Takes rows at a place between two transactions, at once. `again`: the keys of rows that were left
 * out.
 */
export type HandOver = (
  place: Place,
  rows: RowsByKey,
  range: KeyRange,
  again: ReadonlySet<string>,
) => void;

interface Waiting extends SelectedChunk {
  /** Up to where the stream must have come. */
  readonly high: BinlogPosition;
  readonly window: ChunkWindow;
  readonly outcome: PromiseWithResolvers<ChunkOutcome>;
  /** What the server has said of keys. */
  readonly told: Map<string, boolean>;
  /** A question to it that is under way. */
  asking: Promise<void> | null;
}

/**
 * Reads rows of one table and hands them over at a place in the stream where they are exactly what
 * the table has there (docs/snapshots.md):
 *
 * 1. From a place between two transactions on, the table's changes are remembered.
 * 2. The server is waited for until reads show everything before that place: the dump hands out a
 *    transaction before it is
 *    visible.
 * 3. The rows are read. They show all of what lies before the place, and some of what lies behind
 *    it.
 * 4. The end of the binlog is read. All that the rows show lies before it.
 * 5. At the first place behind that end, the remembered changes are applied, and the rows are
 *    handed over.
 */
export class ChunkReader {
  readonly #source: ChunkSource;
  readonly #asksAgain: boolean;
  readonly #handOver: HandOver;
  /** How many statements have changed the table's definition. */
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

  /** Takes a change of the table, in the order of the stream. */
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
   * Called behind each event that ends between two transactions. A promise is returned where the
   * next event must wait.
   */
  passes(place: Place): void | Promise<void> {
    this.#place = place;
    this.#between.resolve();
    this.#between = Promise.withResolvers();
    return this.#tryToHandOver(place);
  }

  /**
   * Reads the next range, or the rows of the keys that the last outcome said. Rejects with what the
   * source rejects with.
   *
   * @param definitions the count of definitions when the table was described
   */
  async read(wanted: ReadonlySet<string> | null, definitions: number): Promise<ChunkOutcome> {
    try {
      if (wanted === null) this.#window = await this.#newWindow();
      if (this.definitions !== definitions) {
        this.#forget();
        return { kind: "spoiled", why: "definition" };
      }
      const window = this.#window;
      if (window === null) throw new RangeError("nothing is read again without a chunk before it");
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

  /** Gives up what is being read; nothing is read with it any more. */
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

  /** What goes wrong here ends the chunk, and not the stream. */
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
   * Asks the server where keys lie, and goes on with the answer. The stream may have gone on
   * meanwhile.
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
    // What is left out is watched from here on: its next rows are read behind this place.
    if (again.size > 0) this.#window = new ChunkWindow(this.#asksAgain, again);
    outcome.resolve({ kind: "handed over", rows: rows.size, range, again });
  }
}
