import { OwnTroubleError } from "./errors.ts";

/**
 * Waits for all promises even if one rejects, because nothing may be in progress when the frame is
 * returned to the queue. Then throws the error; OwnTroubleError when there are several.
 */
export async function settleAll<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  const results = await Promise.allSettled(promises);
  const values: Value[] = [];
  const reasons: unknown[] = [];
  for (const result of results) {
    if (result.status === "fulfilled") values.push(result.value);
    else reasons.push(result.reason);
  }
  if (reasons.length === 0) return values;
  throw reasons.length === 1
    ? reasons[0]
    : new OwnTroubleError("several effects failed", { cause: new AggregateError(reasons) });
}

/**
 * Calls `action` for every item, with `limit` parallel workers. An error ends its worker. The first
 * error is thrown after all workers have ended.
 */
export async function forEachLimited<Item>(
  items: Iterable<Item>,
  limit: number,
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  async function worker(): Promise<void> {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      try {
        await action(next.value);
      } catch (error) {
        failure ??= { error };
        return;
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, worker));
  if (failure !== undefined) throw failure.error;
}
