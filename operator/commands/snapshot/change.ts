import type { Command } from "commander";
import { isOver, type SnapshotWish } from "../../../wire/snapshot-items.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { viewOf } from "./describe.ts";
import { snapshotOf, wish } from "./orders.ts";
import { plural } from "../../shared/render.ts";

export function pause(snapshot: Command): void {
  snapshot
    .command("pause <id>")
    .description(
      "stop reading rows; resume reads a chunk again that could not be completed at once, so up to 10,000 rows may come twice",
    )
    .action(onStack((context, id: string) => change(context, id, "pause", "pauses")));
}

export function resume(snapshot: Command): void {
  snapshot
    .command("resume <id>")
    .description("go on with a snapshot that was paused, or that an error stopped")
    .action(onStack((context, id: string) => change(context, id, "run", "goes on")));
}

export function cancel(snapshot: Command): void {
  snapshot
    .command("cancel <id>")
    .description(
      "end a snapshot; rows that were sent stay in the queue, and no message says that it is complete",
    )
    .option("--yes", "do not ask", false)
    .action(
      onStack(async (context, id: string, { yes }: { readonly yes: boolean }) => {
        const { subscriber, environment, rows } = viewOf(await snapshotOf(context.target, id));
        if (!yes) {
          await context.confirm(
            `${subscriber} in ${environment} has received ${plural(rows, "row")} and receives no more; a new snapshot begins from the first row. End it?`,
          );
        }
        await change(context, id, "cancel", "ends");
      }),
    );
}

async function change(
  { target, report }: StackContext,
  id: string,
  wanted: SnapshotWish,
  what: string,
): Promise<void> {
  const { report: reported } = await snapshotOf(target, id);
  if (reported !== null && isOver(reported.state))
    throw new CommandError(`the snapshot ${id} is ${reported.state} already`);
  await wish(target, id, wanted);
  report({ id, wanted }, () => `Snapshot ${id} ${what} as soon as the reader sees it.`);
}
