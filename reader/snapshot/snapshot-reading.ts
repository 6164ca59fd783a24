import type { FormerNames } from "../../wire/frame.ts";
import type { SnapshotOrder } from "../../wire/snapshot-items.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import type { InFlightFrames } from "../frames/in-flight-frames.ts";
import type { SnapshotProgress, SnapshotStep } from "../frames/snapshot-progress.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import type { ChunkPart } from "./chunk-part.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { CountedKeys } from "./counted-keys.ts";
import type { StreamPosition } from "./stream-position.ts";
import { SnapshotStoppedError } from "./errors.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { fullName, parseName, type TableName } from "./find-tables.ts";
import type { RowsIntoStream } from "./hand-over.ts";
import { MOST_UNSAVED, type RowNumbers } from "./row-numbers.ts";
import type { StreamTap } from "./stream-tap.ts";
import { type ReadingConnection, TableReading } from "./table-reading.ts";
import type { KeyRange } from "./table-key.ts";

export interface SnapshotReadingOptions {
  readonly order: SnapshotOrder;
  readonly progress: SnapshotProgress;
  readonly connection: ReadingConnection;
  readonly tap: StreamTap;
  readonly followed: FollowedTables;
  readonly numbers: RowNumbers;
  readonly rows: RowsIntoStream;
  readonly inFlight: Pick<InFlightFrames, "snapshot" | "sent">;
  /** Resolves after the next save of the offset. */
  readonly saved: () => Promise<void>;
  /** Whether frames contain the columns of their tables. */
  readonly columns: boolean;
  /** The former names of a table at the present place in the stream. */
  readonly formerNames: (database: string, table: string) => FormerNames | undefined;
  readonly onBegin: (table: string) => void;
  readonly onComplete: (table: string, rows: number) => void;
  /** Called after each part with rows or marks. */
  readonly onHandedOver: (upTo: HandedUpTo) => void;
}

/** The table and position of the last row or mark that was handed over in a part. */
export interface HandedUpTo extends BinlogPosition {
  readonly name: TableName;
  readonly row: number;
}

/** Reads one snapshot on one connection: continues from its progress, chunk by chunk. */
export class SnapshotReading {
  readonly #options: SnapshotReadingOptions;
  /** The progress up to the last complete chunk, and up to the last part that was handed over. */
  #complete: SnapshotProgress;
  #progress: SnapshotProgress;
  #table: { readonly index: number; readonly reading: TableReading } | null = null;
  readonly #counted = new CountedKeys();
  /** Resolves when the last part is in the raw queue. */
  #sent: Promise<void> = Promise.resolve();
  #unsavedRows = 0;
  #handedRows = 0;

  constructor(options: SnapshotReadingOptions) {
    this.#options = options;
    this.#complete = options.progress;
    this.#progress = options.progress;
  }

  /**
   * The progress: the numbers of rows and parts up to the last part that was handed over, the rest
   * up to the last complete chunk.
   */
  get progress(): SnapshotProgress {
    return this.#progress;
  }

  get isComplete(): boolean {
    return this.#progress.tableIndex >= this.#progress.tables.length;
  }

  /** Whether the next part is in memory, so that it needs nothing of the server. */
  get hasPart(): boolean {
    return this.#table?.reading.hasPart === true;
  }

  /** The reader of the present table's chunks. */
  get chunks(): ChunkReader | undefined {
    return this.#table?.reading.chunks;
  }

  /**
   * Hands over the next rows, and returns their number. Resolves when they are acknowledged, so
   * that each part gets a frame of its own. Rejects with SnapshotStoppedError, with
   * SnapshotRefusedError when a table can no longer be read, and with errors of the connection.
   */
  async next(): Promise<number> {
    const { tableIndex, lastKey, keyName } = this.#complete;
    const before = this.#handedRows;
    const { reading } = this.#table?.index === tableIndex ? this.#table : this.#open(tableIndex);
    await reading.next(lastKey, keyName);
    await this.#sent;
    if (this.#unsavedRows >= MOST_UNSAVED / 2) {
      await this.#options.saved();
      this.#unsavedRows = 0;
    }
    return this.#handedRows - before;
  }

