import { setTimeout as delay } from "node:timers/promises";
import { isOver, type SnapshotOrder, type SnapshotReport } from "../../wire/snapshot-items.ts";
import type { SavedSnapshots, SnapshotProgress } from "../frames/snapshot-progress.ts";
import { describeError, type Log } from "../reporting/log.ts";
import { backoffMs } from "../../wire/backoff.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import { SnapshotRefusedError, SnapshotStoppedError } from "./errors.ts";
import { sentenceOf } from "./trouble-sentence.ts";
import { findTables } from "./find-tables.ts";
import type { OrderStore } from "./order-store.ts";
import type { RowNumbers } from "./row-numbers.ts";
import type { SnapshotConnection } from "./snapshot-connection.ts";
import { type HandedUpTo, SnapshotRun, type SnapshotRunOptions } from "./snapshot-run.ts";

/** A pair whose subscriber gets the rows of its tables when it is new. */
interface InitialSnapshot {
  readonly subscriber: string;
  readonly environment: string;
  readonly tables: readonly string[];
}

export interface SnapshotsOptions extends Omit<
  SnapshotRunOptions,
  "order" | "progress" | "connection" | "onBegin" | "onComplete"
> {
  readonly initial: readonly InitialSnapshot[];
  readonly orders: OrderStore;
  /** What the offset says. */
  readonly savedSnapshots: () => SavedSnapshots | undefined;
  /** Changes it, and resolves when that is saved. */
  readonly changeSnapshots: (
    change: (saved: SavedSnapshots | undefined) => SavedSnapshots,
  ) => Promise<void>;
  readonly connect: () => Promise<SnapshotConnection>;
  readonly hasGtids: boolean;
  readonly followed: FollowedTables;
  readonly numbers: RowNumbers;
  /** How far the stream is behind, milliseconds. */
  readonly lagMs: () => number;
  /**
   * Whether the route function has delivered, or parked, what was handed over; true where that
   * cannot be told.
   */
  readonly isDelivered: (last: HandedUpTo) => Promise<boolean>;
  /** Null, or what to wait for while too much is unsent. */
  readonly relief: () => Promise<void> | null;
  readonly counters: { snapshotRows: number; snapshotChunks: number; snapshotRereads: number };
  readonly onStopped: (isStopped: boolean) => void;
  /** Aborted when the attempt ends. */
  readonly ending: AbortSignal;
  readonly log: Log;
}

const LOOK_EVERY_MS = 2000;
const LONGEST_LAG_MS = 3000;
/** How often, and how many times without a pause, it is asked whether a chunk was delivered. */
const LOOK_AGAIN_MS = 20;
const MOST_LOOKS = 20;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

