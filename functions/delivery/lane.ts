import type { PositionText } from "../../wire/position.ts";

/** What the route function remembers of a lane, one item of the offsets table. */
export interface LaneState {
  readonly lane: number;
  /** The last position delivered (or parked); null before the first frame. */
  readonly delivered: PositionText | null;
  /** Queues whose stream of this lane may be open. A queue that is not listed has no open stream. */
  readonly troubled: ReadonlySet<string>;
  /** Counts the writes; 0 when there is no item. */
  readonly version: number;
}

export interface Lanes {
  read(lane: number): Promise<LaneState>;
  /** Writes the next state if nobody else wrote since `from` was read; returns it. Throws OwnTroubleError otherwise. */
  write(
    from: LaneState,
    next: { readonly delivered: PositionText | null; readonly troubled: ReadonlySet<string> },
  ): Promise<LaneState>;
}
