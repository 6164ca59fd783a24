import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../../wire/backoff.ts";
import { isOver } from "../../wire/snapshot-items.ts";
import type { SnapshotProgress } from "../frames/snapshot-progress.ts";
import { describeError } from "../reporting/log.ts";
import { ActiveSnapshot, type ActiveSnapshotOptions } from "./active-snapshot.ts";
import { Brake, type BrakeOptions } from "./brake.ts";
import { SnapshotRefusedError } from "./errors.ts";
import { type InitialSnapshot, orderInitial } from "./initial-orders.ts";
import type { OrderStore } from "./order-store.ts";
import { SavedProgress, type SavedProgressOptions } from "./saved-progress.ts";
import { NOTHING, reported, SnapshotReports } from "./snapshot-reports.ts";
import { sentenceOf } from "./trouble-sentence.ts";

export interface SnapshotsOptions
  extends ActiveSnapshotOptions, SavedProgressOptions, BrakeOptions {
  readonly initial: readonly InitialSnapshot[];
  readonly orders: OrderStore;
  readonly onStopped: (isStopped: boolean) => void;
  /** Aborted when the attempt ends. */
  readonly ending: AbortSignal;
}

const LOOK_EVERY_MS = 2000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * The snapshots of one attempt: looks at the orders, and takes one snapshot after the other, a
 * chunk at a time, on a connection of its own. What breaks that connection makes it wait and go on;
 * the stream is not held up by it.
 */
export class Snapshots implements Disposable {
  readonly #options: SnapshotsOptions;
  readonly #progress: SavedProgress;
  readonly #reports: SnapshotReports;
  #active: ActiveSnapshot | null = null;
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
    this.#progress = new SavedProgress(options);
    this.#reports = new SnapshotReports(options.orders, options.log);
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
      while (!active.isLeft) {
        const room = await this.#brake.look(active.last);
        if (room === "behind")
          active.report = { ...active.report, state: "resting", reason: "the stream is behind" };
        if (room !== "free" || active.isLeft) return;
        await active.chunk();
        if (active.complete !== null) await this.#complete(active, active.complete);
        this.#failures = 0;
      }
    } catch (error) {
      // One that was paused or cancelled while a chunk was read ends with an error of its own.
      if (!active.isLeft && !this.#options.ending.aborted) await this.#onError(active, error);
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
        await this.#progress.forget(order.id);
        continue;
      }
      const now = report ?? NOTHING;
      const active = this.#active?.order.id === order.id ? this.#active : null;
      // All is handed over, and it is reported complete as soon as that is acknowledged.
      if (active !== null && active.complete !== null) {
        chosen ??= found;
        continue;
      }
      const latest = active?.report ?? now;
      if (order.wanted === "cancel") {
        if (active !== null) this.#leave();
        await this.#progress.forget(order.id);
        await this.#reports.write(order, { ...latest, state: "cancelled", reason: "" });
      } else if (order.wanted === "pause") {
        if (active !== null) this.#leave();
        if (now.state !== "paused" && now.state !== "stopped")
          await this.#reports.write(order, { ...latest, state: "paused", reason: "" });
      } else if (chosen === null) {
        chosen = found;
      } else if (now.state !== "waiting" || report === null) {
        await this.#reports.write(order, { ...now, state: "waiting", reason: "" });
      }
    }
    if (chosen === null) return this.#leave();
    if (this.#active?.order.id === chosen.order.id) return this.#active.tell();
    this.#leave();
    if (this.#isDisposed) return;
    this.#active = new ActiveSnapshot(chosen.order, chosen.report ?? NOTHING, this.#options, {
      brake: this.#brake,
      progress: this.#progress,
      reports: this.#reports,
    });
  }

  async #complete(active: ActiveSnapshot, progress: SnapshotProgress): Promise<void> {
    // It is over once the offset says so: otherwise the next attempt would take it again.
    await this.#options.saved();
    const report = {
      ...active.report,
      ...reported(progress),
      state: "complete",
      reason: "",
    } as const;
    await this.#alone(async () => {
      if (active.isLeft) return;
      await this.#reports.write(active.order, report);
      this.#options.log.info(
        { snapshot: active.order.id, rows: progress.rows, chunks: progress.chunks },
        "a snapshot is complete",
      );
      this.#end();
    });
  }

  async #onError(active: ActiveSnapshot, error: unknown): Promise<void> {
    const { log } = this.#options;
    const isBegun = active.report.begunMs !== null;
    const final = sentenceOf(error);
    active.disconnect();
    if (final !== null) {
      const state = error instanceof SnapshotRefusedError && !isBegun ? "refused" : "stopped";
      log.error(
        { snapshot: active.order.id, error: describeError(error) },
        `a snapshot is ${state}`,
      );
      return this.#alone(async () => {
        if (active.isLeft) return;
        await this.#reports.write(active.order, { ...active.report, state, reason: final });
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

  /** Leaves the one that is over; the next one that is ordered need not wait. */
  #end(): void {
    this.#leave();
    this.#lookAtMs = 0;
  }

  #leave(): void {
    this.#options.tap.unwatch();
    this.#active?.leave();
    this.#active = null;
  }
}
