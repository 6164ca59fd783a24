import type { LaneState } from "../delivery/lanes-table.ts";
import type { FanOut } from "../message/fan-out.ts";

/** The result of routing frames. */
export type RouteOutcome =
  | { readonly kind: "repeat"; readonly lane: LaneState }
  | {
      readonly kind: "routed";
      /** The lane after the frames. */
      readonly lane: LaneState;
      /**
       * The number of delivered frames. The other frames that were passed were not handled.
       */
      readonly delivered: number;
      /** The statistics of each frame, or of each slice of a frame. */
      readonly frames: readonly FrameTally[];
      /** Number of changes that were parked because their author is unknown. */
      readonly unattributed: number;
      /** The number of parked changes per queue, for queues with parked messages. */
      readonly parked: ReadonlyMap<string, number>;
      /** Exceptions caused by bugs, for which changes were parked. */
      readonly faults: readonly Fault[];
    };

export type FrameTally = Omit<FanOut, "queues" | "undecided">;

/** `queueName` is null when the router failed to decide which queues receive the changes. */
export interface Fault {
  readonly queueName: string | null;
  readonly error: string;
  readonly changes: number;
}

/** Combines the outcomes of a frame's slices into the outcome of the whole frame. */
export function mergeOutcomes(before: RouteOutcome | null, next: RouteOutcome): RouteOutcome {
  if (before === null || before.kind === "repeat") return next;
  if (next.kind === "repeat") return { ...before, lane: next.lane };
  const parked = new Map(before.parked);
  for (const [queueName, changes] of next.parked) {
    parked.set(queueName, (parked.get(queueName) ?? 0) + changes);
  }
  return {
    kind: "routed",
    lane: next.lane,
    delivered: 1,
    frames: [...before.frames, ...next.frames],
    unattributed: before.unattributed + next.unattributed,
    parked,
    faults: [...before.faults, ...next.faults],
  };
}
