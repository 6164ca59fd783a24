import type { Operation } from "../../wire/frame.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { RowTooLargeError } from "../binlog-format/errors.ts";
import { RowCounter } from "../binlog-format/rows/row-counter.ts";
import type { OnRow, RowsDecoder } from "../binlog-format/rows/rows-event.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import type { CurrentTransaction } from "./current-transaction.ts";
import type { TableMaps } from "./table-maps.ts";
import type { Transaction } from "./transaction.ts";
import { type Complaint, tooLarge } from "./unreadable-transaction.ts";

export interface FollowedRows {
  readonly followed: FollowedTables;
  /** Called with each changed row of the ledger's table, as JSON; "" for a deleted row. */
  readonly onLedgerRow: (transaction: Transaction, op: Operation, row: string) => void;
  /** Whether changes are passed on with their table's definition, even without former names. */
  readonly columns: boolean;
}

export interface RowsEventsOptions extends FollowedRows {
  readonly current: CurrentTransaction;
  readonly tables: TableMaps;
  /** Makes the reader stop at the end of the transaction. */
  readonly cannotRead: (complaint: Complaint) => void;
}

/** Passes on the rows of rows events, or counts them where the table is not read. */
export class RowsEvents {
  readonly #options: RowsEventsOptions;
  /** The table of the present event, which is mostly that of the one before. */
  #latest: TableDefinition | null = null;
  #isLedger = false;
  #database = "";
  #table = "";
  #definition: TableDefinition | undefined;
  /** Takes the rows of followed tables. */
  readonly #onRow: OnRow = (op, texts) =>
    this.#options.current.change(op, this.#database, this.#table, texts, this.#definition);

  constructor(options: RowsEventsOptions) {
    this.#options = options;
  }

  /**
   * Handles the rows event in `bytes` from `start` to `end`, with header, without checksum. Throws
   * CorruptEventError when its table is read and no transaction has begun.
   */
  take(bytes: Buffer, start: number, end: number): void {
    const { current, tables, cannotRead } = this.#options;
    const rows = tables.rowsOf(bytes, start, end);
    if (rows === null) return;
    if (rows instanceof RowCounter) return current.pass(rows.count(bytes, start, end));
    const { transaction } = current;
    const { definition } = rows;
    if (definition !== this.#latest) this.#begin(definition);
    if (this.#isLedger) return this.#takeLedger(transaction, rows, bytes, start, end);
    try {
      rows.decode(bytes, this.#onRow, start, end);
    } catch (error) {
      if (!(error instanceof RowTooLargeError)) throw error;
      cannotRead(tooLarge(error, `${this.#database}.${this.#table}`));
    }
  }

  #begin(definition: TableDefinition): void {
    const { columns, followed } = this.#options;
    const { database, table, former } = definition;
    this.#latest = definition;
    this.#database = database;
    this.#table = table;
    this.#definition = columns || former !== undefined ? definition : undefined;
    this.#isLedger = followed.isLedger(database, table);
  }

  #takeLedger(
    transaction: Transaction,
    rows: RowsDecoder,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const { current, onLedgerRow } = this.#options;
    const onRow: OnRow = (op, texts) => onLedgerRow(transaction, op, texts.after);
    current.pass(rows.decode(bytes, onRow, start, end));
  }
}
