import { epochOf, type PositionText } from "../../wire/position.ts";

/**
 * A position with the name of its life; the name is null where a frame or an item of an earlier
 * release has none.
 */
export interface NamedPosition {
  readonly position: PositionText;
  readonly life: string | null;
}

/**
 * Whether two positions of one epoch are proven to belong to different lives: two offsets tables
 * drew the same epoch. Neither of them then lies behind the other.
 */
export function isOfTwinLife(one: NamedPosition, other: NamedPosition): boolean {
  return (
    one.life !== null &&
    other.life !== null &&
    one.life !== other.life &&
    epochOf(one.position) === epochOf(other.position)
  );
}
