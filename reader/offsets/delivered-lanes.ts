import type { laneItems } from "./lane-items.ts";
import { followedPositions, type Offset } from "./offset.ts";

/**
 * Returns the lanes' positions in an offset, and the delivered positions of lanes that have none in
 * it. A reader that was
 * killed before it saved a lane's first position may have sent frames of it. If they have rows of a
 * snapshot, these are sent again at other positions, so the route function would find a gap if the
 * next frame followed nothing. Nothing is missing: what was sent and not saved is sent again.
 */
export async function sentOrDelivered(
  offset: Pick<Offset, "lanes" | "anewSince" | "life">,
  count: number,
  readLanes: ReturnType<typeof laneItems>,
): Promise<Offset["lanes"]> {
  const known = followedPositions(offset);
  const unknown = Array.from({ length: count }, (_, lane) => lane).filter(
    (lane) => !known.has(lane),
  );
  const lanes = new Map(offset.lanes);
  for (const [lane, { delivered, life }] of await readLanes(unknown)) {
    // Positions of another life cannot be compared with those of this one.
    if (delivered !== null && offset.life !== null && life === offset.life)
      lanes.set(lane, delivered);
  }
  return lanes;
}
