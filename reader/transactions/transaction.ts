import type { Operation } from "../../wire/frame.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import type { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { BinlogPosition } from "./binlog-position.ts";

/** What is known of a transaction while its events go by. */
export interface Transaction {
  /** Null on a server without GTIDs. */
  readonly gtid: string | null;
  readonly file: string;
  readonly fileNumber: number;
  /** Where its first event starts, bytes. */
  readonly start: number;
  /** The connection that wrote it, and the server run that its id belongs to; see `Connection` in wire/session.ts. */
  readonly thread: number;
  readonly run: number;
  /** Where an XA transaction was prepared, which is where its author wrote it; it is delivered where it commits. */
  readonly preparedAt?: BinlogPosition;
  /** The server on which it was committed first. */
  readonly serverId: number;
  /** When it was committed: microseconds since 1970, in whole seconds where the server does not say more. */
  readonly committedUs: number;
}

/** A change as it is read. Its texts are valid while it is handed over; who keeps it, keeps `texts.kept()`. */
export interface RowChange {
  readonly op: Operation;
  readonly database: string;
  readonly table: string;
  /** Where the change stands in the transaction's file: the start of its event, and its number among all changes in that event. */
  readonly offset: number;
  readonly row: number;
  /** Its number among all changes of the transaction, also those of tables that are not followed. */
  readonly n: number;
  /** Of `ddl` the statement, as a JSON string, is what is after. */
  readonly texts: RowTexts;
  /** The table at that moment, of a row, where frames are to say it. */
  readonly definition?: TableDefinition | undefined;
  /** It is its transaction's last; said only where frames are to say it. */
  readonly last?: true;
}

/** A prepared XA transaction whose commit is waited for. */
export interface WaitingXa {
  /** Global part and branch in hexadecimal, and format id. */
  readonly xid: string;
  /** Of the prepare; null on a server without GTIDs. */
  readonly gtid: string | null;
  /** When it was prepared, milliseconds since 1970. */
  readonly preparedMs: number;
}

/**
 * A transaction by which a server's binlog is recognised: the same one stands at the same position for as long as the
 * coordinates live. Before any transaction was read it is a file's first event, at offset 4, without a GTID.
 */
export interface Anchor {
  readonly file: string;
  /** Where its first event starts, bytes. */
  readonly start: number;
  /** Null for an anonymous transaction, and for a file. */
  readonly gtid: string | null;
  /** When the server that executed it first committed it, or when the file was begun; microseconds since 1970. */
  readonly committedUs: number;
  /** The file in which reading goes on, where nothing was read in it yet: its beginning proves as much, and is purged later. */
  readonly next?: BegunFile;
}

/** A binlog file, and when the server began it: microseconds since 1970. */
export interface BegunFile {
  readonly file: string;
  readonly begunUs: number;
}

/** A position between two transactions, from which reading can go on. */
export interface Boundary {
  /** What was executed since the boundary before it; a prepared XA transaction counts when it commits. */
  readonly gtids: readonly string[];
  readonly file: string;
  readonly offset: number;
  /** The server run that goes on there. */
  readonly run: number | null;
  /** The transaction that was read last; null when none was. */
  readonly anchor: Anchor | null;
  /** When the last transaction before it was committed, milliseconds since 1970. */
  readonly committedMs: number;
  /** The file that begins there. */
  readonly begins?: BegunFile;
  /** Where a prepared XA transaction holds the position back: the oldest one, and the position up to which was read. */
  readonly held?: { readonly by: WaitingXa; readonly readTo: BinlogPosition };
}

/** Receives what is read, in the order of the binlog. */
export interface ChangeSink {
  change(transaction: Transaction, change: RowChange): void;
  /** An XA transaction with changes was prepared: they come when it commits, perhaps long after its connection is gone. */
  prepared(transaction: Transaction): void;
  boundary(boundary: Boundary): void;
  /** Null while it can take more; else what to wait for before the next change, where that is possible. */
  relief(): Promise<void> | null;
}
