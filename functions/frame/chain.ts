import type { FrameHeader } from "../../wire/frame.ts";
import { epochOf, type PositionText } from "../../wire/position.ts";

/** How far a lane was delivered. */
export interface LanePosition {
  /** Of the frame delivered last. Null before the first frame. */
  readonly delivered: PositionText | null;
  /**
   * The name of the life that `delivered` belongs to; null where the frame had none, as those of
   * earlier releases.
   */
  readonly life: string | null;
  /**
   * The last position delivered in each other life, by the life's name. Undefined where an earlier
   * release wrote the item, which did not remember them.
   */
  readonly others?: ReadonlyMap<string, PositionText> | undefined;
}

/**
 * What a frame is to a lane: delivered already, its turn (changes after `after` are new), or
 * evidence of a loss.
 */
export type ChainStep =
  | { readonly kind: "repeat" }
  | { readonly kind: "deliver"; readonly after: PositionText | null }
  | { readonly kind: "gap" };

type Place = Pick<FrameHeader, "first" | "last" | "previous" | "life">;

/**
 * The position chain. A frame says that nothing of its lane lies between `previous` and `first`; so
 * nothing is missing as long as `previous` is not beyond what was delivered. That covers the
 * ordinary next frame (`previous = delivered`), and frames that a restarted reader cut differently,
 * of which only the rest is new.
 *
 * First start: a lane without a delivered position takes only a frame that says it is the first
 * (`previous: null`); when the lane's item was lost, that is a gap, because nobody knows what was
 * delivered. A lane with a delivered position takes a frame without `previous` only when its epoch
 * is later: the coordinates start again by an operator's explicit act.
 *
 * Each life has a chain of its own: a frame is a repeat only where the lane was delivered up to it
 * in the frame's own life. Where one of the two has no name, as in earlier releases, the epochs
 * alone tell lives apart.
 */
export function chainStep(lane: LanePosition, frame: Place): ChainStep {
  const { delivered, life, others } = lane;
  if (delivered === null) {
    return frame.previous === null ? { kind: "deliver", after: null } : { kind: "gap" };
  }
  if (frame.life === undefined || life === null || frame.life === life) {
    return stepWithin(delivered, frame);
  }
  const known = others?.get(frame.life);
  return known === undefined
    ? stepIntoLife({ delivered, others }, frame)
    : stepWithin(known, frame);
}

/**
 * Lives that a lane remembers beside that of its delivered position. A life ends by a failover or
 * an operator's act.
 */
const OTHERS = 20;

/** Where a lane is once a frame is delivered. */
export function endOf({ delivered, life, others }: LanePosition, frame: Place): LanePosition {
  const next = { delivered: frame.last, life: frame.life ?? null };
  if (life === null || delivered === null || life === next.life) return { ...next, others };
  const left = new Map(others).set(life, delivered);
  if (next.life !== null) left.delete(next.life);
  const latest = [...left].sort(([, a], [, b]) => (a < b ? 1 : -1)).slice(0, OTHERS);
  return { ...next, others: new Map(latest) };
}

/** `delivered` and the frame's positions belong to one life. */
function stepWithin(delivered: PositionText, { first, last, previous }: Place): ChainStep {
  if (last <= delivered) return { kind: "repeat" };
  const contiguous =
    previous === null
      ? first <= delivered || epochOf(first) > epochOf(delivered)
      : previous <= delivered;
  return contiguous ? { kind: "deliver", after: delivered } : { kind: "gap" };
}

/**
 * A frame of a life of which the lane has had nothing: all its changes are new. It begins anew, or
 * it goes on from the last position of an earlier life, which the epoch of `previous` tells.
 */
function stepIntoLife(
  { delivered, others }: Pick<LanePosition, "others"> & { readonly delivered: PositionText },
  { first, previous }: Place,
): ChainStep {
  // The earlier release dropped what came from an earlier life, and did not remember whether it had
  // been delivered.
  if (others === undefined && epochOf(first) < epochOf(delivered)) return { kind: "repeat" };
  if (previous === null) return { kind: "deliver", after: null };
  const epoch = epochOf(previous);
  const reached = [delivered, ...(others?.values() ?? [])].filter(
    (position) => epochOf(position) === epoch,
  );
  const goesOn =
    reached.length > 0
      ? epoch < epochOf(first) && reached.every((position) => previous <= position)
      : epochOf(first) > epochOf(delivered) && previous <= delivered;
  return goesOn ? { kind: "deliver", after: null } : { kind: "gap" };
}
