import { epochOf } from "../../wire/position.ts";
import type { DrainItems } from "../failures/retry-items.ts";
import { firstStreamOf, type Stream } from "../failures/stream.ts";

/**
 * Whether a stream that is named after a life must wait, because its connection's first stream may
 * still have earlier changes of the same life. It has none once it is closed, or has delivered a
 * change of a later life.
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
  return own !== null && epochOf(first.drained) <= epochOf(own.tail);
}
