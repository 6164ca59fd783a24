import type { LaneProgress } from "./lane-layout.ts";

/** How long an attempt uses another number of lanes than is configured, at least. The change interrupts the reading for a moment. */
const LAYOUT_MS = 5 * 60_000;

/** Ends an attempt when the number of lanes that is configured may come into use: while nothing may be parked. */
export class LayoutWatch {
  readonly #isPending: boolean;
  readonly #readLanes: () => Promise<ReadonlyMap<number, LaneProgress>>;
  readonly #everyMs: number;
  readonly #end = new AbortController();
  #askedMs = performance.now();

  constructor(
    isPending: boolean,
    readLanes: () => Promise<ReadonlyMap<number, LaneProgress>>,
    everyMs = LAYOUT_MS,
  ) {
    this.#everyMs = everyMs;
    this.#isPending = isPending;
    this.#readLanes = readLanes;
  }

  /** Aborted when the attempt is to end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** To be called again and again. Trouble of the table may pass: the next look asks again. */
  async look(): Promise<void> {
    if (!this.#isPending || performance.now() - this.#askedMs < this.#everyMs) return;
    this.#askedMs = performance.now();
    const lanes = await this.#readLanes().catch(() => null);
    if (lanes === null) return;
    if ([...lanes.values()].every(({ troubled }) => troubled.size === 0)) this.#end.abort();
  }
}
