import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../../wire/backoff.ts";
import { type FoundSnapshot, isOver } from "../../wire/snapshot-items.ts";
import type { SnapshotProgress } from "../frames/snapshot-progress.ts";
import { describeError } from "../reporting/log.ts";
import { ActiveSnapshot, type ActiveSnapshotOptions } from "./active-snapshot.ts";
import { Brake, type BrakeOptions } from "./brake.ts";
import { SnapshotRefusedError } from "./errors.ts";
import { type InitialSnapshots, tendInitial } from "./initial-orders.ts";
import type { OrderStore } from "./order-store.ts";
import { SavedProgress, type SavedProgressOptions } from "./saved-progress.ts";
import { NOTHING, reported, SnapshotReports } from "./snapshot-reports.ts";
import { sentenceOf } from "./trouble-sentence.ts";

export interface SnapshotsOptions
  extends ActiveSnapshotOptions, SavedProgressOptions, BrakeOptions {
  readonly initial: InitialSnapshots;
  readonly orders: OrderStore;
  readonly onStopped: (isStopped: boolean) => void;
  /** Aborted when the attempt ends. */
  readonly ending: AbortSignal;
}

const LOOK_EVERY_MS = 2000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Takes the snapshots of one attempt: reads the orders, and takes one snapshot after the other,
 * chunk by chunk, on a separate connection. When that connection breaks, it waits and continues;
 * the stream does not wait for it.
 */
export class Snapshots implements Disposable {
  readonly #options: SnapshotsOptions;
  readonly #progress: SavedProgress;
  readonly #reports: SnapshotReports;
  #active: ActiveSnapshot | null = null;
  #failures = 0;
  #lookAtMs = 0;
  /** The running `#read`; null when none runs. */
  #reading: Promise<void> | null = null;
  #isDisposed = false;
  /** Resolves when the last action of `#alone` has ended. */
  #turn: Promise<void> = Promise.resolve();
  readonly #brake: Brake;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#brake = new Brake(options);
    this.#progress = new SavedProgress(options);
    this.#reports = new SnapshotReports(options.orders, options.log);
  }

  /**
   * Called periodically. Reads the orders when that is due, and chunks. Resolves at the latest when
   * the attempt ends or the orders must be read again, even if a chunk is still being read.
   */
  async step(): Promise<void> {
    const { ending } = this.#options;
    if (ending.aborted) return;
    const over = new AbortController();
    const ended = Promise.withResolvers<void>();
    const end = (): void => ended.resolve();
    ending.addEventListener("abort", end, { once: true });
    const work = this.#work(over.signal);
    // When the attempt ends, `work` may wait for something that never happens.
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

  /** Reads chunks while the snapshot is active and the brake allows it. */
  async #read(): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    try {
      while (!active.isLeft) {
        const room = await this.#brake.look();
        if (room === "behind")
          active.report = { ...active.report, state: "resting", reason: "the stream is behind" };
        if (room !== "free" || active.isLeft || active.mustPause) return;
        await active.part();
        if (active.complete !== null) await this.#complete(active, active.complete);
        this.#failures = 0;
      }
    } catch (error) {
      // A snapshot that was paused or cancelled during a chunk ends with an expected error.
      if (!active.isLeft && !this.#options.ending.aborted) await this.#onError(active, error);
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#leave();
  }

  /**
   * Runs actions one after the other, so that a look at the orders does not overlap with the end of
   * a snapshot.
   */
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
      await tendInitial(initial, orders, known, Date.now()).catch((error: unknown) =>
        // No room for an order must not keep others from being paused or cancelled.
        log.warn({ error: describeError(error) }, "the initial snapshots cannot be ordered"),
      );
      onStopped(
        known.some(({ order, report }) => order.wanted === "pause" && report?.state === "stopped"),
      );
      await this.#choose(known);
    } catch (error) {
      log.warn({ error: describeError(error) }, "the orders for snapshots cannot be read");
    }
    this.#lookAtMs = performance.now() + LOOK_EVERY_MS;
  }

  /** Makes the oldest wanted order the active snapshot; the others wait. */
  async #choose(known: readonly FoundSnapshot[]): Promise<void> {
    let chosen: FoundSnapshot | null = null;
    for (const found of known) {
      const { order, report, isDropped } = found;
      if (isDropped && order.wanted !== "cancel" && report?.state !== "refused") {
        await this.#stopDropped(found);
        continue;
      }
      if (report !== null && isOver(report.state)) {
        await this.#progress.forget(order.id);
        continue;
      }
      const now = report ?? NOTHING;
      const active = this.#active?.order.id === order.id ? this.#active : null;
      // All its rows are handed over. It is reported as complete once they are acknowledged, even
      // if it is paused or cancelled now.
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
        active?.wantPause(true);
        if (active !== null && chosen === null && !active.mustPause) {
          chosen = found;
          continue;
        }
        if (active !== null) this.#leave();
        if (now.state !== "paused" && now.state !== "stopped")
          await this.#reports.write(order, { ...latest, state: "paused", reason: "" });
      } else if (chosen === null) {
        active?.wantPause(false);
        chosen = found;
      } else if (now.state !== "waiting" || report === null) {
        await this.#reports.write(order, { ...now, state: "waiting", reason: "" });
      }
    }
    if (chosen === null) return this.#leave();
    if (this.#active?.order.id === chosen.order.id) return this.#active.tell();
    this.#leave();
    if (this.#isDisposed) return;
    // Until it begins: the brake may hold it.
    const report = { ...(chosen.report ?? NOTHING), state: "waiting", reason: "" } as const;
    this.#active = new ActiveSnapshot(chosen.order, report, this.#options, {
      brake: this.#brake,
      progress: this.#progress,
      reports: this.#reports,
    });
  }

  /** Stops a snapshot of which rows were dropped, also when all its rows had been handed over. */
  async #stopDropped({ order, report }: FoundSnapshot): Promise<void> {
    const { inFlight, saved, orders, log, onStopped } = this.#options;
    const latest = (this.#active?.order.id === order.id ? this.#active.report : report) ?? NOTHING;
    if (this.#active?.order.id === order.id) this.#leave();
    // A frame that is acknowledged later would bring the progress back.
    await inFlight.sent();
    await saved();
    await this.#progress.forget(order.id);
    log.error({ snapshot: order.id }, "a snapshot is stopped: its subscriber has no queue");
    const reason = `The configuration has no queue for ${order.subscriber} in ${order.environment}, so rows were dropped. Cancel the snapshot. Or deploy a configuration with that queue, and resume the snapshot: it begins again from the first row.`;
    await orders.dropped(order.id, { ...latest, state: "stopped", reason, updatedMs: Date.now() });
    onStopped(true);
  }

  async #complete(active: ActiveSnapshot, progress: SnapshotProgress): Promise<void> {
    // The offset must be saved first: otherwise the next attempt would repeat the snapshot.
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

  /** Leaves the finished snapshot, and lets the next step read the orders at once. */
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
