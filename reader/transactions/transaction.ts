import type { Operation } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";
import type { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { SavedNames } from "../statements/saved-names.ts";
import type { BinlogPosition } from "./binlog-position.ts";

/** Where and when the author wrote a transaction. */
export interface Writing extends BinlogPosition {
  /** Microseconds since 1970. */
  readonly us: number;
}

/** A transaction, as known while its events are read. */
export interface Transaction {
  /** null on a server without GTIDs. Absent when the GTID is in two parts; see `gtidOf`. */
  readonly gtid?: string | null;
  /**
   * The GTID in two parts: `uuid:` or `uuid:tag:`, and the number. Absent when there is none, or
   * when the number is not a safe integer.
   */
  readonly gtidPrefix?: string;
  readonly gtidNumber?: number;
  /**
   * The tag of the transaction's GTID; for an XA transaction that of the prepare. Absent when the
   * GTID has no tag.
   */
  readonly tag?: string;
  readonly file: string;
  readonly fileNumber: number;
  /** The offset of its first event, bytes. */
  readonly start: number;
  /**
   * The id of the connection that wrote it, and the server run of that id; see `Connection` in
   * wire/session.ts.
   */
  readonly thread: number;
  readonly run: number;
  /**
   * The prepare of an XA transaction, at which its author wrote it. The changes are delivered at
   * the commit's position.
   */
  readonly prepared?: Writing;
  /**
   * The author, if already looked up: null when the lookup found none. Absent: to be looked up by
   * the connection.
   */
  readonly author?: Author | null;
  /**
   * The text looks like one that the server generates. It is generated if the thread id belongs to
   * no connection.
   */
  readonly isGenerated?: true;
  /** The `server_id` of the server that first committed it. */
  readonly serverId: number;
  /** The commit time, microseconds since 1970; in whole seconds if the event has no exact time. */
  readonly committedUs: number;
}

/** The transaction's GTID; null on a server without GTIDs. */
export function gtidOf({ gtid, gtidPrefix, gtidNumber }: Transaction): string | null {
  return gtidPrefix === undefined ? (gtid ?? null) : `${gtidPrefix}${gtidNumber}`;
}

/** Where and when the author wrote the transaction; the author is looked up for this place. */
export function writingOf({ prepared, fileNumber, start, committedUs }: Transaction): Writing {
  return prepared ?? { fileNumber, offset: start, us: committedUs };
}

/**
 * A change that was read. It is valid only during the call that passes it on; to keep it, copy it
 * with `texts.kept()`.
 */
export interface RowChange {
  readonly op: Operation;
  readonly database: string;
  readonly table: string;
  /**
   * The change's position in the transaction's file: the start of its event (`offset`), and its
   * number among all changes of that event (`row`).
   */
  readonly offset: number;
  readonly row: number;
  /**
   * The number among all changes of the transaction, including those of tables that are not
   * followed.
   */
  readonly n: number;
  /** The row before and after. For `ddl`, "after" is the statement as a JSON string. */
  readonly texts: RowTexts;
  /**
   * The table's definition at that moment. Absent for statements, and if neither frames contain
   * definitions nor the table has a former name on which filters depend.
   */
  readonly definition?: TableDefinition | undefined;
  /**
   * Whether it is the transaction's last change. Set only if frames contain the ends of
   * transactions.
   */
  readonly last?: true;
}

/** A prepared XA transaction that holds the position back. */
export interface WaitingXa {
  /** Global part and branch in hexadecimal and the format id, separated by dots. */
  readonly xid: string;
  /** The GTID of the prepare; null on a server without GTIDs. */
  readonly gtid: string | null;
  /** When it was prepared, milliseconds since 1970. */
  readonly preparedMs: number;
}

/**
 * A prepared XA transaction whose changes are in the payload bucket. The offset names it, so the
 * reader need not read it again.
 */
export interface KeptXa {
  /** Global part and branch in hexadecimal and the format id, separated by dots. */
  readonly xid: string;
  /** The prepared transaction, with its author if that was found. */
  readonly transaction: Transaction;
  /** The S3 key of the object with the changes. */
  readonly key: string;
}

/**
 * An event by which the reader recognises the binlog that it has read. The event keeps its position
 * as long as the coordinates are valid; another server has the same transaction at another
 * position.
 */
export interface Anchor {
  readonly file: string;
  /**
   * The event's offset. It is the first event of the last transaction that was read, or of a file
   * that was entered since.
   */
  readonly start: number;
  /** When the file was begun, seconds since 1970, if the event is the file's first; else null. */
  readonly begunS: number | null;
  /**
   * The GTID of the last transaction that was read; null when it was anonymous or there was none.
   */
  readonly gtid: string | null;
  /** When that transaction was committed on its first server, microseconds since 1970. */
  readonly committedUs: number;
}

/**
 * A position between two transactions, at which reading can resume. It and its anchor are valid
 * only during the call that passes them on.
 */
export interface Boundary {
  /**
   * The GTID event of the transaction that ended here, if it counts as executed. A prepared XA
   * transaction counts once its changes are kept or it commits.
   */
  readonly executed: Pick<GtidEvent, "prefix" | "number"> | null;
  /** Other GTIDs that count as executed since the previous boundary. */
  readonly alsoExecuted: readonly string[];
  readonly file: string;
  readonly offset: number;
  /** The server run at this position. */
  readonly run: number | null;
  /** The anchor of the last transaction that was read; null when there was none. */
  readonly anchor: Anchor | null;
  /** The commit time of the last transaction that was read, milliseconds since 1970. */
  readonly committedMs: number;
  /**
   * Set when a prepared XA transaction holds the position back: the oldest such transaction, and
   * the position up to which the binlog was read.
   */
  readonly held?: { readonly by: WaitingXa; readonly readTo: BinlogPosition } | undefined;
  /** The prepared XA transactions whose changes are in the payload bucket. */
  readonly keptXa: readonly KeptXa[];
  /** The former names of tables and columns at this position. */
  readonly names?: SavedNames | undefined;
}

/** Receives the changes and boundaries in the order of the binlog. */
export interface ChangeSink {
  change(transaction: Transaction, change: RowChange): void;
  /**
   * Called when an XA transaction with changes is prepared. Its changes follow at the commit,
   * perhaps long after its connection was closed.
   */
  prepared(transaction: Transaction): void;
  boundary(boundary: Boundary): void;
  /**
   * null while the sink accepts more changes; else a promise to await, if possible, before the next
   * change.
   */
  relief(): Promise<void> | null;
}
