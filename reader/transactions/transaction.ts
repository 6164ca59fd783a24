import type { Operation } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import type { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { BinlogPosition } from "./binlog-position.ts";

/** Where and when a transaction's author wrote it. */
export interface Writing extends BinlogPosition {
  /** Microseconds since 1970. */
  readonly us: number;
}

/** What is known of a transaction while its events go by. */
export interface Transaction {
  /** Null on a server without GTIDs. */
  readonly gtid: string | null;
  /**
   * The tag of the GTID under which its author wrote it: of an XA transaction, that of the prepare.
   * Left out for none.
   */
  readonly tag?: string;
  readonly file: string;
  readonly fileNumber: number;
  /** Where its first event starts, bytes. */
  readonly start: number;
  /**
   * The connection that wrote it, and the server run that its id belongs to; see `Connection` in
   * wire/session.ts.
   */
  readonly thread: number;
  readonly run: number;
  /**
   * Of an XA transaction the prepare, by which its author wrote it; it is delivered where it
   * commits.
   */
  readonly prepared?: Writing;
  /**
   * Who wrote it, where that was found out before; null where it was found that nobody knows. Else
   * its connection tells.
   */
  readonly author?: Author | null;
  /**
   * It reads like one that the server wrote by itself: so it is, when its thread turns out to be no
   * connection's.
   */
  readonly isGenerated?: true;
  /** The server on which it was committed first. */
  readonly serverId: number;
  /**
   * When it was committed: microseconds since 1970, in whole seconds where the server does not say
   * more.
   */
  readonly committedUs: number;
}

/** Where its author wrote it: what is known of a connection is looked up as of there. */
export function writingOf({ prepared, fileNumber, start, committedUs }: Transaction): Writing {
  return prepared ?? { fileNumber, offset: start, us: committedUs };
}

/**
 * A change as it is read. Its texts are valid while it is handed over; who keeps it, keeps
 * `texts.kept()`.
 */
export interface RowChange {
  readonly op: Operation;
  readonly database: string;
  readonly table: string;
  /**
   * Where the change stands in the transaction's file: the start of its event, and its number among
   * all changes in that event.
   */
  readonly offset: number;
  readonly row: number;
  /**
   * Its number among all changes of the transaction, also those of tables that are not followed.
   */
  readonly n: number;
  /** Of `ddl` the statement, as a JSON string, is what is after. */
  readonly texts: RowTexts;
  /** The table at that moment, of a row, where frames are to say it. */
  readonly definition?: TableDefinition | undefined;
  /** It is its transaction's last; said only where frames are to say it. */
  readonly last?: true;
}

/** A prepared XA transaction that holds the position back. */
export interface WaitingXa {
  /** Global part and branch in hexadecimal, and format id. */
  readonly xid: string;
  /** Of the prepare; null on a server without GTIDs. */
  readonly gtid: string | null;
  /** When it was prepared, milliseconds since 1970. */
  readonly preparedMs: number;
}

/**
 * A prepared XA transaction whose changes lie in the payload bucket. The offset names it, and so
 * reading need not go back to it.
 */
export interface KeptXa {
  /** Global part and branch in hexadecimal, and format id. */
  readonly xid: string;
  /** The prepare, with its author where that was found. */
  readonly transaction: Transaction;
  /** Of the object in the payload bucket. */
  readonly key: string;
}

/**
 * By what a server's binlog is recognised as the one that was read. The same event stands at the
 * same position for as long as the coordinates live; another server has the same transaction
 * elsewhere.
 */
export interface Anchor {
  readonly file: string;
  /**
   * Where the event starts: the first event of the transaction that was read last, or of the file
   * that was entered since.
   */
  readonly start: number;
  /**
   * When the file was begun, seconds since 1970, where the event is a file's first one; else null.
   */
  readonly begunS: number | null;
  /** The transaction that was read last; null where it was anonymous, or none was. */
  readonly gtid: string | null;
  /** When the server that executed it first committed it; microseconds since 1970. */
  readonly committedUs: number;
}

/** A position between two transactions, from which reading can go on. */
export interface Boundary {
  /**
   * What was executed since the boundary before it; a prepared XA transaction counts when it is
   * kept, or commits.
   */
  readonly gtids: readonly string[];
  readonly file: string;
  readonly offset: number;
  /** The server run that goes on there. */
  readonly run: number | null;
  /** The transaction that was read last; null when none was. */
  readonly anchor: Anchor | null;
  /** When the last transaction before it was committed, milliseconds since 1970. */
  readonly committedMs: number;
  /**
   * Where a prepared XA transaction holds the position back: the oldest one, and the position up to
   * which was read.
   */
  readonly held?: { readonly by: WaitingXa; readonly readTo: BinlogPosition };
  /**
   * The prepared XA transactions whose changes are kept, so that reading need not go back to them.
   */
  readonly keptXa: readonly KeptXa[];
}

/** Receives what is read, in the order of the binlog. */
export interface ChangeSink {
  change(transaction: Transaction, change: RowChange): void;
  /**
   * An XA transaction with changes was prepared: they come when it commits, perhaps long after its
   * connection is gone.
   */
  prepared(transaction: Transaction): void;
  boundary(boundary: Boundary): void;
  /**
   * Null while it can take more; else what to wait for before the next change, where that is
   * possible.
   */
  relief(): Promise<void> | null;
}
