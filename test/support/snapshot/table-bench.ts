import { RowTexts } from "../../../reader/binlog-format/rows/row-texts.ts";
import type { SnapshotProgress } from "../../../reader/frames/snapshot-progress.ts";
import { RowsIntoStream } from "../../../reader/snapshot/hand-over.ts";
import type { StreamPosition } from "../../../reader/snapshot/stream-position.ts";
import { RowNumbers } from "../../../reader/snapshot/row-numbers.ts";
import { SnapshotReading } from "../../../reader/snapshot/snapshot-reading.ts";
import { StreamTap } from "../../../reader/snapshot/stream-tap.ts";
import { FollowedTables } from "../../../reader/statements/followed-tables.ts";
import type { RowChange, Transaction } from "../../../reader/transactions/transaction.ts";
import { parseSnapshotMark, type SnapshotMark } from "../../../wire/snapshot.ts";
import { FakeConnection } from "./fake-connection.ts";

const nothing = (): void => undefined;
const keyText = (id: number): string => JSON.stringify({ id });

/** A snapshot of the table of a FakeConnection, and the stream of its changes. */
export class TableBench {
  readonly connection = new FakeConnection();
  readonly reading: SnapshotReading;
  /** The ids of the rows that were handed over. */
  readonly handed: number[] = [];
  readonly marks: SnapshotMark[] = [];
  /** The number of the last row or mark of each part. */
  readonly parts: number[] = [];
  readonly #tap: StreamTap;
  /** Whether the stream's last event must wait. */
  isHeld = false;

  constructor(where?: string, numbers: Partial<Pick<RowNumbers, "hasRoom">> = {}) {
    const sink = { change: nothing, prepared: nothing, boundary: nothing, relief: () => null };
    this.#tap = new StreamTap(sink, "");
    void this.#tap.at({ boundary: this.#place });
    const shipment = {
      snapshot: (_: Transaction, { op, texts }: RowChange): void => {
        if (op === "r") this.handed.push((JSON.parse(texts.key) as { id: number }).id);
        else this.marks.push(parseSnapshotMark(texts.after));
      },
    };
    const free = Object.assign(RowNumbers.begin(undefined, this.#place), numbers);
    this.reading = new SnapshotReading({
      order: {
        id: "s",
        subscriber: "search",
        environment: "staging",
        tables: ["shop.t"],
        startedBy: "test",
        startedMs: 0,
        wanted: "run",
        ...(where !== undefined && { where }),
      },
      progress: NOTHING_READ,
      connection: this.connection,
      tap: this.#tap,
      followed: new FollowedTables({ patterns: ["shop.*"], ledger: "a.b", lowerCase: false }),
      numbers: free,
      rows: new RowsIntoStream(shipment, free, 1),
      inFlight: { snapshot: nothing, sent: () => Promise.resolve() },
      saved: () => Promise.resolve(),
      columns: false,
      formerNames: () => undefined,
      onBegin: nothing,
      onComplete: nothing,
      onHandedOver: ({ row }) => this.parts.push(row),
    });
  }

  get #place(): StreamPosition {
    return { file: "binlog.000001", fileNumber: 1, offset: this.connection.offset };
  }

  /** Hands over parts until the snapshot is complete. */
  async finish(): Promise<void> {
    while (!this.reading.isComplete) await this.reading.next();
  }

  /** Inserts or updates a row, in the table and the stream. */
  put(id: number, v: string): void {
    const op = this.connection.rows.has(id) ? "u" : "c";
    this.connection.rows.set(id, v);
    this.#change(op, RowTexts.of({ key: keyText(id), after: JSON.stringify({ id, v }) }));
  }

  delete(id: number): void {
    this.connection.rows.delete(id);
    this.#change("d", RowTexts.of({ key: keyText(id) }));
  }

  /** Changes the table's definition. */
  define(): void {
    this.#change("ddl", RowTexts.of({}));
  }

  #change(op: RowChange["op"], texts: RowTexts): void {
    this.reading.chunks?.change({ op, texts });
    this.connection.offset += 10;
    this.isHeld = this.#tap.at({ boundary: this.#place }) !== undefined;
  }
}

/** The progress of a snapshot of one table that has not begun. */
export const NOTHING_READ: SnapshotProgress = {
  id: "s",
  tables: ["shop.t"],
  tableIndex: 0,
  keyName: "",
  lastKey: null,
  rowsOfTable: 0,
  rows: 0,
  chunks: 0,
  parts: 0,
  rereads: 0,
};
