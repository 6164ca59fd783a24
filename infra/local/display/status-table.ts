import Table from "cli-table3";
import { count, duration, standStillText, uptime } from "./format.ts";
import type { Snapshot } from "./snapshot.ts";

/** The live display: a table of the streams, and what concerns all of them below. */
export function statusTable(snapshot: Snapshot): string {
  const table = new Table({
    head: ["environment", "subscriber", "written", "delivered", "waiting", "newest delay"],
    colAligns: ["left", "left", "right", "right", "right", "right"],
    style: { head: ["bold"], border: ["grey"], compact: true },
  });
  let previous: string | undefined;
  for (const stream of snapshot.streams) {
    table.push([
      stream.environment === previous ? "" : stream.environment,
      stream.subscriber,
      count(stream.written),
      count(stream.delivered),
      count(stream.waiting),
      duration(stream.delayMs),
    ]);
    previous = stream.environment;
  }
  return [table.toString(), ...summary(snapshot)].join("\n");
}

function summary(snapshot: Snapshot): string[] {
  const { uptimeMs, attributions, failures, verdict, standStillMs, problems } = snapshot;
  const lines = [`running for ${uptime(uptimeMs)}, Ctrl-C stops everything`];
  if (attributions.length > 0) {
    const ways = attributions.map(([way, changes]) => `${way} ${count(changes)}`);
    lines.push(`authors found by: ${ways.join(", ")}`);
  }
  lines.push(`deliveries in failure records: ${count(failures)}`);
  if (verdict !== null) {
    const { foreign, doubled, outOfOrder, parked, unattributed } = verdict;
    lines.push(
      `foreign ${count(foreign)}, doubled ${count(doubled)}, out of order ${count(outOfOrder)}, ` +
        `parked: author unknown ${count(unattributed)}, queue in trouble ${count(parked - unattributed)}`,
    );
  }
  if (standStillMs !== null) lines.push(standStillText(standStillMs));
  if (problems.last !== null) lines.push(`problems: ${problems.count}, the last: ${problems.last}`);
  return lines;
}
