import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../reporting/log.ts";
import { layoutStep, type LaneProgress } from "./lane-layout.ts";
import type { Offset } from "./offset.ts";

export interface ChooseLanesOptions {
  readonly offset: Offset;
  /** The configured number of lanes. */
  readonly wanted: number;
  readonly readLanes: (lanes: Iterable<number>) => Promise<ReadonlyMap<number, LaneProgress>>;
  readonly onWait: () => void;
  readonly log: Log;
  readonly signal: AbortSignal;
  /**
   * The pause between two looks (`lookMs`), and how long delivery may make no progress (`stillMs`),
   * milliseconds.
   */
  readonly lookMs?: number;
  readonly stillMs?: number;
}

const WAITING = "waiting until the former lanes are delivered";

/**
 * Returns the number of lanes for an attempt: the configured number once the change cannot break
 * the order of changes, until then the former number. Waits for the delivery of the former lanes'
 * frames while it makes progress.
 */
export async function chooseLanes({
  offset,
  wanted,
  readLanes,
  onWait,
  log,
  signal,
  lookMs = 1000,
  stillMs = 60_000,
}: ChooseLanesOptions): Promise<number> {
  const present = offset.laneCount ?? wanted;
  if (present === wanted) return wanted;
  let seen: string | null = null;
  let movedMs = performance.now();
  for (;;) {
    const progress = await readLanes(offset.lanes.keys());
    const step = layoutStep(offset, progress);
    if (step.kind === "change") {
      log.info({ before: present, lanes: wanted }, "the number of lanes changes");
      return wanted;
    }
    const now = [...progress.values()].map(({ delivered }) => delivered).join();
    if (now !== seen) movedMs = performance.now();
    const isStill = performance.now() - movedMs >= stillMs;
    if (step.kind === "keep" || isStill) {
      const why =
        step.kind === "keep" ? step.why : `the lanes ${step.lanes.join(", ")} make no progress`;
      log.warn({ lanes: present, wanted, why }, "the number of lanes cannot change yet");
      return present;
    }
    if (seen === null) {
      onWait();
      log.info({ lanes: present, wanted }, WAITING);
    }
    seen = now;
    await delay(lookMs, undefined, { signal });
  }
}
