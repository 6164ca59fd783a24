import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { isBefore } from "../transactions/binlog-position.ts";
import type { RowChange } from "../transactions/transaction.ts";
import { type ChunkOutcome, type HandOver, takePart } from "./chunk-part.ts";
import { ChunkWindow, type RowsByKey } from "./chunk-window.ts";
import type { StreamPosition } from "./stream-position.ts";
import type { KeyRange } from "./table-key.ts";

/** Selected rows, and the range of keys of which they are all rows. */
export interface SelectedChunk {
  readonly rows: RowsByKey;
  readonly range: KeyRange;
  /** The keys of wanted rows that were not read, because there are too many at once. */
  readonly unread: ReadonlySet<string>;
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
  /**
   * Queries the server for whether keys lie in a range. Rejects when that takes longer than
   * `longestMs`; null: no special limit.
   */
  areInRange(
    keys: readonly string[],
    range: KeyRange,
    longestMs: number | null,
  ): Promise<readonly boolean[]>;
}

interface Waiting extends SelectedChunk {
  /** The position that the stream must reach before the first rows are handed over. */
  readonly high: BinlogPosition;
  readonly window: ChunkWindow;
  /** The rows that are handed over next; the others are in `rows`. */
  part: RowsByKey;
  /** Null until the next part is wanted. */
  outcome: PromiseWithResolvers<ChunkOutcome> | null;
  /** The server's answers: whether keys lie in the range. */
  readonly told: Map<string, boolean>;
  /** The running query for such answers, if any, and whether the stream waits for them. */
  asking: { readonly done: Promise<void>; readonly isHeld: boolean } | null;
  /** When the stream waits: the time at which it goes on at the latest; else null. */
  heldUntilMs: number | null;
}

export interface ChunkReaderOptions {
  /** Whether changed rows are read again, see `ChunkWindow`. */
  readonly asksAgain: boolean;
  /** The maximum rows of a part, and about its size as JSON, bytes. */
  readonly partRows: number;
  readonly partBytes: number;
  /**
   * The maximum keys for which the stream waits until the server has said whether they lie in the
   * range. More are asked for while the stream goes on.
   */
  readonly heldKeys: number;
}

/** The maximum time for which the stream waits; then the chunk is read anew. */
const HELD_MS = 2000;

/**
 * Reads rows of one table and hands them over at places in the stream at which the table has
 * exactly these rows (docs/snapshots.md):
 *
 * - From a place between two transactions on, it collects the table's changes.
 * - It waits until reads on the server show everything before that place, because the dump sends a
 *   transaction before it is visible.
 * - It reads the rows. They show everything before the place, and some changes behind it.
 * - It reads the end of the binlog. Everything that the rows show lies before that end.
 * - At places behind that end, it applies the collected changes to the next rows and hands them
 *   over, part by part, so that ordinary changes pass between the parts. Rows that came into the
 *   range since it was read are in the last part.
 */
export class ChunkReader {
  readonly #source: ChunkSource;
  readonly #options: ChunkReaderOptions;
  readonly #handOver: HandOver;
  /** The number of statements that have changed the table's definition. */
  definitions = 0;
  #position: StreamPosition | null = null;
  #window: ChunkWindow | null = null;
  #waiting: Waiting | null = null;
  #isFirst = true;
  #between = Promise.withResolvers<void>();

  constructor(source: ChunkSource, options: ChunkReaderOptions, handOver: HandOver) {
    this.#source = source;
    this.#options = options;
    this.#handOver = handOver;
  }

  /** Called with each change of the table, in the order of the stream. */
  change(change: Pick<RowChange, "op" | "texts">): void {
    this.#position = null;
    if (change.op === "ddl" || change.op === "t") this.definitions++;
    this.#window?.change(change);
  }

  /** Called with each event inside a transaction. */
  enters(): void {
    this.#position = null;
  }

  /**
   * Called after each event that ends between two transactions. Returns a promise when the next
   * event must wait.
   */
  passes(position: StreamPosition): void | Promise<void> {
    this.#position = position;
    this.#between.resolve();
    this.#between = Promise.withResolvers();
    return this.#tryToHandOver(position);
  }

  /**
   * Reads the next range, and hands over its first rows. Rejects with the source's errors.
   *
   * @param definitions the value of `definitions` when the table was described
   */
  async read(definitions: number): Promise<ChunkOutcome> {
    this.#isFirst = true;
    return this.#orFail(async () => this.#select(await this.#newWindow(), definitions));
  }

