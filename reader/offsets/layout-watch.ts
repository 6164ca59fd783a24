import type { PositionText } from "../../wire/position.ts";
import { waitingLanes, type LaneProgress } from "./lane-layout.ts";

/**
 * The shortest time before an attempt ends to change the number of lanes, because the change
 * briefly interrupts reading.
 */
const LAYOUT_MS = 5 * 60_000;

export interface LayoutWatchOptions {
  /** Whether the configured and the used number of lanes differ. */
  readonly isPending: boolean;
  /** The last position that was sent in each lane. */
  readonly sent: () => ReadonlyMap<number, PositionText>;
  readonly readLanes: (lanes: Iterable<number>) => Promise<ReadonlyMap<number, LaneProgress>>;
  readonly everyMs?: number;
}

/**
 * Ends an attempt so that the next one can use the configured number of lanes. It does so only if
 * nothing may be parked and every lane with undelivered frames has advanced since the last look:
 * for a lane without progress, the next attempt would stop reading and wait until it gives up.
 */
export class LayoutWatch {
  readonly #options: LayoutWatchOptions;
  readonly #end = new AbortController();
  #askedMs = performance.now();
  /** The lanes' progress at the last look. */
  #before: ReadonlyMap<number, LaneProgress> | null = null;

  constructor(options: LayoutWatchOptions) {
    this.#options = options;
  }

  /** Aborted when the attempt should end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Called periodically. An error of the table is ignored until the next look. */
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
