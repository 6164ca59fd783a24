import type { BenchmarkRun, Figure } from "../benchmark.ts";
import type { Load } from "./load.ts";
import type { Cost, GrowthRig } from "./rig.ts";

/**
 * The bound for the ratio to the smallest size. A cost that doubles with the size exceeds it by
 * far; a constant cost is below it, including the noise of a machine.
 */
const FLAT = { atMost: 2 };
/** So slow that each transaction becomes its own frame and invocation. */
const TRICKLE_PER_SECOND = 50;

export interface SeriesOptions {
  readonly run: Pick<BenchmarkRun, "report" | "progress" | "signal">;
  /** How many changes a backlog has, and how many a trickle has. */
  readonly backlog: number;
  readonly trickle: number;
}

interface BacklogFigure {
  readonly what: string;
  readonly changes: number;
  readonly target?: Figure["target"];
}

interface Measured {
  readonly size: number;
  readonly cost: Cost;
}

/**
 * The cost of one change at several sizes, reported beside that at the smallest size, which is
 * measured first. There are two loads. A backlog has full frames, so it shows the cost of the
 * changes themselves. In a trickle each change is a frame, an invocation and a message, so it shows
 * the cost of these.
 */
export class Series {
  readonly #options: SeriesOptions;
  readonly #what: string;
  #backlogAtSmallest: Measured | null = null;
  #trickleAtSmallest: Measured | null = null;

  /** `what` follows the size in the name of the work. */
  constructor(options: SeriesOptions, what: string) {
    this.#options = options;
    this.#what = what;
  }

  /** Measures a load whose work per change is the same at all sizes. */
  async measure(rig: GrowthRig, size: number, load: Load): Promise<void> {
    const { backlog } = this.#options;
    await this.#measureBacklog(rig, size, load, {
      what: this.#what,
      changes: backlog,
      target: FLAT,
    });
    await this.#measureTrickle(rig, size, load);
  }

  /**
   * Measures a load whose work per change differs, for the reason that `what` gives. It has no
   * target. Half as many changes suffice, because each costs more.
   */
  async measureOther(
    rig: GrowthRig,
    size: number,
    load: Load,
    what: string = this.#what,
  ): Promise<void> {
    await this.#measureBacklog(rig, size, load, { what, changes: this.#options.backlog / 2 });
  }

  async #measureBacklog(
    rig: GrowthRig,
    size: number,
    load: Load,
    { what, changes, target }: BacklogFigure,
  ): Promise<void> {
    const work = `${size} ${what}, backlog`;
    this.#begin(work);
    const cost = await rig.backlog(load, changes);
    const smallest = this.#backlogAtSmallest;
    this.#reportCost(work, cost, smallest, target);
    this.#options.run.report({
      work,
      name: "delivered",
      value: cost.changesPerSecond,
      unit: "changes/s",
      ...(smallest !== null && {
        beside: { name: `at ${smallest.size}`, value: smallest.cost.changesPerSecond },
      }),
    });
    this.#backlogAtSmallest ??= { size, cost };
  }

  async #measureTrickle(rig: GrowthRig, size: number, load: Load): Promise<void> {
    const work = `${size} ${this.#what}, ${TRICKLE_PER_SECOND}/s`;
    this.#begin(work);
    const cost = await rig.trickle(load, this.#options.trickle, TRICKLE_PER_SECOND);
    this.#reportCost(work, cost, this.#trickleAtSmallest, FLAT);
    this.#trickleAtSmallest ??= { size, cost };
  }

  #begin(work: string): void {
    const { signal, progress } = this.#options.run;
    signal.throwIfAborted();
    progress(work);
  }

  #reportCost(
    work: string,
    { microseconds }: Cost,
    smallest: Measured | null,
    target?: Figure["target"],
  ): void {
    this.#options.run.report({
      work,
      name: "processor time",
      value: microseconds,
      unit: "µs/change",
      ...(smallest !== null && {
        beside: { name: `at ${smallest.size}`, value: smallest.cost.microseconds },
        ...(target !== undefined && { target }),
      }),
    });
  }
}