  /** Hands over the next rows of the chunk that was read. */
  async part(): Promise<ChunkOutcome> {
    return this.#orFail(async () => {
      if (this.#waiting === null) throw new RangeError("no chunk was read");
      return this.#handedOver(this.#waiting);
    });
  }

  /** Reads the rows again that were left out, and hands over the first of them. */
  async readAgain(definitions: number): Promise<ChunkOutcome> {
    return this.#orFail(async () => {
      if (this.#window === null)
        throw new RangeError("rows cannot be read again before a chunk was read");
      const window = this.#window;
      await this.#untilBetweenTransactions();
      window.restart();
      return this.#select(window, definitions);
    });
  }

  async #select(window: ChunkWindow, definitions: number): Promise<ChunkOutcome> {
    this.#window = window;
    if (this.definitions !== definitions) {
      this.#forget();
      return { kind: "spoiled", why: "definition" };
    }
    await this.#source.untilVisible();
    const selected = await this.#source.select(window.wanted);
    window.leaveOut(selected.unread);
    const high = await this.#source.end();
    const waiting: Waiting = {
      ...selected,
      high,
      window,
      part: new Map(),
      outcome: null,
      told: new Map(),
      asking: null,
      heldUntilMs: null,
    };
    this.#waiting = waiting;
    return this.#handedOver(waiting);
  }

  /** Resolves when the next rows of a chunk were handed over. */
  async #handedOver(waiting: Waiting): Promise<ChunkOutcome> {
    const { partRows, partBytes } = this.#options;
    const outcome = Promise.withResolvers<ChunkOutcome>();
    outcome.promise.catch(() => undefined);
    waiting.part = takePart(waiting.rows, partRows, partBytes);
    waiting.outcome = outcome;
    if (this.#position !== null) await this.#tryToHandOver(this.#position);
    return outcome.promise;
  }

  async #orFail(read: () => Promise<ChunkOutcome>): Promise<ChunkOutcome> {
    try {
      return await read();
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Cancels the present chunk. The reader must not be used afterwards. */
  cancel(reason: unknown): void {
    this.#waiting?.outcome?.reject(reason);
    this.#between.promise.catch(() => undefined);
    this.#between.reject(reason);
    this.#forget();
  }

  async #newWindow(): Promise<ChunkWindow> {
    this.#forget();
    await this.#untilBetweenTransactions();
    return new ChunkWindow(this.#options.asksAgain, null);
  }

  async #untilBetweenTransactions(): Promise<void> {
    while (this.#position === null) await this.#between.promise;
  }

  #forget(): void {
    this.#window = null;
    this.#waiting = null;
  }

  /** An error here ends the chunk but not the stream. */
  #tryToHandOver(position: StreamPosition): void | Promise<void> {
    const waiting = this.#waiting;
    if (waiting === null || waiting.outcome === null) return;
    const { outcome } = waiting;
    try {
      return this.#handOverOrAsk(waiting, position);
    } catch (error) {
      outcome.reject(error);
      if (this.#waiting === waiting) this.#forget();
    }
  }

  #handOverOrAsk(waiting: Waiting, position: StreamPosition): void | Promise<void> {
    const { window, high, part, told } = waiting;
    if (window.spoiled !== null) return this.#finish(waiting, position, () => false);
    if (isBefore(position, high)) return;
    if (waiting.asking !== null) return waiting.asking.isHeld ? waiting.asking.done : undefined;
    const unknown: string[] = [];
    const inRange = new Set<string>();
    for (const key of window.questions(part, waiting.rows.size === 0)) {
      const answer = told.get(key) ?? this.#source.isInRange(key, waiting.range);
      if (answer === null) unknown.push(key);
      else if (answer) inRange.add(key);
    }
    if (unknown.length === 0) return this.#finish(waiting, position, (key) => inRange.has(key));
    const isHeld = unknown.length <= this.#options.heldKeys;
    const done = this.#ask(waiting, unknown, isHeld);
    waiting.asking = { done, isHeld };
    return isHeld ? done : undefined;
  }

  /**
   * Queries the server for whether keys lie in the range, and tries again with the answers.
   * Meanwhile the stream may have advanced. A key is asked for once in a chunk, and a chunk with
   * too many changed keys is read anew, so this ends.
   */
  async #ask(waiting: Waiting, keys: readonly string[], isHeld: boolean): Promise<void> {
    const nowMs = performance.now();
    waiting.heldUntilMs = isHeld ? (waiting.heldUntilMs ?? nowMs + HELD_MS) : null;
    const longestMs = waiting.heldUntilMs === null ? null : waiting.heldUntilMs - nowMs;
    try {
      const answers = await this.#source.areInRange(keys, waiting.range, longestMs);
      keys.forEach((key, i) => waiting.told.set(key, answers[i] === true));
    } catch (error) {
      waiting.outcome?.reject(error);
      if (this.#waiting === waiting) this.#forget();
    }
    waiting.asking = null;
    if (this.#waiting === waiting && this.#position !== null)
      await this.#tryToHandOver(this.#position);
  }

  #finish(waiting: Waiting, position: StreamPosition, isInRange: (key: string) => boolean): void {
    const { window, part, range, outcome } = waiting;
    waiting.outcome = null;
    if (window.spoiled !== null) {
      this.#forget();
      return outcome?.resolve({ kind: "spoiled", why: window.spoiled });
    }
    const isLast = waiting.rows.size === 0;
    window.apply(part, isLast, isInRange);
    const { again } = window;
    const following = isLast ? (again.size > 0 ? "again" : "nothing") : "part";
    this.#handOver(position, { rows: part, range, isFirst: this.#isFirst, following, again });
    this.#isFirst = false;
    if (isLast) this.#forget();
    // The changes of the rows that were left out are collected from this place on, because these
    // rows are read again behind it.
    if (following === "again") this.#window = new ChunkWindow(this.#options.asksAgain, window);
    outcome?.resolve({ kind: "handed over", range, following, again });
  }
}
