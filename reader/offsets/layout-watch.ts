import type { PositionText } from "../../wire/position.ts";
import { waitingLanes, type LaneProgress } from "./lane-layout.ts";

/**
 * How long an attempt uses another number of lanes than is configured, at least. The change
 * interrupts the reading for a moment.
 */
const LAYOUT_MS = 5 * 60_000;

export interface LayoutWatchOptions {
  /** Whether another number of lanes is configured than is used. */
  readonly isPending: boolean;
  /** The last position that each lane was sent. */
  readonly sent: () => ReadonlyMap<number, PositionText>;
  readonly readLanes: (lanes: Iterable<number>) => Promise<ReadonlyMap<number, LaneProgress>>;
  readonly everyMs?: number;
}

/**
 * Ends an attempt when the number of lanes that is configured may come into use: while nothing may
 * be parked, and no lane waits that is not known to have moved since the look before. Waiting for
 * such a lane would stop the reading in vain.
 */
export class LayoutWatch {
  readonly #options: LayoutWatchOptions;
  readonly #end = new AbortController();
  #askedMs = performance.now();
  /** What the last look found. */
  #before: ReadonlyMap<number, LaneProgress> | null = null;

  constructor(options: LayoutWatchOptions) {
    this.#options = options;
  }

  /** Aborted when the attempt is to end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** To be called again and again. Trouble of the table may pass: the next look asks again. */
  async look(): Promise<void> {
    const { isPending, sent, readLanes, everyMs = LAYOUT_MS } = this.#options;
    if (!isPending || performance.now() - this.#askedMs < everyMs) return;
    this.#askedMs = performance.now();
    const lanes = sent();
    const progress = await readLanes(lanes.keys()).catch(() => null);
    if (progress === null) return;
    const before = this.#before;
    this.#before = progress;
    const isStill = waitingLanes(lanes, progress).some(
      (lane) => before === null || before.get(lane)?.delivered === progress.get(lane)?.delivered,
    );
    const isTroubled = [...progress.values()].some(({ troubled }) => troubled.size > 0);
    if (!isStill && !isTroubled) this.#end.abort();
  }
}
