import type { FrameHeader } from "../../wire/frame.ts";
import type { PositionText } from "../../wire/position.ts";

/** How far a lane was delivered. */
export interface LanePosition {
  /** Null before the first frame. */
  readonly delivered: PositionText | null;
  /** The name of the life that `delivered` belongs to; null where the frame had none, as those of earlier releases. */
  readonly life: string | null;
}

/** What a frame is to a lane: delivered already, its turn (changes after `after` are new), or evidence of a loss. */
export type ChainStep =
  | { readonly kind: "repeat" }
  | { readonly kind: "deliver"; readonly after: PositionText | null }
  | { readonly kind: "gap" };

type Place = Pick<FrameHeader, "first" | "last" | "previous" | "life">;

/**
 * The position chain. A frame says that nothing of its lane lies between `previous` and `first`; so nothing is missing as
 * long as `previous` is not beyond what was delivered. That covers the ordinary next frame (`previous = delivered`), and
 * frames that a restarted reader cut differently, of which only the rest is new.
 *
 * First start: a lane without a delivered position takes only a frame that says it is the first (`previous: null`); when
 * the lane's item was lost, that is a gap, because nobody knows what was delivered. A lane with a delivered position takes
 * a frame without `previous` only when its epoch is later: the coordinates start again by an operator's explicit act.
 *
 * Positions of two lives are not compared beyond their epochs, which grow from life to life. Where one of the two has no
 * name, as in earlier releases, the epochs alone tell lives apart.
 */
export function chainStep(lane: LanePosition, frame: Place): ChainStep {
  const { first, last, previous } = frame;
  const { delivered } = lane;
  if (delivered === null) {
    return previous === null ? { kind: "deliver", after: null } : { kind: "gap" };
  }
  if (frame.life !== undefined && lane.life !== null && frame.life !== lane.life) {
    return stepIntoLife(delivered, frame);
  }
  if (last <= delivered) return { kind: "repeat" };
  const contiguous =
    previous === null
      ? first <= delivered || epochOf(first) > epochOf(delivered)
      : previous <= delivered;
  return contiguous ? { kind: "deliver", after: delivered } : { kind: "gap" };
}

/** Where a lane is once a frame is delivered. */
export function endOf({ last, life }: Place): LanePosition {
  return { delivered: last, life: life ?? null };
}

/**
 * A frame of another life than the lane's. An earlier life ended before the lane's began, and what of it was not delivered
 * was read again. A later one goes on from the former one's last position, or begins anew: all its changes are new.
 */
function stepIntoLife(delivered: PositionText, { first, previous }: Place): ChainStep {
  if (epochOf(first) < epochOf(delivered)) return { kind: "repeat" };
  if (previous === null) return { kind: "deliver", after: null };
  const isLater = epochOf(first) > epochOf(delivered);
  return isLater && previous <= delivered ? { kind: "deliver", after: null } : { kind: "gap" };
}

/** Positions sort as text, and so do their epochs. */
function epochOf(position: PositionText): string {
  return position.slice(0, position.indexOf("."));
}
