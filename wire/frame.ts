import type { Author } from "./session.ts";
import { isPosition, type PositionText } from "./position.ts";
import type { SnapshotTarget } from "./snapshot.ts";

/**
 * A frame: what the reader sends through the raw queue, a stretch of one lane of the stream.
 *
 * As text it is a header line of JSON, then one line per change with tab-separated fields. The row
 * images in a change's line are finished JSON texts: nobody between the reader and the application
 * parses them, so a value that the reader wrote arrives digit for digit. (JSON escapes tabs and
 * line feeds inside its strings, so both are free to separate.)
 *
 * How it travels, as this text or compressed, says `frame-body.ts`.
 *
 * The fields of a change's line: op, transaction, table, offset, row, n, key, old key, before,
 * after.
 */
export interface Frame extends FrameHeader {
  readonly changes: readonly FrameChange[];
}

export interface FrameHeader {
  /** The version of this format. */
  readonly frame: typeof FRAME_VERSION;
  readonly source: string;
  readonly lane: number;
  readonly first: PositionText;
  readonly last: PositionText;
  /** The last position of the frame before it in its lane; null at the very beginning. */
  readonly previous: PositionText | null;
  /** `@@server_uuid` of the server that was read. */
  readonly server: string;
  readonly epoch: number;
  /** The name of the life that the positions belong to; frames of earlier releases have none. */
  readonly life?: string;
  readonly transactions: readonly FrameTransaction[];
  /** A table whose definition changes within the frame has an entry for each definition. */
  readonly tables: readonly FrameTable[];
  readonly authors: readonly Author[];
  /**
   * True: the server names databases and tables in lower case (`lower_case_table_names` 1 or 2),
   * patterns are to be read so.
   */
  readonly lowerCaseNames?: true;
}

/**
 * [database, table], and its columns where the reader is told to send them and the change comes
 * with them.
 */
export type FrameTable =
  | readonly [database: string, table: string]
  | readonly [database: string, table: string, shape: TableShape];

/** A table's columns as formats need them that say more of a value than the value itself. */
export interface TableShape {
  /**
   * In the table's order; the type as MySQL's COLUMN_TYPE has it: `decimal(10,2)`, `bigint
   * unsigned`.
   */
  readonly columns: readonly (readonly [name: string, type: string, nullable: boolean])[];
  /**
   * Names of the primary key's columns in the key's order, see `TableDefinition` of the reader;
   * empty when there is none.
   */
  readonly key: readonly string[];
}

export interface FrameTransaction {
  /** Null on a server without GTIDs. */
  readonly gtid: string | null;
  /** The binlog file's name. */
  readonly file: string;
  /** The id of the connection that wrote it; 0 where the binlog names none. */
  readonly thread: number;
  /** The server run that the thread id belongs to, see `Connection`. */
  readonly run: number;
  /** The `server_id` of the server where it was committed first. */
  readonly serverId: number;
  /** When it was committed, milliseconds since 1970. */
  readonly timestampMs: number;
  /** Who wrote it, an index of `authors`; null when the reader did not know. */
  readonly author: number | null;
  /**
   * True: the transaction's last change is in this frame. Only said where columns are sent; left
   * out, it may end in this frame or in a later one.
   */
  readonly ended?: true;
  /**
   * Where an XA transaction was prepared, which is where its author wrote it: what is recorded of
   * the connection from later on says nothing of it. Left out for every other one.
   */
  readonly preparedAt?: PositionText;
}

/**
 * c: created, u: updated, d: deleted, t: table truncated, ddl: a statement that changed the table's
 * definition. Of a snapshot: r: a row as it is at this position, snapshot: a mark before a table's
 * first row or behind its last one.
 */
export type Operation = "c" | "u" | "d" | "t" | "ddl" | "r" | "snapshot";

export interface FrameChange {
  readonly op: Operation;
  /** Indexes of the header's `transactions` and `tables`. */
  readonly transaction: number;
  readonly table: number;
  /** Where the change's event starts in its binlog file, bytes. */
  readonly offset: number;
  /**
   * The change's number among all changes of its event, and of its transaction, also those of
   * tables that are not followed. Of a snapshot: the number among all that stand at `offset`, where
   * the next transaction begins; and that of the chunk.
   */
  readonly row: number;
  readonly n: number;
  /** The primary key as a JSON object, the row images likewise; "" where there is none. */
  readonly key: string;
  /** The key before an update that changed it, else "". */
  readonly oldKey: string;
  readonly before: string;
  /** For `ddl` the statement, as a JSON string; for `snapshot` a `SnapshotMark`. */
  readonly after: string;
}

export const FRAME_VERSION = 1;

/**
 * A text in the raw queue that is not a frame, or a frame of a version that this code does not
 * know.
 */
export class MalformedFrameError extends Error {
  override readonly name = "MalformedFrameError";
}

/**
 * The line of one change, without a line feed. Numbers come first so that a reader of the line can
 * stop early.
 */
export function encodeChange(change: FrameChange): string {
  const { op, transaction, table, offset, row, n, key, oldKey, before, after } = change;
  return `${op}\t${transaction}\t${table}\t${offset}\t${row}\t${n}\t${key}\t${oldKey}\t${before}\t${after}`;
}

