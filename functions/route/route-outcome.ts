import type { LaneState } from "../delivery/lanes-table.ts";
import type { FanOut } from "../message/fan-out.ts";

/** What became of frames. */
export type RouteOutcome =
  | { readonly kind: "repeat"; readonly lane: LaneState }
  | {
      readonly kind: "routed";
      /** The lane after the frames. */
      readonly lane: LaneState;
      /**
       * How many frames were delivered; those that were offered beyond these have not been touched.
       */
      readonly delivered: number;
      /** What was delivered of each frame, or of each slice of one. */
      readonly frames: readonly FrameTally[];
      /** Changes that were parked because their author is not known. */
      readonly unattributed: number;
      /** Queues for which messages were parked, and how many changes' deliveries that is. */
      readonly parked: ReadonlyMap<string, number>;
      /** Exceptions of our own code, for which changes were parked. */
      readonly faults: readonly Fault[];
    };

export type FrameTally = Omit<FanOut, "queues" | "undecided">;

/** `queueName`: null when our own code failed to decide which queues get the changes. */
export interface Fault {
  readonly queueName: string | null;
  readonly error: string;
  readonly changes: number;
}

/** What became of a frame that was delivered in slices, as if it had been delivered at once. */
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
