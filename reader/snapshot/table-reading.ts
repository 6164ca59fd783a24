import type { TableDefinition } from "../binlog-format/column.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import type { ChunkOutcome, Following, HandOver } from "./chunk-part.ts";
import { ChunkReader, type ChunkSource, type SelectedChunk } from "./chunk-reader.ts";
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

/** A chunk has as many rows as have this size as JSON, but 1,000 to 10,000. */
const CHUNK_BYTES = 2 << 20;
const FEWEST_ROWS = 1000;
const MOST_ROWS = 10_000;
/**
 * The maximum size of a chunk's rows; further rows are dropped and read again. So a chunk takes no
 * more memory than this and one row. A chunk of large rows has fewer than 1,000 for that.
 */
const MOST_BYTES = 8 << 20;
/**
 * The maximum rows of a part of a chunk, and about its size as JSON, bytes. Ordinary changes wait
 * until a part is delivered. With more, their p99 was more than twice that without a snapshot
 * (docs/performance.md).
 */
const PART_ROWS = 200;
const PART_BYTES = 32 << 10;
/** The keys in one statement. */
const KEYS_AT_ONCE = 50;
/**
 * The time limit for the range queries. The stream may wait for the answer, so the chunk is given
 * up after this time.
 */
const QUESTION_MS = 2000;
/** How many times in a row a chunk may be spoiled. */
const MOST_DEFINITIONS = 20;

const WITHOUT_GTIDS =
  "gtid_mode is not ON any more, and transactions without a GTID were written: the reader cannot tell whether rows show them. Set gtid_mode to ON again; npm run doctor prints the statements. Then resume the snapshot.";

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
  /** The present maximum: lower after too many rows changed while a chunk was out. */
  #mostRows = MOST_ROWS;
  /** What comes next of the present chunk. */
  #following: Following = "nothing";

  constructor(options: TableReadingOptions) {
    this.#options = options;
    this.#limit = limitFor(0, Math.min(FEWEST_ROWS, options.mostRows));
    const asksAgain = options.where !== undefined;
    const sizes = { partRows: PART_ROWS, partBytes: PART_BYTES };
    this.chunks = new ChunkReader(this, { asksAgain, ...sizes }, options.handOver);
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
   * Hands over the next part of the present chunk; when there is none, reads the next chunk behind
   * a key and hands over its first part. Rejects with SnapshotStoppedError when the chunk is
   * spoiled too often.
   *
   * @param lower the last row's key, or null; ignored if the table is now read by another key than
   *   `keyName`
   */
  async next(lower: RowKey | null, keyName: string): Promise<void> {
    for (;;) {
      const outcome = await this.#step(lower, keyName);
      if (outcome.kind === "handed over") {
        this.#following = outcome.following;
        if (outcome.following !== "nothing") return;
        this.#failures = 0;
        this.#mostRows = Math.min(MOST_ROWS, 2 * this.#mostRows);
        return;
      }
      this.#following = "nothing";
      this.#failures++;
      if (outcome.why === "too much") {
        this.#mostRows = Math.max(1, Math.floor(this.#limit / 4));
        this.#limit = Math.min(this.#limit, this.#mostRows);
      } else this.#statements = null;
      if (this.#failures > MOST_DEFINITIONS) {
        throw new SnapshotStoppedError(
          `${fullName(this.#options.name)} changed during each of the last ${MOST_DEFINITIONS + 1} attempts to read a chunk of it. Resume the snapshot when fewer statements change the table.`,
        );
      }
    }
  }

  async #step(lower: RowKey | null, keyName: string): Promise<ChunkOutcome> {
    if (this.#following === "part") return this.chunks.part();
    if (this.#following === "again") return this.chunks.readAgain(this.#definitions);
    if (this.#statements === null || this.#definitions !== this.chunks.definitions)
      await this.#describe();
    this.#lower = keyName === this.keyName ? lower : null;
    return this.chunks.read(this.#definitions);
  }

  async untilVisible(): Promise<void> {
    const { connection, tap } = this.#options;
    if (tap.hasAnonymous) {
      // The server sets gtid_mode to ON only when all transactions without a GTID have ended.
      if (!(await connection.areGtidsOn())) throw new SnapshotStoppedError(WITHOUT_GTIDS);
      tap.seesAnonymous();
    }
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
    if (rowBytes > 0) this.#limit = this.#limitFor(rowBytes);
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
    if (rows.size > 0) this.#limit = this.#limitFor(bytes / rows.size);
    return { count, isCut, last };
  }

  #limitFor(rowBytes: number): number {
    return limitFor(rowBytes, Math.min(this.#options.mostRows, this.#mostRows));
  }
}

/** The number of rows in a chunk by their size: 1, 2 or 5 times a power of ten. */
function limitFor(rowBytes: number, mostRows: number): number {
  const bytes = Math.max(1, rowBytes);
  const bySize = Math.max(FEWEST_ROWS, CHUNK_BYTES / bytes);
  const fitting = Math.max(1, Math.min(bySize, MOST_BYTES / bytes, mostRows, MOST_ROWS));
  const power = 10 ** Math.floor(Math.log10(fitting));
  return [5, 2, 1].map((digit) => digit * power).find((limit) => limit <= fitting) ?? 1;
}