/** The line of a frame's header, without a line feed. */
export function encodeHeader(header: FrameHeader): string {
  return JSON.stringify(header);
}

/** The text of a frame from its header and the lines of its changes. */
export function encodeFrame(header: FrameHeader, lines: string): string {
  return `${encodeHeader(header)}\n${lines}`;
}

/** The frame that a text stands for. Throws MalformedFrameError. */
export function decodeFrame(text: string): Frame {
  const lines = text.split("\n");
  const header = decodeHeader(lines[0] ?? "");
  if (lines.length === 1 || lines[1] === "")
    throw new MalformedFrameError("a frame without changes");
  const changes: FrameChange[] = [];
  for (let i = 1; i < lines.length; i++) changes.push(decodeChange(lines[i] ?? "", header));
  return { ...header, changes };
}

function decodeHeader(line: string): FrameHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new MalformedFrameError("the first line is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null || !("frame" in value)) {
    throw new MalformedFrameError("not a frame of binlog-router");
  }
  const header = value as Partial<Record<keyof FrameHeader, unknown>>;
  if (header.frame !== FRAME_VERSION) {
    throw new MalformedFrameError(
      `frame version ${String(header.frame)}; this code reads version ${FRAME_VERSION}`,
    );
  }
  const sound =
    typeof header.source === "string" &&
    Number.isSafeInteger(header.lane) &&
    Number.isSafeInteger(header.epoch) &&
    typeof header.server === "string" &&
    isPositionText(header.first) &&
    isPositionText(header.last) &&
    (header.previous === null || isPositionText(header.previous)) &&
    header.first <= header.last &&
    Array.isArray(header.transactions) &&
    header.transactions.every(isTransaction) &&
    Array.isArray(header.tables) &&
    header.tables.every(isTable) &&
    Array.isArray(header.authors) &&
    header.authors.every(isAuthor) &&
    (header.life === undefined || typeof header.life === "string") &&
    (header.lowerCaseNames === undefined || header.lowerCaseNames === true);
  if (!sound) throw new MalformedFrameError("the header lacks a field or has one of another type");
  return value as FrameHeader;
}

const OPERATIONS: ReadonlySet<string> = new Set<Operation>([
  "c",
  "u",
  "d",
  "t",
  "ddl",
  "r",
  "snapshot",
]);

function decodeChange(line: string, header: FrameHeader): FrameChange {
  const fields = line.split("\t");
  const [op, transaction, table, offset, row, n, key, oldKey, before, after] = fields;
  const change = {
    op: op as Operation,
    transaction: Number(transaction),
    table: Number(table),
    offset: Number(offset),
    row: Number(row),
    n: Number(n),
    key: key ?? "",
    oldKey: oldKey ?? "",
    before: before ?? "",
    after: after ?? "",
  };
  const sound =
    fields.length === 10 &&
    OPERATIONS.has(change.op) &&
    header.transactions[change.transaction] !== undefined &&
    header.tables[change.table] !== undefined &&
    [change.offset, change.row, change.n].every(
      (number) => Number.isSafeInteger(number) && number >= 0,
    );
  if (!sound)
    throw new MalformedFrameError("a change's line lacks a field or points outside the header");
  return change;
}

function isPositionText(value: unknown): value is PositionText {
  return typeof value === "string" && isPosition(value);
}

function isTransaction(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const transaction = value as Partial<Record<keyof FrameTransaction, unknown>>;
  return (
    (transaction.gtid === null || typeof transaction.gtid === "string") &&
    typeof transaction.file === "string" &&
    [transaction.thread, transaction.run, transaction.serverId, transaction.timestampMs].every(
      Number.isSafeInteger,
    ) &&
    (transaction.author === null || Number.isSafeInteger(transaction.author)) &&
    (transaction.ended === undefined || transaction.ended === true) &&
    (transaction.preparedAt === undefined || isPositionText(transaction.preparedAt))
  );
}

function isTable(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [database, table, shape] = value as readonly unknown[];
  return (
    typeof database === "string" &&
    typeof table === "string" &&
    (value.length === 2 || (value.length === 3 && isShape(shape)))
  );
}

function isShape(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { columns, key } = value as Partial<Record<keyof TableShape, unknown>>;
  return (
    Array.isArray(columns) &&
    columns.every(isColumn) &&
    Array.isArray(key) &&
    key.every((name) => typeof name === "string")
  );
}

function isColumn(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [name, type, nullable] = value as readonly unknown[];
  return (
    value.length === 3 &&
    typeof name === "string" &&
    typeof type === "string" &&
    typeof nullable === "boolean"
  );
}

function isAuthor(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const author = value as Partial<Record<keyof Author, unknown>>;
  return (
    [author.user, author.host, author.attribution].every((text) => typeof text === "string") &&
    (author.attribution === "snapshot") === isTarget(author.snapshot)
  );
}

function isTarget(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { id, subscriber, environment } = value as Partial<Record<keyof SnapshotTarget, unknown>>;
  return [id, subscriber, environment].every((text) => typeof text === "string");
}
