import { initialId, isInitialId, isOver } from "../../wire/snapshot-items.ts";
import type { OrderStore } from "./order-store.ts";

/** A subscriber and environment that get an initial snapshot, with its tables. */
export interface InitialSnapshot {
  readonly subscriber: string;
  readonly environment: string;
  readonly tables: readonly string[];
}

/** Those of a source. */
export interface InitialSnapshots {
  readonly source: string;
  readonly pairs: readonly InitialSnapshot[];
}

type Known = Awaited<ReturnType<OrderStore["load"]>>;

/**
 * Orders a snapshot for each pair that has no such order yet, and removes orders that are not
 * needed. All orders share one item of at most 400 KB, so what makes room comes first.
 */
export async function tendInitial(
  initial: InitialSnapshots,
  orders: Pick<OrderStore, "place" | "noteUnneeded" | "cancel" | "remove">,
  known: Known,
  nowMs: number,
): Promise<void> {
  await removeUnneeded(initial, orders, known, nowMs);
  await orderInitial(initial, orders, known);
}

async function orderInitial(
  { source, pairs }: InitialSnapshots,
  orders: Pick<OrderStore, "place">,
  known: Known,
): Promise<void> {
  // By the pair: an order's own id may be of an earlier version.
  const ordered = new Set(
    known.filter(({ order }) => isInitialId(order.id)).map(({ order }) => initialId(source, order)),
  );
  for (const { subscriber, environment, tables } of pairs) {
    const id = initialId(source, { subscriber, environment });
    if (ordered.has(id)) continue;
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

/**
 * How long an order is kept after its pair has left the configuration, milliseconds. After a return
 * to a former configuration, its snapshot must not be taken again.
 */
const KEPT_MS = 30 * 24 * 3_600_000;

/**
 * Removes the ended orders of pairs that the configuration has not had for KEPT_MS. Paused and
 * stopped ones are cancelled first, so that the reader forgets their progress. Others go on.
 */
async function removeUnneeded(
  { source, pairs }: InitialSnapshots,
  orders: Pick<OrderStore, "noteUnneeded" | "cancel" | "remove">,
  known: Known,
  nowMs: number,
): Promise<void> {
  const needed = new Set(pairs.map((pair) => initialId(source, pair)));
  for (const { order, report } of known) {
    const { id, unneededMs, wanted } = order;
    if (!isInitialId(id)) continue;
    const isEnded = report !== null && isOver(report.state);
    if (needed.has(initialId(source, order)) || (!isEnded && wanted === "run")) {
      if (unneededMs !== undefined) await orders.noteUnneeded(id, null);
    } else if (unneededMs === undefined) {
      await orders.noteUnneeded(id, nowMs);
    } else if (nowMs - unneededMs > KEPT_MS) {
      if (isEnded) await orders.remove(id, unneededMs);
      else if (wanted === "pause") await orders.cancel(id, unneededMs);
    }
  }
}
