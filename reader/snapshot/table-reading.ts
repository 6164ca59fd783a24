import type { TableDefinition } from "../binlog-format/column.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import {
  ChunkReader,
  type ChunkSource,
  type HandOver,
  type SelectedChunk,
} from "./chunk-reader.ts";
import { ChunkStatements } from "./chunk-statements.ts";
import type { RowsByKey } from "./chunk-window.ts";
import { SnapshotStoppedError } from "./errors.ts";
import { assertReadable, fullName, type TableName } from "./find-tables.ts";
import type { SnapshotConnection } from "./snapshot-connection.ts";
import type { StreamTap } from "./stream-tap.ts";
import type { KeyRange, RowKey } from "./table-key.ts";

export interface TableReadingOptions {
  readonly connection: SnapshotConnection;
  readonly tap: StreamTap;
  readonly name: TableName;
  /** The table's name in the stream. */
  readonly streamName: TableName;
  readonly where: string | undefined;
  /** The maximum rows of a chunk. */
  readonly mostRows: number;
  readonly handOver: HandOver;
}

/**
 * The approximate size of a chunk's rows as JSON, bytes. Ordinary changes wait until a chunk is
 * delivered. With four times this size, their p99 was more than twice that without a snapshot
 * (docs/performance.md).
 */
const CHUNK_BYTES = 1 << 17;
/**
 * The maximum size of a chunk's rows; further rows are dropped and read again. So a chunk takes no
 * more memory than this and one row.
 */
const MOST_BYTES = 8 << 20;
/** The rows of the first chunk, when the server does not know their size. */
const FIRST_ROWS = 1000;
const MOST_ROWS = 1000;
/** The keys in one statement. */
const KEYS_AT_ONCE = 50;
/**
 * The time limit for the range queries. The stream may wait for the answer, so the chunk is given
 * up after this time.
 */
const QUESTION_MS = 2000;
/** How many times in a row a chunk may be spoiled. */
const MOST_DEFINITIONS = 20;

/** Reads one table chunk by chunk. */
export class TableReading implements ChunkSource {
  readonly chunks: ChunkReader;
  readonly #options: TableReadingOptions;
  #described: { readonly definition: TableDefinition; readonly keyName: string } | null = null;
  #statements: ChunkStatements | null = null;
  /** The value of `chunks.definitions` when the table was described. */
  #definitions = -1;
  #limit: number;
  #lower: RowKey | null = null;
  #range: KeyRange = { lower: null, upper: null };
  #failures = 0;

  constructor(options: TableReadingOptions) {
    this.#options = options;
    this.#limit = limitFor(0, Math.min(FIRST_ROWS, options.mostRows));
    this.chunks = new ChunkReader(this, options.where !== undefined, options.handOver);
    options.tap.watch(options.streamName, this.chunks);
  }

  /** The table's definition for the present chunk. */
  get definition(): TableDefinition | undefined {
    return this.#described?.definition;
  }

  /** The columns of the key by which the table is read, as text. */
  get keyName(): string {
    return this.#described?.keyName ?? "";
  }

