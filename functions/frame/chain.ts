import type { FrameHeader } from "../../wire/frame.ts";
import { epochOf, type PositionText } from "../../wire/position.ts";

/** How far a lane was delivered. */
export interface LanePosition {
  /**
   * The last delivered position in the latest life of which a frame was delivered; null before the
   * first frame.
   */
  readonly delivered: PositionText | null;
  /**
   * The name of the life that `delivered` belongs to; null when the frame had none, as in earlier
   * releases.
   */
  readonly life: string | null;
  /**
   * The last delivered position in each other life, by the life's name or, for lives without a
   * name, by `namelessLife`. undefined when they are unknown: an earlier release made the item, and
   * since then no frame of another life was delivered.
   */
  readonly others?: ReadonlyMap<string, PositionText> | undefined;
}

/**
 * How a frame relates to a lane: it was delivered already (`repeat`), it is next (`deliver`;
 * changes after `after` are new), or frames before it are missing (`gap`).
 */
export type ChainStep =
  | { readonly kind: "repeat" }
  | { readonly kind: "deliver"; readonly after: PositionText | null }
  | { readonly kind: "gap" };

type FrameExtent = Pick<FrameHeader, "first" | "last" | "previous" | "life">;
type FrameStart = Pick<FrameExtent, "first" | "life">;

/**
 * Checks a frame against the position chain. The lane has no changes between a frame's `previous`
 * and `first`, so nothing is missing if `previous` is at or before the delivered position. This
 * holds for the ordinary next frame (`previous = delivered`), and for frames that a restarted
 * reader cut differently, of which only the rest is new.
 *
 * A lane without a delivered position accepts only the first frame (`previous: null`). Any other
 * frame is a gap, because the lane's item may be lost and the delivered position is then unknown.
 *
 * A frame without `previous` comes from a reader that had saved no position of the lane in the
 * frame's life. Such a reader sends everything of the lane in that life, also what an earlier
 * attempt sent without saving it. So nothing is missing before the frame, and only what lies behind
 * the delivered position is new. This needs the life's name. Where the frame or the lane has none,
 * the positions may belong to two lives of one epoch; the frame then has to begin in what was
 * delivered, or with a later epoch.
 *
 * Each life has a separate chain: a frame is a repeat only if the lane was delivered up to it in
 * the frame's life. The first frame of a life has no `previous`, or follows an earlier life. If the
 * frame or the lane has no life's name, as in earlier releases, only the epochs distinguish lives.
 */
export function chainStep(lane: LanePosition, frame: FrameExtent): ChainStep {
  const { delivered, others } = lane;
  if (delivered === null) {
    return frame.previous === null ? { kind: "deliver", after: null } : { kind: "gap" };
  }
  const reached = reachedIn(lane, frame);
  if (reached === null) return stepIntoLife({ delivered, others }, frame);
  return stepWithin(reached, frame, isNamedIn(lane, frame));
}

/** The last position that was delivered in a frame's life; null when none is known. */
export function reachedIn(lane: LanePosition, frame: FrameStart): PositionText | null {
  const { delivered, others = new Map<string, PositionText>() } = lane;
  if (isInPresentLife(lane, frame)) return delivered;
  return others.get(keyOf(frame, others) ?? "") ?? null;
}

/**
 * The maximum number of other lives that a lane's item stores. A life ends with a failover or with
 * an operator's command.
 */
const OTHERS = 20;

/**
 * The lane's position after a frame is delivered. A late frame of a former life moves only the
 * position in its own life.
 */
export function endOf(lane: LanePosition, frame: FrameExtent): LanePosition {
  const { delivered, life, others } = lane;
  const next = { delivered: frame.last, life: frame.life ?? null };
  if (delivered === null || isInPresentLife(lane, frame)) return { ...next, others };
  const left = new Map(others);
  const known = keyOf(frame, left);
  if (known !== null) {
    left.delete(known);
    if (epochOf(frame.last) < epochOf(delivered))
      return { delivered, life, others: left.set(frame.life ?? known, frame.last) };
  }
  left.set(life ?? namelessLife(delivered), delivered);
  const latest = [...left].sort(([, a], [, b]) => (a < b ? 1 : -1)).slice(0, OTHERS);
  return { ...next, others: new Map(latest) };
}

/**
 * The lane's position after an operator has accepted that frames are missing up to a position.
 * `life`: that of the frame that waits behind it; undefined: it has none, and only epochs are
 * compared.
 */
export function endOfGap(lane: LanePosition, position: PositionText, life?: string): LanePosition {
  const extent = { first: position, last: position, previous: null };
  return endOf(lane, life === undefined ? extent : { ...extent, life });
}

/** Whether a frame belongs to the life of the lane's delivered position. */
function isInPresentLife({ delivered, life }: LanePosition, frame: FrameStart): boolean {
  if (delivered === null) return false;
  return life === null || frame.life === undefined
    ? epochOf(frame.first) === epochOf(delivered)
    : frame.life === life;
}

/**
 * The key of a frame's life in `others`; null when it is not there. A life has its epoch as the key
 * although its frames have a name after an accepted gap, and its name although the frame has none
 * when a reader of an earlier release wrote the frame.
 */
function keyOf(
  { life, first }: FrameStart,
  others: ReadonlyMap<string, PositionText>,
): string | null {
  if (life !== undefined && others.has(life)) return life;
  if (others.has(namelessLife(first))) return namelessLife(first);
  if (life !== undefined) return null;
  const ofEpoch = [...others].find(([, position]) => epochOf(position) === epochOf(first));
  return ofEpoch?.[0] ?? null;
}

/** Whether the position that `reachedIn` returns has the frame's life by its name. */
function isNamedIn(lane: LanePosition, frame: FrameStart): boolean {
  const { life } = frame;
  if (life === undefined) return false;
  return isInPresentLife(lane, frame) ? lane.life === life : lane.others?.has(life) === true;
}

/** The name of a life of the lane that has the epoch of a position; null: none is known. */
export function namedLife(
  { delivered, life, others }: LanePosition,
  of: PositionText,
): string | null {
  const known: readonly (readonly [string | null, PositionText | null])[] = [
    [life, delivered],
    ...(others ?? []),
  ];
  const found = known.find(
    ([name, position]) =>
      name !== null &&
      position !== null &&
      epochOf(position) === epochOf(of) &&
      name !== namelessLife(of),
  );
  return found?.[0] ?? null;
}

/** The key in `others` for a life without a name, by one of its positions. */
function namelessLife(position: PositionText): string {
  return `epoch ${epochOf(position)}`;
}

/**
 * The step when `delivered` and the frame's positions belong to the same life. `isNamed`: its name
 * proves it, not only its epoch.
 */
function stepWithin(
  delivered: PositionText,
  { first, last, previous }: FrameExtent,
  isNamed: boolean,
): ChainStep {
  if (last <= delivered) return { kind: "repeat" };
  const contiguous =
    previous === null
      ? isNamed || first <= delivered || epochOf(first) > epochOf(delivered)
      : previous <= delivered;
  return contiguous ? { kind: "deliver", after: delivered } : { kind: "gap" };
}

/**
 * The step for a frame of a life that is new to the lane. Such a frame begins a new chain
 * (`previous` null), or continues from the last position of an earlier life, which is found by the
 * epoch of `previous`. If it can be delivered, all its changes are new.
 */
function stepIntoLife(
  { delivered, others }: Pick<LanePosition, "others"> & { readonly delivered: PositionText },
  { first, previous }: FrameExtent,
): ChainStep {
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
