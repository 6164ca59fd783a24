import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../reporting/log.ts";
import { layoutStep, type LaneProgress } from "./lane-layout.ts";
import type { Offset } from "./offset.ts";

export interface ChooseLanesOptions {
  readonly offset: Offset;
  /** As configured. */
  readonly wanted: number;
  readonly readLanes: (lanes: Iterable<number>) => Promise<ReadonlyMap<number, LaneProgress>>;
  readonly onWait: () => void;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Pause between two looks, and how long the lanes may stand still, milliseconds. */
  readonly lookMs?: number;
  readonly stillMs?: number;
}

const WAITING = "waiting until the former lanes are delivered";

/**
 * How many lanes an attempt uses: as many as are configured, as soon as no order can break by it;
 * until then as many as before. Waits for the frames of the present lanes as long as their delivery
 * makes progress.
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
        step.kind === "keep" ? step.why : `the lanes ${step.lanes.join(", ")} stand still`;
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
