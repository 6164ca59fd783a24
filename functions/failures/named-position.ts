import { epochOf, type PositionText } from "../../wire/position.ts";

/**
 * A position with the name of its life. The name is null when a frame or an item of an earlier
 * release does not contain it.
 */
export interface NamedPosition {
  readonly position: PositionText;
  readonly life: string | null;
}

/**
 * Whether two positions have the same epoch and are proven to belong to different lives, because
 * two offsets tables chose the same epoch. Such positions cannot be compared.
 */
export function isOfTwinLife(one: NamedPosition, other: NamedPosition): boolean {
  return (
    one.life !== null &&
    other.life !== null &&
    one.life !== other.life &&
    epochOf(one.position) === epochOf(other.position)
  );
}
