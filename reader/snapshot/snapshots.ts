import { setTimeout as delay } from "node:timers/promises";
import { isOver, type SnapshotOrder, type SnapshotReport } from "../../wire/snapshot-items.ts";
import type { SavedSnapshots, SnapshotProgress } from "../frames/snapshot-progress.ts";
import { describeError, type Log } from "../reporting/log.ts";
import { backoffMs } from "../../wire/backoff.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import { SnapshotRefusedError, SnapshotStoppedError } from "./errors.ts";
import { sentenceOf } from "./trouble-sentence.ts";
import { Brake, type BrakeOptions } from "./brake.ts";
import { type InitialSnapshot, orderInitial } from "./initial-orders.ts";
import { findTables } from "./find-tables.ts";
import type { OrderStore } from "./order-store.ts";
import type { RowNumbers } from "./row-numbers.ts";
import type { SnapshotConnection } from "./snapshot-connection.ts";
import { SnapshotRun, type SnapshotRunOptions } from "./snapshot-run.ts";

export interface SnapshotsOptions
  extends
    Omit<SnapshotRunOptions, "order" | "progress" | "connection" | "onBegin" | "onComplete">,
    BrakeOptions {
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
  readonly counters: { snapshotRows: number; snapshotChunks: number; snapshotRereads: number };
  readonly onStopped: (isStopped: boolean) => void;
  /** Aborted when the attempt ends. */
  readonly ending: AbortSignal;
  readonly log: Log;
}

const LOOK_EVERY_MS = 2000;
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
  /** The chunks that are being read; null: none are. */
  #reading: Promise<void> | null = null;
  #isDisposed = false;
  /** Resolves when what runs alone is over. */
  #turn: Promise<void> = Promise.resolve();
  readonly #brake: Brake;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#brake = new Brake(options);
  }

  /**
   * Does what is to be done now; called again and again. Resolves when the attempt ends, and in
   * time for the next look at the orders, whatever the server takes for a chunk meanwhile.
   */
  async step(): Promise<void> {
    const { ending } = this.#options;
    if (ending.aborted) return;
    const over = new AbortController();
    const ended = Promise.withResolvers<void>();
    const end = (): void => ended.resolve();
    ending.addEventListener("abort", end, { once: true });
    const work = this.#work(over.signal);
    // What it waits for when the attempt ends may never come.
    work.catch(() => undefined);
    try {
      await Promise.race([work, ended.promise]);
    } finally {
      over.abort();
      ending.removeEventListener("abort", end);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    if (performance.now() >= this.#lookAtMs) await this.#alone(() => this.#look());
    if (this.#active === null && this.#reading === null) return;
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    const untilLook = delay(Math.max(0, this.#lookAtMs - performance.now()), undefined, { signal });
    await Promise.race([this.#reading, untilLook.catch(() => undefined)]);
  }

  /** Reads one chunk after the other while the snapshot is wanted and the stream leaves room. */
  async #read(): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    try {
      while (this.#isWanted(active)) {
        const room = await this.#brake.look(active.run?.last ?? null);
        if (room === "behind")
          active.report = { ...active.report, state: "resting", reason: "the stream is behind" };
        if (room !== "free" || !this.#isWanted(active)) return;
        await this.#chunk(active);
        this.#failures = 0;
      }
    } catch (error) {
      // One that was paused or cancelled while a chunk was read ends with an error of its own.
      if (this.#isWanted(active) && !this.#options.ending.aborted)
        await this.#onError(active, error);
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#leave();
  }

  /** One after the other: a look at the orders must not miss how a snapshot ends meanwhile. */
  async #alone(act: () => Promise<void>): Promise<void> {
    const former = this.#turn;
    const turn = former.then(act);
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #look(): Promise<void> {
    const { orders, initial, log, onStopped } = this.#options;
    try {
      const known = await orders.load();
      await orderInitial(initial, orders, known);
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
      if (report !== null && isOver(report.state)) {
        await this.#forget(order.id);
        continue;
      }
      const now = report ?? NOTHING;
      const isActive = this.#active?.order.id === order.id;
      // All is handed over, and it is reported complete as soon as that is acknowledged.
      if (isActive && this.#active?.run?.isComplete === true) {
        chosen ??= found;
        continue;
      }
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

  async #chunk(active: Active): Promise<void> {
    const { counters } = this.#options;
    const { rate } = active.order;
    active.run ??= await this.#begin(active);
    const { run } = active;
    if (!this.#isWanted(active)) return;
    if (run.isComplete) return this.#complete(active, run.progress);
    const before = run.progress;
    const startedMs = performance.now();
    await run.next();
    if (!this.#isWanted(active)) return;
    const { progress } = run;
    const rows = progress.rows - before.rows;
    counters.snapshotRows += rows;
    counters.snapshotChunks += progress.chunks - before.chunks;
    counters.snapshotRereads += progress.rereads - before.rereads;
    if (rate !== undefined)
      this.#brake.rest((rows / rate) * 1000 - (performance.now() - startedMs));
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
    const connection = this.#connection ?? (await options.connect());
    if (!this.#isWanted(active)) connection[Symbol.dispose]();
    this.#assertWanted(active);
    this.#connection = connection;
    const saved = options.savedSnapshots()?.progress.find(({ id }) => id === order.id);
    let progress = saved;
    if (progress === undefined) {
      const found = await connection.ask((asked) =>
        findTables(asked, options.followed, order.tables, order.where),
      );
      this.#assertWanted(active);
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
    this.#assertWanted(active);
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
    const report = {
      ...active.report,
      ...reported(progress),
      state: "complete",
      reason: "",
    } as const;
    await this.#alone(async () => {
      if (!this.#isWanted(active)) return;
      await this.#report(active.order, report);
      this.#options.log.info(
        { snapshot: active.order.id, rows: progress.rows, chunks: progress.chunks },
        "a snapshot is complete",
      );
      this.#end();
    });
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
      return this.#alone(async () => {
        if (!this.#isWanted(active)) return;
        await this.#report(active.order, { ...active.report, state, reason: final });
        if (state === "stopped") this.#options.onStopped(true);
        this.#end();
      });
    }
    const waitMs = backoffMs(this.#failures++, FIRST_WAIT_MS, LONGEST_WAIT_MS);
    this.#brake.rest(waitMs);
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

  /** Whether no operator has paused or cancelled it meanwhile, and the attempt goes on. */
  #isWanted(active: Active): boolean {
    return this.#active === active && !this.#isDisposed;
  }

  /** Throws where it is not wanted any more. */
  #assertWanted(active: Active): void {
    if (!this.#isWanted(active)) throw new SnapshotStoppedError("the snapshot was left");
  }

  /** Leaves the one that is over; the next one that is ordered need not wait. */
  #end(): void {
    this.#leave();
    this.#lookAtMs = 0;
  }

  #leave(): void {
    this.#disconnect();
    this.#active = null;
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