  #open(index: number): { readonly index: number; readonly reading: TableReading } {
    const { tap, connection, order, followed } = this.#options;
    const name = parseName(this.#progress.tables[index] ?? "");
    const reading = new TableReading({
      connection,
      tap,
      name,
      streamName: { database: followed.nameOf(name.database), table: followed.nameOf(name.table) },
      where: order.where,
      mostRows: order.rate ?? Infinity,
      handOver: (position, part) => this.#handOver(index, position, part),
    });
    this.#table = { index, reading };
    return this.#table;
  }

  #handOver(index: number, position: StreamPosition, part: ChunkPart): void {
    const { order, numbers, followed, rows: stream } = this.#options;
    const reading = this.#table?.reading;
    const { rows, range, isFirst, following, again } = part;
    // A chunk that is read anew counts from its beginning, except its rows.
    const former = isFirst ? this.#complete : this.#progress;
    if (!numbers.hasRoom(position, rows.size + 2)) {
      throw new SnapshotStoppedError(
        "This position in the binlog has no free row number left. Resume the snapshot after the next transaction has been committed.",
      );
    }
    const name = parseName(former.tables[index] ?? "");
    const isBegin = range.lower === null && isFirst;
    const isWhole = following === "nothing";
    const isEnd = isWhole && range.upper === null;
    const streamName = {
      database: followed.nameOf(name.database),
      table: followed.nameOf(name.table),
    };
    const givenUp = isFirst ? this.#counted.beginAnew() : 0;
    // The table is read from its beginning again when its key was changed; the rows that came with
    // the former key are not counted then.
    const isAgain = isBegin && former.lastKey !== null;
    const newRows = this.#counted.add(rows.keys());
    const rowsOfTable = (isAgain ? givenUp : this.#progress.rowsOfTable) + newRows;
    const number = this.#progress.parts + 1;
    const isLastTable = index + 1 >= former.tables.length;
    const added = stream.add(order, {
      position,
      name: streamName,
      number,
      rows: rows.values(),
      definition: this.#definitionFor(streamName, reading?.definition),
      before: isBegin ? { state: "started" } : undefined,
      after: isEnd
        ? {
            state: "complete",
            rows: rowsOfTable,
            ...(isLastTable && { whole: true, tables: former.tables.length }),
          }
        : undefined,
    });
    const { fileNumber, offset } = position;
    if (added > 0) {
      const row = numbers.free.next - 1;
      this.#options.onHandedOver({ name: streamName, fileNumber, offset, row });
    }
    if (isBegin) this.#options.onBegin(fullName(name));
    this.#unsavedRows += rows.size;
    this.#handedRows += rows.size;
    this.#progress = {
      ...former,
      ...(isWhole && this.#behind(index, range, isEnd, reading?.keyName ?? "")),
      rows: this.#progress.rows + newRows,
      rowsOfTable: isEnd ? 0 : rowsOfTable,
      chunks: isWhole ? former.chunks + 1 : former.chunks,
      parts: number,
      rereads: following === "again" ? former.rereads + again.size : former.rereads,
    };
    this.#sent = this.#options.inFlight.sent();
    if (!isWhole) return;
    this.#counted.completeChunk();
    if (isEnd) this.#counted.completeTable();
    this.#complete = this.#progress;
    const step: SnapshotStep = { numbers: numbers.free, progress: this.#progress };
    this.#options.inFlight.snapshot(step);
    if (isEnd) this.#options.onComplete(fullName(name), rowsOfTable);
  }

  /** The definition for the frames; undefined when they need none. */
  #definitionFor(
    { database, table }: TableName,
    definition: TableDefinition | undefined,
  ): TableDefinition | undefined {
    const { columns, formerNames } = this.#options;
    const former = formerNames(database, table);
    if (former === undefined || definition === undefined) return columns ? definition : undefined;
    return { ...definition, former };
  }

  #behind(
    index: number,
    { upper }: KeyRange,
    isEnd: boolean,
    keyName: string,
  ): Pick<SnapshotProgress, "tableIndex" | "lastKey" | "keyName"> {
    return isEnd
      ? { tableIndex: index + 1, lastKey: null, keyName: "" }
      : { tableIndex: index, lastKey: upper, keyName };
  }
}
