import {
  isInitialId,
  isOver,
  type SnapshotOrder,
  type SnapshotReport,
} from "../../wire/snapshot-items.ts";
import type { SnapshotProgress } from "../frames/snapshot-progress.ts";
import { describeError, type Log } from "../reporting/log.ts";
import type { OrderStore } from "./order-store.ts";

/** The report on an order that has not begun. */
export const NOTHING: SnapshotReport = {
  state: "waiting",
  reason: "",
  tables: [],
  tablesDone: 0,
  rows: 0,
  estimatedRows: null,
  chunks: 0,
  rereads: 0,
  begunMs: null,
  updatedMs: 0,
};

/** The part of a report that comes from the progress. */
export function reported(
  progress: SnapshotProgress,
): Pick<SnapshotReport, "tables" | "tablesDone" | "rows" | "chunks" | "rereads"> {
  const { tables, tableIndex, rows, chunks, rereads } = progress;
  return { tables, tablesDone: tableIndex, rows, chunks, rereads };
}

/**
 * Writes the reports on snapshots for operators. A failure is logged and does not stop the
 * snapshot.
 */
export class SnapshotReports {
  readonly #orders: Pick<OrderStore, "report">;
  readonly #log: Log;

  constructor(orders: Pick<OrderStore, "report">, log: Log) {
    this.#orders = orders;
    this.#log = log;
  }

  async write(order: SnapshotOrder, report: SnapshotReport): Promise<void> {
    // Ended initial snapshots stay, and the names of their tables would fill the item.
    const tables = isInitialId(order.id) && isOver(report.state) ? [] : report.tables;
    try {
      await this.#orders.report(order.id, { ...report, tables, updatedMs: Date.now() });
    } catch (error) {
      this.#log.warn(
        { snapshot: order.id, error: describeError(error) },
        "a report on a snapshot could not be written",
      );
    }
  }
}
