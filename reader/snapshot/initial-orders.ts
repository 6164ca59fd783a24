import { initialId } from "../../wire/snapshot-items.ts";
import type { OrderStore } from "./order-store.ts";

/** A subscriber and environment that get an initial snapshot, with its tables. */
export interface InitialSnapshot {
  readonly subscriber: string;
  readonly environment: string;
  readonly tables: readonly string[];
}

/** Orders a snapshot for each pair that has no such order yet. */
export async function orderInitial(
  pairs: readonly InitialSnapshot[],
  orders: Pick<OrderStore, "place">,
  known: Awaited<ReturnType<OrderStore["load"]>>,
): Promise<void> {
  const ids = new Set(known.map(({ order }) => order.id));
  for (const { subscriber, environment, tables } of pairs) {
    const id = initialId({ subscriber, environment });
    if (ids.has(id)) continue;
    await orders.place({
      id,
      subscriber,
      environment,
      tables,
      startedBy: "the configuration",
      startedMs: Date.now(),
      wanted: "run",
    });
  }
}