  /**
   * Reads the next chunk behind a key until all its rows are handed over, and returns their range.
   * Rejects with SnapshotStoppedError when the chunk is spoiled too often.
   *
   * @param lower the last row's key, or null; ignored if the table is now read by another key than
   *   `keyName`
   */
  async next(lower: RowKey | null, keyName: string): Promise<KeyRange> {
    for (;;) {
      if (this.#statements === null || this.#definitions !== this.chunks.definitions)
        await this.#describe();
      this.#lower = keyName === this.keyName ? lower : null;
      let outcome = await this.chunks.read(null, this.#definitions);
      while (outcome.kind === "handed over" && outcome.again.size > 0)
        outcome = await this.chunks.read(outcome.again, this.#definitions);
      if (outcome.kind === "handed over") {
        this.#failures = 0;
        return outcome.range;
      }
      this.#failures++;
      if (outcome.why === "too much") this.#limit = Math.max(1, Math.floor(this.#limit / 4));
      else this.#statements = null;
      if (this.#failures > MOST_DEFINITIONS) {
        throw new SnapshotStoppedError(
          `${fullName(this.#options.name)} changed during each of the last ${MOST_DEFINITIONS + 1} attempts to read a chunk of it. Resume the snapshot when fewer statements change the table.`,
        );
      }
    }
  }

  async untilVisible(): Promise<void> {
    const { connection, tap } = this.#options;
    const unseen = tap.unseen();
    if (unseen === "") return;
    await connection.untilVisible(unseen);
    tap.sees(unseen);
  }

  async select(wanted: ReadonlySet<string> | null): Promise<SelectedChunk> {
    const statements = this.#ready;
    if (wanted !== null) {
      const rows: RowsByKey = new Map();
      const keys = [...wanted].map((text) => statements.key.ofText(text));
      for (let i = 0; i < keys.length; i += KEYS_AT_ONCE) {
        const some = keys.slice(i, i + KEYS_AT_ONCE);
        const last = some.at(-1) ?? [];
        while (some.length < KEYS_AT_ONCE) some.push(last);
        await this.#collect(statements.oneOf(some), rows);
      }
      return { rows, range: this.#range };
    }
    const { rows, range } = statements.hasWhere ? await this.#chosen() : await this.#all();
    this.#range = range;
    return { rows, range };
  }

  end(): Promise<BinlogPosition> {
    return this.#options.connection.end();
  }

  isInRange(key: string, range: KeyRange): boolean | null {
    const { key: tableKey } = this.#ready;
    return tableKey.isInRange(tableKey.ofText(key), range);
  }

  async areInRange(keys: readonly string[], range: KeyRange): Promise<readonly boolean[]> {
    const statements = this.#ready;
    const answers: boolean[] = [];
    for (let i = 0; i < keys.length; i += KEYS_AT_ONCE) {
      const some = keys.slice(i, i + KEYS_AT_ONCE).map((key) => statements.key.ofText(key));
      await this.#options.connection.each(
        statements.questions(some, range),
        (row) => answers.push(...row.map((answer) => String(answer) === "1")),
        QUESTION_MS,
      );
    }
    return answers;
  }

  get #ready(): ChunkStatements {
    if (this.#statements === null) throw new RangeError("the table is not described yet");
    return this.#statements;
  }

  async #describe(): Promise<void> {
    const { connection, name, where } = this.#options;
    const definitions = this.chunks.definitions;
    const described = await connection.ask((asked) => assertReadable(asked, name, where));
    const { definition, key, rowBytes } = described;
    this.#statements = new ChunkStatements(described, key, where ?? null);
    this.#definitions = definitions;
    this.#described = {
      definition,
      keyName: key.columns
        .map(
          ({ index, isDescending }) =>
            `${definition.columns[index]?.name}${isDescending ? " DESC" : ""}`,
        )
        .join(", "),
    };
    if (rowBytes > 0) this.#limit = limitFor(rowBytes, this.#options.mostRows);
  }

  /** Reads the next rows, as many as a chunk has. */
  async #all(): Promise<SelectedChunk> {
    const statements = this.#ready;
    const limit = this.#limit;
    const rows: RowsByKey = new Map();
    const read = await this.#collect(statements.first(this.#lower, limit), rows);
    const isLast = read.count < limit && !read.isCut;
    return { rows, range: { lower: this.#lower, upper: isLast ? null : read.last } };
  }

  /**
   * Reads those of the next rows that `where` selects. The end of the range is found first, so that
   * a statement examines a limited number of rows.
   */
  async #chosen(): Promise<SelectedChunk> {
    const statements = this.#ready;
    let upper: RowKey | null = null;
    await this.#options.connection.each(statements.end(this.#lower, this.#limit), (row) => {
      upper = statements.key.ofRow(row);
    });
    const rows: RowsByKey = new Map();
    const read = await this.#collect(statements.within({ lower: this.#lower, upper }), rows);
    return { rows, range: { lower: this.#lower, upper: read.isCut ? read.last : upper } };
  }

  async #collect(
    statement: ReturnType<ChunkStatements["oneOf"]>,
    rows: RowsByKey,
  ): Promise<{ count: number; isCut: boolean; last: RowKey | null }> {
    const statements = this.#ready;
    let [count, bytes, isCut] = [0, 0, false];
    let last: RowKey | null = null;
    await this.#options.connection.each(statement, (row) => {
      count++;
      // The remaining rows are dropped; they are read first in the next, smaller chunk.
      if (bytes > MOST_BYTES) isCut = true;
      if (isCut) return;
      const texts = statements.rows.textsOf(row);
      bytes += texts.length;
      rows.set(texts.key, texts);
      last = statements.key.ofRow(row);
    });
    if (rows.size > 0) this.#limit = limitFor(bytes / rows.size, this.#options.mostRows);
    return { count, isCut, last };
  }
}

/** The number of rows in a chunk by their size: 1, 2 or 5 times a power of ten. */
function limitFor(rowBytes: number, mostRows: number): number {
  const fitting = Math.min(CHUNK_BYTES / Math.max(1, rowBytes), mostRows, MOST_ROWS);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, fitting)));
  return [5, 2, 1].map((digit) => digit * power).find((limit) => limit <= fitting) ?? 1;
}
