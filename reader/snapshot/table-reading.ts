import type { TableDefinition } from "../binlog-format/column.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import type { ChunkOutcome, Following, HandOver } from "./chunk-part.ts";
import { ChunkReader, type ChunkSource, type SelectedChunk } from "./chunk-reader.ts";
import { ChunkSize, MOST_BYTES } from "./chunk-size.ts";
import { ChunkStatements } from "./chunk-statements.ts";
import type { RowsByKey } from "./chunk-window.ts";
import { SnapshotStoppedError } from "./errors.ts";
import { assertReadable, fullName, type TableName } from "./find-tables.ts";
import type { SnapshotConnection } from "./snapshot-connection.ts";
import type { StreamTap } from "./stream-tap.ts";
import type { KeyRange, RowKey } from "./table-key.ts";
import { isQueryTimeout } from "./trouble-sentence.ts";

/** What reading rows needs of a connection. */
export type ReadingConnection = Pick<
  SnapshotConnection,
  "ask" | "untilVisible" | "areGtidsOn" | "end" | "each"
>;

export interface TableReadingOptions {
  readonly connection: ReadingConnection;
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
 * The maximum rows of a part of a chunk, and about its size as JSON, bytes. Ordinary changes wait
 * until the parts before them are delivered (docs/performance.md).
 */
const PART_ROWS = 200;
const PART_BYTES = 38 << 10;
/** The maximum keys in one statement. */
const KEYS_AT_ONCE = 50;
/** How many times in a row a chunk may be spoiled. */
const MOST_DEFINITIONS = 20;

const WITHOUT_GTIDS =
  "gtid_mode is not ON any more, and transactions without a GTID were written: the reader cannot tell whether rows show them. Set gtid_mode to ON again; npm run doctor prints the statements. Then resume the snapshot.";

/** Reads one table chunk by chunk. */
export class TableReading implements ChunkSource {
  readonly chunks: ChunkReader;
  readonly #options: TableReadingOptions;
  #definition: TableDefinition | undefined;
  #statements: ChunkStatements | null = null;
  /** The value of `chunks.definitions` when the table was described. */
  #definitions = -1;
  readonly #size: ChunkSize;
  #lower: RowKey | null = null;
  #range: KeyRange = { lower: null, upper: null };
  #failures = 0;
  /** What comes next of the present chunk. */
  #following: Following = "nothing";

  constructor(options: TableReadingOptions) {
    this.#options = options;
    const asksAgain = options.where !== undefined;
    this.#size = new ChunkSize(options.mostRows, asksAgain);
    const sizes = { partRows: PART_ROWS, partBytes: PART_BYTES, heldKeys: KEYS_AT_ONCE };
    this.chunks = new ChunkReader(this, { asksAgain, ...sizes }, options.handOver);
    options.tap.watch(options.streamName, this.chunks);
  }

  /** The table's definition for the present chunk. */
  get definition(): TableDefinition | undefined {
    return this.#definition;
  }

  /** The name of the key by which the table is read: see `TableKey`. */
  get keyName(): string {
    return this.#statements?.key.name ?? "";
  }

  /** Whether the next part is in memory, so that it needs nothing of the server. */
  get hasPart(): boolean {
    return this.#following === "part";
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
      const outcome = await this.#attempt(lower, keyName);
      if (outcome.kind === "handed over") {
        this.#following = outcome.following;
        if (outcome.following !== "nothing") return;
        this.#failures = 0;
        this.#size.completed();
        return;
      }
      this.#following = "nothing";
      if (outcome.kind === "timed out") continue;
      this.#failures++;
      if (outcome.why === "too much") this.#size.tooManyChanges();
      else this.#statements = null;
      if (this.#failures > MOST_DEFINITIONS) {
        throw new SnapshotStoppedError(
          `${fullName(this.#options.name)} changed during each of the last ${MOST_DEFINITIONS + 1} attempts to read a chunk of it. Resume the snapshot when fewer statements change the table.`,
        );
      }
    }
  }

