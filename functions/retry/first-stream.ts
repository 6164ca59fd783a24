import { epochOf } from "../../wire/position.ts";
import type { DrainItems } from "../failures/retry-items.ts";
import { firstStreamOf, type Stream } from "../failures/stream.ts";

/**
 * Whether a stream that names its life has to wait: its connection's first stream may still have
 * changes of the same life, which come before. It has none once it is closed, or done with a change
 * of a later life.
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
