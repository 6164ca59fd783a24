import type { FrameHeader } from "../../wire/frame.ts";
import type { PositionText } from "../../wire/position.ts";

/** What a frame is to a lane: delivered already, its turn (changes after `after` are new), or evidence of a loss. */
export type ChainStep =
  | { readonly kind: "repeat" }
  | { readonly kind: "deliver"; readonly after: PositionText | null }
  | { readonly kind: "gap" };

/**
 * The position chain. A frame says that nothing of its lane lies between `previous` and `first`; so nothing is missing as
 * long as `previous` is not beyond what was delivered. That covers the ordinary next frame (`previous = delivered`), and
 * frames that a restarted reader cut differently, of which only the rest is new.
 *
 * First start: a lane without a delivered position takes only a frame that says it is the first (`previous: null`); when
 * the lane's item was lost, that is a gap, because nobody knows what was delivered. A lane with a delivered position takes
 * a frame without `previous` only when its epoch is later: the coordinates start again by an operator's explicit act.
 */
export function chainStep(
  delivered: PositionText | null,
  { first, last, previous }: Pick<FrameHeader, "first" | "last" | "previous">,
): ChainStep {
  if (delivered === null) {
    return previous === null ? { kind: "deliver", after: null } : { kind: "gap" };
  }
  if (last <= delivered) return { kind: "repeat" };
  const contiguous =
    previous === null
      ? first <= delivered || epochOf(first) > epochOf(delivered)
      : previous <= delivered;
  return contiguous ? { kind: "deliver", after: delivered } : { kind: "gap" };
}

/** Positions sort as text, and so do their epochs. */
function epochOf(position: PositionText): string {
  return position.slice(0, position.indexOf("."));
}
