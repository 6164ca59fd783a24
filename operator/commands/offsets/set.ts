import { randomUUID } from "node:crypto";
import { Option, type Command } from "commander";
import { formatStartPoint, parseStartPoint, type StartPoint } from "../../../config/start-point.ts";
import { placesInstead } from "../../../reader/offsets/first-beginning.ts";
import { joinGtidSets } from "../../../reader/offsets/offset-saver.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { DUMP_LIMIT } from "../../../reader/source/binlog-dump.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { describeReadingPoint } from "./show.ts";
import { TRIES, WRITTEN_MEANWHILE } from "./tries.ts";

interface SetOptions {
  readonly now?: true;
  readonly oldest?: true;
  readonly gtid?: string;
  readonly past?: string;
  readonly file?: string;
  readonly yes: boolean;
}

export function set(offsets: Command): void {
  offsets
    .command("set")
    .description(
      "make the reader begin anew at another position; changes in between are skipped, or delivered again in a new epoch",
    )
    .addOption(
      new Option("--now", "after everything committed so far").conflicts([
        "oldest",
        "gtid",
        "past",
        "file",
      ]),
    )
    .addOption(
      new Option("--oldest", "at the oldest binlog file that the server has").conflicts([
        "gtid",
        "past",
        "file",
      ]),
    )
    .addOption(
      new Option("--gtid <set>", "after the transactions of a GTID set").conflicts([
        "past",
        "file",
      ]),
    )
    .addOption(
      new Option(
        "--past <gtid>",
        "after the transactions that were read and this one, at which the reader stopped",
      ).conflicts("file"),
    )
    .option(
      "--file <name:offset>",
      "at a position between two transactions, e.g. mysql-bin.000017:4",
    )
    .option("--yes", "do not ask", false)
    .action(onStack(moveReader));
}

async function moveReader(
  { target, report, confirm }: StackContext,
  options: SetOptions,
): Promise<void> {
  const store = new OffsetStore(target.dynamodb, target.offsetsTable);
  const observed = await store.load();
  const start = startPointOf(options, observed);
  if (!options.yes) {
    await confirm(
      `The reader reads from ${describeReadingPoint(observed)}. Let it begin anew at ${formatStartPoint(start)}? ` +
        "Changes in between will never be delivered, or will be delivered again.",
    );
  }
  const begins = formatStartPoint(start);
  const life = randomUUID();
  const done = (): void => report({ start: begins }, () => `The reader begins anew at ${begins}.`);
  for (let tries = 0; tries < TRIES; tries++) {
    const item = tries === 0 ? observed : await store.load();
    const { newStart, offset } = item;
    // The SDK repeats a write whose answer was lost. The reader may have begun in the meantime.
    if ((newStart ?? offset)?.life === life) return done();
    if (newStart !== null && newStart.life !== observed.newStart?.life) {
      throw new CommandError(
        `meanwhile the reader was ordered to begin anew at ${formatStartPoint(newStart.start)}: run this command again if yours is to replace that order`,
      );
    }
    if (await store.startAnew(item, start, options.past !== undefined, life)) return done();
  }
  throw new CommandError(WRITTEN_MEANWHILE);
}

function startPointOf(
  { now, oldest, gtid, past, file }: SetOptions,
  observed: ReaderItem,
): StartPoint {
  if (past !== undefined) return startPast(past, observed);
  const text = now
    ? "now"
    : oldest
      ? "oldest"
      : gtid !== undefined
        ? `gtid:${gtid}`
        : file !== undefined
          ? `file:${file}`
          : "";
  const start = parseStartPoint(text);
  if (start === null) {
    throw new CommandError(
      text === ""
        ? "name a starting point: --now, --oldest, --gtid <set>, --past <gtid> or --file <name:offset>"
        : `not a starting point: ${text}`,
    );
  }
  if (start.kind === "file" && start.offset >= DUMP_LIMIT) {
    throw new CommandError(
      `the server begins no dump at ${start.file}:${start.offset}, beyond 4 GiB in a file; nothing was changed. ${placesInstead(start.file)}`,
    );
  }
  return start;
}

/** Starts after the saved GTID set and one more transaction. Throws CommandError. */
function startPast(gtid: string, { offset, newStart }: ReaderItem): StartPoint {
  if (newStart !== null) {
    throw new CommandError(
      `the reader was ordered to begin anew at ${formatStartPoint(newStart.start)} and has not begun yet: start it first`,
    );
  }
  if (offset === null || offset.gtidSet === null) {
    throw new CommandError("the reader's offset has no GTID set: use --file <name:offset>");
  }
  const single = parseStartPoint(`gtid:${gtid}`);
  if (single === null || gtid === "") throw new CommandError(`not a GTID: ${gtid}`);
  return { kind: "gtid", gtidSet: joinGtidSets(offset.gtidSet, gtid) };
}
