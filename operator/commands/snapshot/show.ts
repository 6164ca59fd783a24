import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { isOver } from "../../../wire/snapshot-items.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { plural, table } from "../../shared/render.ts";
import { progressText, viewOf, type SnapshotView } from "./describe.ts";
import { allSnapshots, snapshotOf, type OrderedSnapshot } from "./orders.ts";

const LOOK_EVERY_MS = 1000;

export function list(snapshot: Command): void {
  snapshot
    .command("list", { isDefault: true })
    .description("list all snapshots, the oldest first: for whom, how far, who started them")
    .action(
      onStack(async ({ target, report }) => {
        const views = (await allSnapshots(target)).map(viewOf);
        report(views, () => listText(views));
      }),
    );
}

export function show(snapshot: Command): void {
  snapshot
    .command("show <id>")
    .description("show how far one snapshot is")
    .option("--watch", "show its progress until it ends or needs a person", false)
    .action(onStack(showOne));
}

async function showOne(
  { target, report, progress }: StackContext,
  id: string,
  { watch }: { readonly watch: boolean },
): Promise<void> {
  let found = await snapshotOf(target, id);
  while (watch && !isAtRest(found)) {
    progress(progressText(viewOf(found)));
    await delay(LOOK_EVERY_MS);
    found = await snapshotOf(target, id);
  }
  progress("");
  const view = viewOf(found);
  report(view, () => showText(view));
}

/** Whether nothing more happens until an operator acts. */
function isAtRest({ report }: OrderedSnapshot): boolean {
  if (report === null) return false;
  return isOver(report.state) || report.state === "stopped" || report.state === "paused";
}

function listText(views: readonly SnapshotView[]): string {
  if (views.length === 0) return "There are no snapshots.";
  return table(
    ["snapshot", "for", "tables", "state", "rows", "percent", "started by", "started"],
    views.map((view) => [
      view.id,
      `${view.subscriber} in ${view.environment}`,
      view.tables.join(", "),
      view.state,
      view.rows,
      view.percent ?? "",
      view.startedBy,
      view.startedAt,
    ]),
  );
}

function showText(view: SnapshotView): string {
  const lines = [
    `snapshot:    ${view.id}`,
    `for:         ${view.subscriber} in ${view.environment}`,
    `tables:      ${view.tables.join(", ")}${view.tables.length > 1 ? ` (${view.tablesDone} complete)` : ""}`,
    ...(view.where === null ? [] : [`where:       ${view.where}`]),
    ...(view.rowsPerSecond === null ? [] : [`rate:        ${view.rowsPerSecond} rows/s at most`]),
    `state:       ${progressText(view)}`,
    `read:        ${plural(view.chunks, "chunk")}, ${plural(view.rereads, "key")} read again`,
    `started:     ${view.startedAt} by ${view.startedBy}`,
  ];
  if (view.updatedAt !== null) lines.push(`reported:    ${view.updatedAt}`);
  return lines.join("\n");
}