  /** One step; "timed out": the server has ended a query, and the chunk is read in smaller ones. */
  async #attempt(
    lower: RowKey | null,
    keyName: string,
  ): Promise<ChunkOutcome | { readonly kind: "timed out" }> {
    try {
      return await this.#step(lower, keyName);
    } catch (error) {
      if (isQueryTimeout(error) && this.#size.timedOut()) return { kind: "timed out" };
      throw error;
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
    if (wanted !== null) return this.#wanted([...wanted]);
    const { rows, range } = this.#ready.hasWhere ? await this.#chosen() : await this.#all();
    this.#range = range;
    return { rows, range, unread: new Set() };
  }

  /** Reads rows by their keys, until they have the size of a chunk. */
  async #wanted(texts: readonly string[]): Promise<SelectedChunk> {
    const statements = this.#ready;
    const rows: RowsByKey = new Map();
    const unread = new Set<string>();
    const atOnce = Math.min(KEYS_AT_ONCE, this.#size.rows);
    let [bytes, at] = [0, 0];
    for (; at < texts.length && bytes <= MOST_BYTES; at += atOnce) {
      const some = texts.slice(at, at + atOnce);
      const keys = some.map((text) => statements.key.ofText(text));
      const last = keys.at(-1) ?? [];
      while (keys.length < atOnce) keys.push(last);
      const read = await this.#collect(statements.oneOf(keys), rows, MOST_BYTES - bytes);
      bytes += read.bytes;
      if (read.isCut) for (const text of some) if (!rows.has(text)) unread.add(text);
    }
    for (const text of texts.slice(at)) unread.add(text);
    return { rows, range: this.#range, unread };
  }

  end(): Promise<BinlogPosition> {
    return this.#options.connection.end();
  }

  isInRange(key: string, range: KeyRange): boolean | null {
    const { key: tableKey } = this.#ready;
    return tableKey.isInRange(tableKey.ofText(key), range);
  }

  async areInRange(
    keys: readonly string[],
    range: KeyRange,
    longestMs: number | null,
  ): Promise<readonly boolean[]> {
    const statements = this.#ready;
    const untilMs = performance.now() + (longestMs ?? Infinity);
    const answers: boolean[] = [];
    for (let i = 0; i < keys.length; i += KEYS_AT_ONCE) {
      const some = keys.slice(i, i + KEYS_AT_ONCE).map((key) => statements.key.ofText(key));
      await this.#options.connection.each(
        statements.questions(some, range),
        (row) => answers.push(...row.map((answer) => String(answer) === "1")),
        longestMs === null ? undefined : Math.max(0, untilMs - performance.now()),
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
    this.#definition = definition;
    if (rowBytes > 0) this.#size.rowsHave(rowBytes);
  }

  /** Reads the next rows, as many as a chunk has. */
  async #all(): Promise<Omit<SelectedChunk, "unread">> {
    const limit = this.#size.rows;
    const rows: RowsByKey = new Map();
    const read = await this.#collect(this.#ready.first(this.#lower, limit), rows);
    const isLast = read.count < limit && !read.isCut;
    return { rows, range: { lower: this.#lower, upper: isLast ? null : read.last } };
  }

  /**
   * Reads those of the next rows that `where` selects. The end of the range is found first, so that
   * a statement examines a limited number of rows.
   */
  async #chosen(): Promise<Omit<SelectedChunk, "unread">> {
    const statements = this.#ready;
    const limit = this.#size.rows;
    const startedMs = performance.now();
    let upper: RowKey | null = null;
    await this.#options.connection.each(statements.end(this.#lower, limit), (row) => {
      upper = statements.key.ofRow(row);
    });
    const rows: RowsByKey = new Map();
    const read = await this.#collect(statements.within({ lower: this.#lower, upper }), rows);
    this.#size.took(limit, performance.now() - startedMs);
    return { rows, range: { lower: this.#lower, upper: read.isCut ? read.last : upper } };
  }

  /** Adds a statement's rows; drops the remaining ones when they are larger than `mostBytes`. */
  async #collect(
    statement: ReturnType<ChunkStatements["oneOf"]>,
    rows: RowsByKey,
    mostBytes = MOST_BYTES,
  ): Promise<{ count: number; bytes: number; isCut: boolean; last: RowKey | null }> {
    const statements = this.#ready;
    let [count, kept, bytes, isCut] = [0, 0, 0, false];
    let last: RowKey | null = null;
    await this.#options.connection.each(statement, (row) => {
      count++;
      if (bytes > mostBytes) isCut = true;
      if (isCut) return;
      const texts = statements.rows.textsOf(row);
      kept++;
      bytes += texts.length;
      rows.set(texts.key, texts);
      last = statements.key.ofRow(row);
    });
    if (kept > 0) this.#size.rowsHave(bytes / kept);
    return { count, bytes, isCut, last };
  }
}
