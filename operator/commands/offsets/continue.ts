import type { Command } from "commander";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { describeReadingPoint } from "./show.ts";

export function goOn(offsets: Command): void {
  offsets
    .command("continue")
    .description(
      "end a stop and continue from the offset; you confirm that the server's history is the one that was read",
    )
    .option("--yes", "do not ask", false)
    .action(onStack(endStop));
}

async function endStop(
  { target, report, confirm }: StackContext,
  { yes }: { readonly yes: boolean },
): Promise<void> {
  const store = new OffsetStore(target.dynamodb, target.offsetsTable);
  const observed = await store.load();
  const { stop } = observed;
  if (stop === null) throw new CommandError("no error has stopped the reader: nothing was changed");
  if (!yes) {
    await confirm(
      `The reader stopped: ${stop.message}\nCompare the server's history with ${describeReadingPoint(observed)}: if the server was restored or reset, changes are lost. ` +
        "Shall the reader continue from there?",
    );
  }
  if (!(await store.vouch(observed)))
    throw new CommandError("a reader wrote its offset at the same moment: run this command again");
  report(
    { continues: describeReadingPoint(observed) },
    () => "The reader continues from its offset.",
  );
}
