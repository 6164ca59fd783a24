import type { Author } from "./session.ts";
import type { PositionText } from "./position.ts";

/**
 * A message from the reader to the route function through the raw queue: consecutive changes of one
 * lane.
 *
 * Its text is a header line in JSON, then one line per change with tab-separated fields. The row
 * images in a change's line are finished JSON texts. For applications that get the envelope format
 * unfiltered, they are copied without parsing, so every digit that the reader wrote arrives. (JSON
 * escapes tabs and line feeds inside strings, so both can serve as separators.)
 *
 * `frame-body.ts` decides whether a frame is sent as this text or compressed.
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
  /** The last position of the previous frame in the lane; null for the lane's first frame. */
  readonly previous: PositionText | null;
  /** `@@server_uuid` of the server from which the reader read. */
  readonly server: string;
  readonly epoch: number;
  /**
   * The name of the life of the coordinates to which the positions belong; missing in frames of
   * earlier releases.
   */
  readonly life?: string;
  readonly transactions: readonly FrameTransaction[];
  /** A table whose definition changes within the frame has an entry for each definition. */
  readonly tables: readonly FrameTable[];
  readonly authors: readonly Author[];
  /**
   * True when the server names databases and tables in lower case (`lower_case_table_names` 1 or
   * 2). Patterns are then compared in lower case.
   */
  readonly lowerCaseNames?: true;
  /**
   * True: a message's deduplication id depends on all of its changes. Missing in frames of earlier
   * releases, whose messages keep the ids that an earlier release may have sent them with.
   */
  readonly idsByChanges?: true;
  /**
   * The size in bytes (UTF-8) beyond which a further change begins a new message: `MESSAGE_BYTES`
   * of the reader's release. It stays the same for the frame's whole life, so a repeated frame
   * becomes the same messages. Missing in frames of earlier releases: `FORMER_MESSAGE_BYTES`.
   */
  readonly messageBytes?: number;
}

/**
 * [database, table], and the table's columns when the reader is configured to send them and knows
 * them for the change.
 */
export type FrameTable =
  | readonly [database: string, table: string]
  | readonly [database: string, table: string, shape: TableShape];

/** A table's columns and key, for formats and filters that depend on them. */
export interface TableShape {
  /**
   * The columns in the table's order. The type is written like MySQL's COLUMN_TYPE:
   * `decimal(10,2)`, `bigint unsigned`.
   */
  readonly columns: readonly (readonly [name: string, type: string, nullable: boolean])[];
  /**
   * The names of the primary key's columns in the key's order (see the reader's `TableDefinition`);
   * empty when the table has no primary key.
   */
  readonly key: readonly string[];
  /** Left out when no filter depends on a former name. */
  readonly former?: FormerNames;
}

/** Names under which filters also find a table and its columns, because they were renamed. */
export interface FormerNames {
  readonly tables: readonly (readonly [database: string, table: string])[];
  /** The former names of columns, by their present name in lower case. */
  readonly columns: readonly (readonly [column: string, former: readonly string[]])[];
}

export interface FrameTransaction {
  /** Null on a server without GTIDs. */
  readonly gtid: string | null;
  /** The binlog file's name. */
  readonly file: string;
  /** The id of the connection that wrote the transaction; 0 when the binlog does not contain it. */
  readonly thread: number;
  /** The server run that the thread id belongs to, see `Connection`. */
  readonly run: number;
  /** The `server_id` of the server that committed the transaction first. */
  readonly serverId: number;
  /** Commit time, milliseconds since 1970. */
  readonly timestampMs: number;
  /** The author's index in `authors`; null when the reader did not know the author. */
  readonly author: number | null;
  /**
   * True: this frame contains the transaction's last change. Set only when the reader sends
   * columns. Left out: the transaction may end in this frame or in a later one.
   */
  readonly ended?: true;
  /**
   * The position where an XA transaction was prepared. Its author is the connection's user at this
   * position; later records of the connection do not apply. Left out for other transactions.
   */
  readonly preparedAt?: PositionText;
}

/**
 * c: row created, u: row updated, d: row deleted, t: table truncated, ddl: a statement that changed
 * the table's definition. In a snapshot: r: a row as it is at this position, snapshot: a mark
 * before a table's first row or after its last row.
 */
export type Operation = "c" | "u" | "d" | "t" | "ddl" | "r" | "snapshot";

export interface FrameChange {
  readonly op: Operation;
  /** Indexes in the header's `transactions` and `tables`. */
  readonly transaction: number;
  readonly table: number;
  /** Where the change's event starts in its binlog file, bytes. */
  readonly offset: number;
  /**
   * `row` is the change's number in its event, `n` its number in its transaction; both count the
   * changes of all tables, followed or not. In a snapshot, `row` numbers the rows and marks that
   * are inserted at `offset`, where the next transaction begins, and `n` is the number of the
   * chunk.
   */
  readonly row: number;
  readonly n: number;
  /** The primary key as a JSON object, like the row images; "" when there is none. */
  readonly key: string;
  /** The key before an update that changed it, else "". */
  readonly oldKey: string;
  readonly before: string;
  /** The row image; for `ddl` the statement as a JSON string, for `snapshot` a `SnapshotMark`. */
  readonly after: string;
}

export const FRAME_VERSION = 1;

/**
 * See `FrameHeader.messageBytes`. SQS's 1 MiB has room for such changes and the head before them.
 */
export const MESSAGE_BYTES = 1_042_000;
export const FORMER_MESSAGE_BYTES = 900_000;

/** The line of one change, without a line feed. */
export function encodeChange(change: FrameChange): string {
  const { op, transaction, table, offset, row, n, key, oldKey, before, after } = change;
  return `${op}\t${transaction}\t${table}\t${offset}\t${row}\t${n}\t${key}\t${oldKey}\t${before}\t${after}`;
}

/** The line of a frame's header, without a line feed. */
export function encodeHeader(header: FrameHeader): string {
  return JSON.stringify(header);
}

export function encodeFrame(header: FrameHeader, lines: string): string {
  return `${encodeHeader(header)}\n${lines}`;
}
