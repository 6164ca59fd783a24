import { createLogUpdate } from "log-update";
import { setTimeout as delay } from "node:timers/promises";
import type { Snapshot } from "./snapshot.ts";
import { statusLine } from "./status-line.ts";
import { statusTable } from "./status-table.ts";

const TABLE_PERIOD_MS = 1_000;
const LINE_PERIOD_MS = 5_000;

/**
 * Shows the snapshots that `take` returns until `signal` is aborted: a table that is redrawn in a
 * terminal, plain lines elsewhere. When `take` returns null, the display does not change.
 */
export async function display(
  take: () => Promise<Snapshot | null>,
  out: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<void> {
  const table = out.isTTY ? createLogUpdate(out) : null;
  const periodMs = table === null ? LINE_PERIOD_MS : TABLE_PERIOD_MS;
  for (;;) {
    try {
      await delay(periodMs, undefined, { signal });
    } catch {
      table?.done();
      return;
    }
    const snapshot = await take();
    if (snapshot === null) continue;
    if (table === null) out.write(`${statusLine(snapshot)}\n`);
    else table(statusTable(snapshot, out.columns));
  }
}
