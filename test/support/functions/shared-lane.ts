import { setTimeout as delay } from "node:timers/promises";
import { expect, vi } from "vitest";
import type { Consumer, Receipt } from "./consumer.ts";
import { TestLane, withShapes, type TestChange } from "./frames.ts";
import type { Pipeline } from "./pipeline.ts";

/**
 * Interval of the frames in each of two lanes; the reader leaves 20 ms between frames with space.
 */
const FRAME_EVERY_MS = 25;
/**
 * The table of the control lane. Its frames never concern staging, so delays in it come from the
 * machine.
 */
const CONTROL_TABLE = "shop.control";

/** Percentiles of delays, milliseconds. */
export interface Delays {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Production's delays during some time. */
export interface Measured {
  readonly lane: Delays;
  /** Delays in the control lane, which production has for itself. */
  readonly control: Delays;
  /** Delays in the shared lane of frames that were sent after a time. */
  readonly laneAfter: (atMs: number) => Delays;
}

/**
 * Load on a lane in which every frame has a change of production and one of staging, and on a
 * control lane with changes of production only.
 */
export class SharedLane {
  readonly #pipeline: Pipeline;
  readonly #production: Consumer;
  readonly #lane = new TestLane(0);
  readonly #control = new TestLane(1);
  /** The time at which a change was sent, by its number. */
  readonly #sentAt = { lane: new Map<number, number>(), control: new Map<number, number>() };
  /** The changes of the shared lane; the n-th has the number n. */
  readonly #changes: TestChange[] = [];
  #frames = 0;

  constructor(pipeline: Pipeline, production: Consumer) {
    this.#pipeline = pipeline;
    this.#production = production;
  }

  /** How many frames each lane has so far. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Sends frames to both lanes and waits until production has received them. `further`: additional
   * changes in the frames of the shared lane.
   */
  async load(
    seconds: number,
    further: (frame: number) => readonly TestChange[] = () => [],
  ): Promise<Measured> {
    const from = this.#production.receipts.length;
    const until = Date.now() + seconds * 1000;
    while (Date.now() < until) {
      const next = delay(FRAME_EVERY_MS);
      await this.#send(further(this.frames));
      await next;
    }
    const all = this.#sentAt.lane.size + this.#sentAt.control.size;
    await vi.waitFor(() => expect(this.#production.receipts).toHaveLength(all), 60_000);
    const delays = this.#production.receipts.slice(from).map((receipt) => this.#delayOf(receipt));
    const inLane = delays.filter(({ isAlone }) => !isAlone);
    return {
      lane: summary(inLane.map(({ ms }) => ms)),
      control: summary(delays.filter(({ isAlone }) => isAlone).map(({ ms }) => ms)),
      laneAfter: (atMs) =>
        summary(inLane.filter(({ sentAt }) => sentAt > atMs).map(({ ms }) => ms)),
    };
  }

  /** The numbers of the row changes that a user has made in a table so far. */
  written(user: string, table: string): number[] {
    return this.#changes.flatMap((change, index) =>
      change.user === user && change.table === table && change.op !== "ddl" ? [index + 1] : [],
    );
  }

  async #send(further: readonly TestChange[]): Promise<void> {
    const changes = ["app_prod", "app_staging"].map((user) => ({ user, table: "shop.orders" }));
    this.#sentAt.lane.set(this.#changes.length + 1, Date.now());
    this.#changes.push(...changes, ...further);
    const shared = this.#lane.frame([...changes, ...further]);
    await this.#pipeline.send(further.length === 0 ? shared : withShapes(shared), 0);
    this.#sentAt.control.set(++this.#frames, Date.now());
    const own = this.#control.frame([{ user: "app_prod", table: CONTROL_TABLE }]);
    await this.#pipeline.send(own, 1);
  }

  #delayOf(receipt: Receipt) {
    const times = isControl(receipt) ? this.#sentAt.control : this.#sentAt.lane;
    const sentAt = times.get(numberOf(receipt)) ?? 0;
    return { isAlone: isControl(receipt), sentAt, ms: receipt.atMs - sentAt };
  }
}

/** The numbers of the changes of a table that a consumer has received, in order. */
export function received({ receipts }: Consumer, table: string): number[] {
  return receipts.filter((receipt) => tableOf(receipt) === table).map(numberOf);
}

function isControl(receipt: Receipt): boolean {
  return tableOf(receipt) === CONTROL_TABLE;
}

function tableOf({ change: { source } }: Receipt): string {
  return `${source.db}.${source.table}`;
}

function numberOf({ change }: Receipt): number {
  return change.after?.["n"] as number;
}

export function summary(delays: readonly number[]): Delays {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
