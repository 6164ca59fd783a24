import { lastOf, lifeOf, type RecordKey, type StreamState } from "../failures/parked.ts";
import type { DrainItems } from "../failures/retry-items.ts";

/**
 * The key of a record that is done and ends at the tail of the stream; null when there is none, or
 * when a record waits. An earlier release recorded a stream as done up to a record within that one,
 * which kept the stream open.
 */
export async function doneAtTail(
  items: Pick<DrainItems, "next">,
  { stream, head, tail, life }: Pick<StreamState, "stream" | "head" | "tail" | "life">,
): Promise<RecordKey | null> {
  let end: RecordKey | null = null;
  let after: RecordKey = head;
  for (;;) {
    const page = await items.next(stream, after, tail);
    const last = page.at(-1);
    if (last === undefined) return end;
    if (page.some(({ status }) => status === "parked")) return null;
    const isEnd = (key: RecordKey) => lastOf(key) === tail && (lifeOf(key) ?? null) === life;
    end = page.find(({ key }) => isEnd(key))?.key ?? end;
    after = last.key;
  }
}
