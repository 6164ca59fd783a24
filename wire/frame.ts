import type { Author } from "./session.ts";
import type { PositionText } from "./position.ts";

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
