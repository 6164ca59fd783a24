import type { SnapshotOrder, SnapshotReport } from "../../wire/snapshot-items.ts";
import type { SnapshotProgress } from "../frames/snapshot-progress.ts";
import type { Log } from "../reporting/log.ts";
import type { Brake } from "./brake.ts";
import { SnapshotRefusedError, SnapshotStoppedError } from "./errors.ts";
import { findTables } from "./find-tables.ts";
import type { SavedProgress } from "./saved-progress.ts";
import type { SnapshotConnection } from "./snapshot-connection.ts";
import { reported, type SnapshotReports } from "./snapshot-reports.ts";
import { SnapshotReading, type SnapshotReadingOptions } from "./snapshot-reading.ts";

export interface ActiveSnapshotOptions extends Omit<
  SnapshotReadingOptions,
  "order" | "progress" | "connection" | "onBegin" | "onComplete" | "onHandedOver"
> {
  readonly connect: () => Promise<SnapshotConnection>;
  readonly hasGtids: boolean;
  readonly counters: { snapshotRows: number; snapshotChunks: number; snapshotRereads: number };
  readonly log: Log;
}

/**
 * How long a snapshot that is to pause goes on to hand over the parts of its present chunk; else
 * they would come again after the pause.
 */
const LONGEST_PAUSING_MS = 10_000;

/** The parts that all snapshots of an attempt share. */
interface SharedParts {
  readonly brake: Brake;
  readonly progress: SavedProgress;
  readonly reports: SnapshotReports;
}

/**
 * The snapshot that is being taken, on a separate connection. It is left when it is complete or has
 * failed, when an operator pauses or cancels it, or when the attempt ends.
 */
export class ActiveSnapshot {
  readonly order: SnapshotOrder;
  report: SnapshotReport;
  readonly #options: ActiveSnapshotOptions;
  readonly #shared: SharedParts;
  #connection: SnapshotConnection | null = null;
  #reading: SnapshotReading | null = null;
  #isLeft = false;
  /** The time up to which a snapshot that is to pause goes on; null: it is not to pause. */
  #pausesAtMs: number | null = null;

  constructor(
    order: SnapshotOrder,
    report: SnapshotReport,
    options: ActiveSnapshotOptions,
    shared: SharedParts,
  ) {
    this.order = order;
    this.report = report;
    this.#options = options;
    this.#shared = shared;
  }

  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** The progress, once all rows are handed over; else null. */
  get complete(): SnapshotProgress | null {
    return this.#reading?.isComplete === true ? this.#reading.progress : null;
  }

  /** Called when the snapshot is to pause, or not to. */
  wantPause(isWanted: boolean): void {
    this.#pausesAtMs = isWanted
      ? (this.#pausesAtMs ?? performance.now() + LONGEST_PAUSING_MS)
      : null;
  }

  /** Whether the snapshot is to pause, and the present chunk has no more parts in memory. */
  get mustPause(): boolean {
    if (this.#pausesAtMs === null) return false;
    return this.#reading?.hasPart !== true || performance.now() >= this.#pausesAtMs;
  }

  /**
   * Hands over the next part of a chunk, and reads the chunk before if needed; does nothing when
   * all rows are handed over.
   */
  async part(): Promise<void> {
    const { counters } = this.#options;
    const { rate } = this.order;
    const reading = (this.#reading ??= await this.#begin());
    if (this.#isLeft || reading.isComplete) return;
    const before = reading.progress;
    const startedMs = performance.now();
    const rows = await reading.next();
    if (this.#isLeft) return;
    const { progress } = reading;
    counters.snapshotRows += rows;
    counters.snapshotChunks += progress.chunks - before.chunks;
    counters.snapshotRereads += Math.max(0, progress.rereads - before.rereads);
    if (rate !== undefined)
      this.#shared.brake.rest((rows / rate) * 1000 - (performance.now() - startedMs));
    this.report = { ...this.report, ...reported(progress), state: "running", reason: "" };
  }

  async tell(): Promise<void> {
    await this.#shared.reports.write(this.order, this.report);
  }

  leave(): void {
    this.#isLeft = true;
    this.disconnect();
  }

  /** Closes the connection. The next chunk is read on a new one. */
  disconnect(): void {
    this.#options.tap.unwatch();
    this.#reading?.chunks?.cancel(new SnapshotStoppedError("the snapshot was paused or cancelled"));
    this.#reading = null;
    this.#connection?.[Symbol.dispose]();
    this.#connection = null;
  }

  /** Connects, and begins or continues the snapshot. */
  async #begin(): Promise<SnapshotReading> {
    const { hasGtids, connect, log } = this.#options;
    const { id, subscriber, environment } = this.order;
    if (!hasGtids) {
      throw new SnapshotRefusedError(
        "gtid_mode is not ON: without GTIDs the reader cannot tell which changes a selected row contains. Turn GTIDs on; npm run doctor prints the statements.",
      );
    }
    const connection = await connect();
    if (this.#isLeft) connection[Symbol.dispose]();
    this.#assertWanted();
    this.#connection = connection;
    const saved = this.#shared.progress.of(id);
    const begun = saved ?? (await this.#firstProgress(connection));
    // Before any row is handed over, the offset must contain the first free row number for the next
    // attempt.
    await this.#shared.progress.begin(begun);
    this.#assertWanted();
    this.report = { ...this.report, ...reported(begun), state: "running", reason: "" };
    await this.tell();
    const fields = { snapshot: id, subscriber, environment };
    log.info(
      { ...fields, tables: begun.tables, rows: begun.rows },
      saved === undefined ? "a snapshot begins" : "a snapshot continues",
    );
    return new SnapshotReading({
      ...this.#options,
      order: this.order,
      progress: begun,
      connection,
      onBegin: (table) => log.info({ ...fields, table }, "a snapshot begins to read a table"),
      onComplete: (table, rows) =>
        log.info({ ...fields, table, rows }, "a snapshot has read all rows of a table"),
      onHandedOver: (upTo) => this.#shared.brake.handedOver(upTo),
    });
  }

  async #firstProgress(connection: SnapshotConnection): Promise<SnapshotProgress> {
    const { id, tables, where } = this.order;
    const found = await connection.ask((asked) =>
      findTables(asked, this.#options.followed, tables, where),
    );
    this.#assertWanted();
    this.#shared.progress.assertRoom(found.tables);
    this.report = {
      ...this.report,
      estimatedRows: found.estimatedRows,
      begunMs: Date.now(),
    };
    return {
      id,
      tables: found.tables,
      tableIndex: 0,
      keyName: "",
      lastKey: null,
      rowsOfTable: 0,
      rows: 0,
      chunks: 0,
      parts: 0,
      rereads: 0,
    };
  }

  #assertWanted(): void {
    if (this.#isLeft) throw new SnapshotStoppedError("the snapshot was paused or cancelled");
  }
}
