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
