import { OwnTroubleError } from "./errors.ts";

/** Waits for all, also when one fails: nothing may still be under way when the frame is given back. */
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