const NOTHING: SnapshotReport = {
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

interface Active {
  readonly order: SnapshotOrder;
  report: SnapshotReport;
  run: SnapshotRun | null;
}

/**
 * The snapshots of one attempt: looks at the orders, and takes one snapshot after the other, a
 * chunk at a time, on a connection of its own. What breaks that connection makes it wait and go on;
 * the stream is not held up by it.
 */
export class Snapshots implements Disposable {
  readonly #options: SnapshotsOptions;
  #active: Active | null = null;
  #connection: SnapshotConnection | null = null;
  #failures = 0;
  #lookAtMs = 0;
  /** No chunk before then. */
  #restUntilMs = 0;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Does what is to be done now; called again and again. Resolves when the attempt ends. */
  async step(): Promise<void> {
    const { ending } = this.#options;
    if (ending.aborted) return;
    const ended = Promise.withResolvers<void>();
    const end = (): void => ended.resolve();
    ending.addEventListener("abort", end, { once: true });
    const work = this.#work();
    // What it waits for when the attempt ends may never come.
    work.catch(() => undefined);
    try {
      await Promise.race([work, ended.promise]);
    } finally {
      ending.removeEventListener("abort", end);
    }
  }

  async #work(): Promise<void> {
    if (performance.now() >= this.#lookAtMs) await this.#look();
    const active = this.#active;
    if (active === null) return;
    try {
      while (performance.now() < this.#lookAtMs && this.#active === active) {
        if (performance.now() < this.#restUntilMs || !(await this.#mayRead(active))) return;
        await this.#chunk(active);
        this.#failures = 0;
      }
    } catch (error) {
      if (!this.#options.ending.aborted) await this.#onError(active, error);
    }
  }

  [Symbol.dispose](): void {
    this.#disconnect();
  }

  async #look(): Promise<void> {
    const { orders, initial, log, onStopped } = this.#options;
    try {
      const known = await orders.load();
      const ids = new Set(known.map(({ order }) => order.id));
      for (const { subscriber, environment, tables } of initial) {
        const id = `initial-${subscriber}-${environment}`;
        if (ids.has(id)) continue;
        const startedBy = "the configuration";
        const startedMs = Date.now();
        await orders.place({
          id,
          subscriber,
          environment,
          tables,
          startedBy,
          startedMs,
          wanted: "run",
        });
      }
      onStopped(
        known.some(({ order, report }) => order.wanted === "pause" && report?.state === "stopped"),
      );
      await this.#choose(known);
    } catch (error) {
      log.warn({ error: describeError(error) }, "the orders of snapshots cannot be read");
    }
    this.#lookAtMs = performance.now() + LOOK_EVERY_MS;
  }

  /** The oldest order that is wanted runs; the others wait. */
  async #choose(known: Awaited<ReturnType<OrderStore["load"]>>): Promise<void> {
    let chosen: (typeof known)[number] | null = null;
    for (const found of known) {
      const { order, report } = found;
      if (report !== null && isOver(report.state)) continue;
      const now = report ?? NOTHING;
      const isActive = this.#active?.order.id === order.id;
      const latest = isActive && this.#active !== null ? this.#active.report : now;
      if (order.wanted === "cancel") {
        if (isActive) this.#leave();
        await this.#forget(order.id);
        await this.#report(order, { ...latest, state: "cancelled", reason: "" });
      } else if (order.wanted === "pause") {
        if (isActive) this.#leave();
        if (now.state !== "paused" && now.state !== "stopped")
          await this.#report(order, { ...latest, state: "paused", reason: "" });
      } else if (chosen === null) {
        chosen = found;
      } else if (now.state !== "waiting" || report === null) {
        await this.#report(order, { ...now, state: "waiting", reason: "" });
      }
    }
    if (chosen === null) return this.#leave();
    if (this.#active?.order.id === chosen.order.id) return this.#tell(this.#active);
    this.#leave();
    this.#active = { order: chosen.order, report: chosen.report ?? NOTHING, run: null };
  }

  /** Whether the stream leaves room for a chunk. */
  async #mayRead(active: Active): Promise<boolean> {
    const { lagMs, relief, isDelivered } = this.#options;
    const lag = lagMs();
    if (lag > LONGEST_LAG_MS) {
      this.#restUntilMs = performance.now() + LOOK_EVERY_MS / 4;
      active.report = { ...active.report, state: "resting", reason: "the stream is behind" };
      return false;
    }
    const pressed = relief();
    if (pressed !== null) await pressed;
    // The raw queue takes chunks faster than they are delivered, and ordinary changes of the lane
    // would wait behind all of them.
    const last = active.run?.last ?? null;
    for (let looks = 0; last !== null && !(await isDelivered(last)); looks++) {
      if (looks === MOST_LOOKS) return false;
      await delay(LOOK_AGAIN_MS);
    }
    return true;
  }

  async #chunk(active: Active): Promise<void> {
    const { counters } = this.#options;
    const { rate } = active.order;
    active.run ??= await this.#begin(active);
    const { run } = active;
    if (run.isComplete) return this.#complete(active, run.progress);
    const before = run.progress;
    const startedMs = performance.now();
    await run.next();
    const { progress } = run;
    const rows = progress.rows - before.rows;
    counters.snapshotRows += rows;
    counters.snapshotChunks += progress.chunks - before.chunks;
    counters.snapshotRereads += progress.rereads - before.rereads;
    if (rate !== undefined) this.#restUntilMs = startedMs + (rows / rate) * 1000;
    active.report = { ...active.report, ...reported(progress), state: "running", reason: "" };
    if (run.isComplete) await this.#complete(active, progress);
  }

  /** Connects, and begins the snapshot or goes on with it. */
  async #begin(active: Active): Promise<SnapshotRun> {
    const { options, order } = { options: this.#options, order: active.order };
    if (!options.hasGtids) {
      throw new SnapshotRefusedError(
        "gtid_mode is not ON: without GTIDs nobody can say which changes a read shows. Turn GTIDs on; npm run doctor prints the statements.",
      );
    }
    this.#connection ??= await options.connect();
    const connection = this.#connection;
    const saved = options.savedSnapshots()?.progress.find(({ id }) => id === order.id);
    let progress = saved;
    if (progress === undefined) {
      const found = await connection.ask((asked) =>
        findTables(asked, options.followed, order.tables, order.where),
      );
      progress = {
        id: order.id,
        tables: found.tables,
        tableIndex: 0,
        keyName: "",
        lastKey: null,
        rowsOfTable: 0,
        rows: 0,
        chunks: 0,
        rereads: 0,
      };
      active.report = {
        ...active.report,
        estimatedRows: found.estimatedRows,
        begunMs: Date.now(),
      };
    }
    const begun = progress;
    // No row is handed over before the offset says from which number on the next attempt numbers
    // its own.
    await options.changeSnapshots((former) => ({
      numbers: options.numbers.free,
      progress: [...(former?.progress ?? []).filter(({ id }) => id !== order.id), begun],
    }));
    active.report = { ...active.report, ...reported(begun), state: "running", reason: "" };
    await this.#tell(active);
    const fields = {
      snapshot: order.id,
      subscriber: order.subscriber,
      environment: order.environment,
    };
    options.log.info(
      { ...fields, tables: begun.tables, rows: begun.rows },
      saved === undefined ? "a snapshot begins" : "a snapshot goes on",
    );
    return new SnapshotRun({
      ...options,
      order,
      progress: begun,
      connection,
      onBegin: (table) => options.log.info({ ...fields, table }, "a snapshot begins a table"),
      onComplete: (table, rows) =>
        options.log.info({ ...fields, table, rows }, "a snapshot has all rows of a table"),
    });
  }

  async #complete(active: Active, progress: SnapshotProgress): Promise<void> {
    // It is over once the offset says so: otherwise the next attempt would take it again.
    await this.#options.saved();
    await this.#report(active.order, {
      ...active.report,
      ...reported(progress),
      state: "complete",
      reason: "",
    });
    this.#options.log.info(
      { snapshot: active.order.id, rows: progress.rows, chunks: progress.chunks },
      "a snapshot is complete",
    );
    this.#leave();
  }

  async #onError(active: Active, error: unknown): Promise<void> {
    const { log } = this.#options;
    const isBegun = active.report.begunMs !== null;
    const final = sentenceOf(error);
    this.#disconnect();
    active.run = null;
    if (final !== null) {
      const state = error instanceof SnapshotRefusedError && !isBegun ? "refused" : "stopped";
      log.error(
        { snapshot: active.order.id, error: describeError(error) },
        `a snapshot is ${state}`,
      );
      await this.#report(active.order, { ...active.report, state, reason: final });
      if (state === "stopped") this.#options.onStopped(true);
      return this.#leave();
    }
    const waitMs = backoffMs(this.#failures++, FIRST_WAIT_MS, LONGEST_WAIT_MS);
    this.#restUntilMs = performance.now() + waitMs;
    log.warn(
      { snapshot: active.order.id, error: describeError(error), waitMs: Math.round(waitMs) },
      "the connection of a snapshot is broken",
    );
    active.report = { ...active.report, state: "resting", reason: "its connection is broken" };
  }

  async #tell(active: Active): Promise<void> {
    await this.#report(active.order, active.report);
  }

  async #report(order: SnapshotOrder, report: SnapshotReport): Promise<void> {
    try {
      await this.#options.orders.report(order.id, { ...report, updatedMs: Date.now() });
    } catch (error) {
      this.#options.log.warn(
        { snapshot: order.id, error: describeError(error) },
        "a report on a snapshot could not be written",
      );
    }
  }

  async #forget(id: string): Promise<void> {
    const { savedSnapshots, changeSnapshots, numbers } = this.#options;
    if (savedSnapshots()?.progress.some((progress) => progress.id === id) !== true) return;
    await changeSnapshots((saved) => ({
      numbers: numbers.free,
      progress: (saved?.progress ?? []).filter((progress) => progress.id !== id),
    }));
  }

  #leave(): void {
    this.#active = null;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#options.tap.unwatch();
    this.#active?.run?.chunks?.cancel(new SnapshotStoppedError("the snapshot was left"));
    this.#connection?.[Symbol.dispose]();
    this.#connection = null;
  }
}

function reported(
  progress: SnapshotProgress,
): Pick<SnapshotReport, "tables" | "tablesDone" | "rows" | "chunks" | "rereads"> {
  const { tables, tableIndex, rows, chunks, rereads } = progress;
  return { tables, tablesDone: tableIndex, rows, chunks, rereads };
}
