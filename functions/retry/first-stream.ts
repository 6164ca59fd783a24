import { epochOf } from "../../wire/position.ts";
import { isOfTwinLife, type NamedPosition } from "../failures/named-position.ts";
import type { StreamState } from "../failures/parked.ts";
import type { DrainItems } from "../failures/retry-items.ts";
import { firstStreamOf, type Stream } from "../failures/stream.ts";

/**
 * Whether a stream that is named after a life must wait, because its connection's first stream may
 * still have earlier changes of the same life. It has none once it is closed, or has delivered a
 * change of a later life. It never had any where it begins with a later life, or ends in a twin
 * life.
 */
export async function waitsForFirst(
  stream: Stream,
  items: Pick<DrainItems, "read">,
): Promise<boolean> {
  const firstStream = firstStreamOf(stream);
  if (firstStream === null) return false;
  const first = await items.read(firstStream);
  if (first === null || first.status === "closed") return false;
  const own = await items.read(stream);
  if (own === null || isOfTwinLife(tailOf(first), tailOf(own))) return false;
  return [first.head, first.drained].every((done) => epochOf(done) <= epochOf(own.tail));
}

function tailOf({ tail, life }: StreamState): NamedPosition {
  return { position: tail, life };
}
