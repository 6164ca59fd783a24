import type { SnapshotMark, SnapshotTarget } from "../../wire/snapshot.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { Shipment } from "../frames/shipment.ts";
import type { RowChange, Transaction } from "../transactions/transaction.ts";
import type { StreamPosition } from "./stream-position.ts";
import type { TableName } from "./find-tables.ts";
import type { RowNumbers } from "./row-numbers.ts";

/** Rows and marks that are handed over together at one place. */
export interface HandedOver {
  readonly position: StreamPosition;
  readonly name: TableName;
  /** The number of this hand-over in the snapshot. */
  readonly number: number;
  readonly rows: Iterable<RowTexts>;
  /** The table's definition; undefined unless frames contain definitions. */
  readonly definition: TableDefinition | undefined;
  /** The marks before and after the rows. */
  readonly before?: SnapshotMark | undefined;
  readonly after?: SnapshotMark | undefined;
}

/**
 * Adds rows and marks of a snapshot to the stream, addressed to its subscriber and environment
 * only.
 */
export class RowsIntoStream {
  readonly #shipment: Pick<Shipment, "snapshot">;
  readonly #numbers: RowNumbers;
  readonly #serverId: number;

  constructor(shipment: Pick<Shipment, "snapshot">, numbers: RowNumbers, serverId: number) {
    this.#shipment = shipment;
    this.#numbers = numbers;
    this.#serverId = serverId;
  }

  /** Returns the number of rows and marks. */
  add(target: SnapshotTarget, handed: HandedOver): number {
    const { position, definition, rows, before, after } = handed;
    const { id, subscriber, environment } = target;
    const transaction: Transaction = {
      gtid: null,
      file: position.file,
      fileNumber: position.fileNumber,
      start: position.offset,
      thread: 0,
      run: 0,
      author: {
        user: "",
        host: "",
        attribution: "snapshot",
        snapshot: { id, subscriber, environment },
      },
      serverId: this.#serverId,
      committedUs: Date.now() * 1000,
    };
    // Each change is held until the next one, so that the last change can be marked.
    let waiting: RowChange | null = null;
    let added = 0;
    const put = (op: "r" | "snapshot", texts: RowTexts): void => {
      if (waiting !== null) this.#shipment.snapshot(transaction, waiting);
      added++;
      const { database, table } = handed.name;
      const row = this.#numbers.take(position);
      waiting = {
        op,
        database,
        table,
        offset: position.offset,
        row,
        n: handed.number,
        texts,
        definition,
      };
    };
    if (before !== undefined) put("snapshot", markTexts(before));
    for (const texts of rows) put("r", texts);
    if (after !== undefined) put("snapshot", markTexts(after));
    if (waiting === null) return added;
    const last: RowChange = waiting;
    this.#shipment.snapshot(transaction, definition === undefined ? last : { ...last, last: true });
    return added;
  }
}

function markTexts(mark: SnapshotMark): RowTexts {
  return RowTexts.of({ after: JSON.stringify(mark) });
}
