import type { Command } from "commander";
import { formatStartPoint } from "../../../config/start-point.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { describeReadingPoint } from "./show.ts";
import { TRIES, WRITTEN_MEANWHILE } from "./tries.ts";

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
  await endObserved(store, observed);
  report(
    { continues: describeReadingPoint(observed) },
    () => "The reader continues from its offset.",
  );
}

/** Ends the observed stop. Throws CommandError when the reader has stopped for another reason. */
async function endObserved(store: OffsetStore, observed: ReaderItem): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const item = tries === 0 ? observed : await store.load();
    const { stop, newStart } = item;
    if (newStart !== null && newStart.life !== observed.newStart?.life) {
      throw new CommandError(
        `meanwhile the reader was ordered to begin anew at ${formatStartPoint(newStart.start)}, which ends the stop, too`,
      );
    }
    // The SDK repeats a write whose answer was lost: the stop has ended.
    if (stop === null) return;
    if (stop.message !== observed.stop?.message) {
      throw new CommandError(
        `meanwhile the reader stopped for another reason: ${stop.message}: run this command again to end that stop`,
      );
    }
    if (await store.vouch(item)) return;
  }
  throw new CommandError(WRITTEN_MEANWHILE);
}
