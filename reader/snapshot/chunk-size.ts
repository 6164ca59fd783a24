/** A chunk has as many rows as have this size as JSON, but 1,000 to 10,000. */
const CHUNK_BYTES = 256 << 10;
const FEWEST_ROWS = 1000;
const MOST_ROWS = 10_000;
/**
 * The maximum size of a chunk's rows. So a chunk takes no more memory than this and one row. A
 * chunk of large rows has fewer than 1,000 for that.
 */
export const MOST_BYTES = 8 << 20;
/** The time that a query with a condition should take. */
const CONDITION_MS = 300;
/** How much larger a query with a condition may be than the one before. */
const GROWTH = 2.5;

/** Decides how many rows the next query of a table examines. */
export class ChunkSize {
  /** The order's limit. */
  readonly #ordered: number;
  /** The average size of the rows of the last query; null while it is unknown. */
  #rowBytes: number | null = null;
  /** Lower after too many rows changed while a chunk was out. */
  #byChanges = MOST_ROWS;
  /** Lower when a condition is slow. */
  #byTime: number;
  /** Lower after the server has ended a query because of its time limit. */
  #byTimeout = MOST_ROWS;

  /**
   * `ordered`: the maximum; Infinity: none. `hasCondition`: the size of the rows does not say how
   * long a query takes, so the time of the last one decides, too.
   */
  constructor(ordered: number, hasCondition: boolean) {
    this.#ordered = ordered;
    this.#byTime = hasCondition ? FEWEST_ROWS : MOST_ROWS;
  }

  /** The number of rows: 1, 2 or 5 times a power of ten. */
  get rows(): number {
    const bytes = Math.max(1, this.#rowBytes ?? 1);
    const bySize =
      this.#rowBytes === null ? FEWEST_ROWS : Math.max(FEWEST_ROWS, CHUNK_BYTES / bytes);
    const others = [this.#ordered, this.#byChanges, this.#byTime, this.#byTimeout, MOST_ROWS];
    const fitting = Math.max(1, Math.min(bySize, MOST_BYTES / bytes, ...others));
    const power = 10 ** Math.floor(Math.log10(fitting));
    return [5, 2, 1].map((digit) => digit * power).find((rows) => rows <= fitting) ?? 1;
  }

  /** Called with the average size of rows, bytes. */
  rowsHave(bytes: number): void {
    this.#rowBytes = bytes;
  }

  /** Called after a query with a condition: the rows that it examined, and its time. */
  took(rows: number, ms: number): void {
    this.#byTime = Math.max(1, Math.min(GROWTH * rows, (rows * CONDITION_MS) / Math.max(1, ms)));
  }

  /** Called after a chunk that is complete. */
  completed(): void {
    this.#byChanges = Math.min(MOST_ROWS, 2 * this.#byChanges);
  }

  /** Called when too many rows changed while a chunk was out. */
  tooManyChanges(): void {
    this.#byChanges = Math.max(1, Math.floor(this.rows / 4));
  }

  /**
   * Called when the server has ended a query because of its time limit. The queries of the table
   * are smaller from then on. Returns false when they cannot be.
   */
  timedOut(): boolean {
    const { rows } = this;
    this.#byTimeout = Math.max(1, Math.floor(rows / 4));
    return rows > 1;
  }
}
