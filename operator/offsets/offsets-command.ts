import { Command, Option } from "commander";
import { CommandError } from "../failures/command-error.ts";
import { confirm } from "../failures/confirm.ts";
import { deployedTarget, localTarget, type Target } from "../failures/target.ts";
import { joinGtidSets } from "../../reader/offsets/offset-saver.ts";
import { describeOffset } from "../../reader/offsets/offset.ts";
import { OffsetStore, type ReaderItem } from "../../reader/offsets/offset-store.ts";
import { formatStartPoint, parseStartPoint, type StartPoint } from "../../config/start-point.ts";

/** `npm run offsets -- …`: where the reader is, and moving it, for operators. Exit code 0, 2 when it could not be done. */

interface GlobalOptions {
  readonly stack?: string;
  readonly local: string;
}

interface SetOptions {
  readonly now?: true;
  readonly oldest?: true;
  readonly gtid?: string;
  readonly past?: string;
  readonly file?: string;
  readonly yes: boolean;
}

/** A reader at work writes about once a second, which may come between looking and moving. */
const TRIES = 20;

const program = new Command("offsets")
  .description(
    "Shows how far the binlog was read and delivered, and moves the reader by an explicit act.",
  )
  .option(
    "--stack <name>",
    "a deployed stack (AWS credentials and region as usual); else the local one",
  )
  .option("--local <file>", "the file that npm start writes", ".local/stack.json")
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

program
  .command("show", { isDefault: true })
  .description("the reader's offset, its epoch, who holds the lease")
  .option("--json", "print JSON", false)
  .action(({ json }: { json: boolean }) => run((store) => show(store, json)));

program
  .command("set")
  .description(
    "make the reader begin anew elsewhere; what lies between is skipped, or delivered again in a new epoch",
  )
  .addOption(
    new Option("--now", "behind everything committed so far").conflicts([
      "oldest",
      "gtid",
      "past",
      "file",
    ]),
  )
  .addOption(
    new Option("--oldest", "at the oldest log that the server has").conflicts([
      "gtid",
      "past",
      "file",
    ]),
  )
  .addOption(
    new Option("--gtid <set>", "behind the transactions of a GTID set").conflicts(["past", "file"]),
  )
  .addOption(
    new Option(
      "--past <gtid>",
      "behind what was read and one more transaction, at which the reader stopped",
    ).conflicts("file"),
  )
  .option("--file <name:offset>", "at a place between two transactions, e.g. mysql-bin.000017:4")
  .option("--yes", "do not ask", false)
  .action((options: SetOptions) => run((store) => set(store, options)));

await program.parseAsync();

async function run(command: (store: OffsetStore) => Promise<void>): Promise<void> {
  const { stack, local } = program.opts<GlobalOptions>();
  try {
    using target: Target = await (stack === undefined ? localTarget(local) : deployedTarget(stack));
    await command(new OffsetStore(target.dynamodb, target.offsetsTable));
  } catch (error) {
    console.error(error instanceof CommandError ? error.message : error);
    process.exitCode = 2;
  }
}

async function show(store: OffsetStore, json: boolean): Promise<void> {
  const item = await store.load();
  if (json) {
    console.log(
      JSON.stringify(
        { ...item, offset: item.offset && { ...item.offset, lanes: [...item.offset.lanes] } },
        null,
        2,
      ),
    );
    return;
  }
  console.log(`reads from:  ${describePlace(item)}`);
  if (item.offset !== null) {
    const { epoch, server, file, offset, committedMs, lanes } = item.offset;
    console.log(`epoch:       ${epoch}, of server ${server}`);
    console.log(`file:        ${file}:${offset}`);
    if (committedMs > 0) console.log(`committed:   ${new Date(committedMs).toISOString()}`);
    for (const [lane, position] of lanes) console.log(`lane ${lane}:      sent up to ${position}`);
  }
  console.log(`held by:     ${item.lease?.owner ?? "nobody"}`);
}

async function set(store: OffsetStore, options: SetOptions): Promise<void> {
  const observed = await store.load();
  const start = startPointOf(options, observed);
  if (!options.yes) {
    await confirm(
      `The reader reads from ${describePlace(observed)}. Let it begin anew at ${formatStartPoint(start)}? ` +
        "Changes in between will never be delivered, or will be delivered again.",
    );
  }
  for (let tries = 0; tries < TRIES; tries++) {
    if (await store.startAnew(tries === 0 ? observed : await store.load(), start)) {
      console.log(`The reader begins anew at ${formatStartPoint(start)}.`);
      return;
    }
  }
  throw new CommandError(
    "the reader wrote its offset at the same moment, again and again; try once more",
  );
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
        ? "say where: --now, --oldest, --gtid <set>, --past <gtid> or --file <name:offset>"
        : `not a starting point: ${text}`,
    );
  }
  return start;
}

/** The saved GTID set and one transaction more. */
function startPast(gtid: string, { offset, newStart }: ReaderItem): StartPoint {
  if (newStart !== null) {
    throw new CommandError(
      `the reader is to begin anew at ${formatStartPoint(newStart.start)} and has not yet: start it first`,
    );
  }
  if (offset === null || offset.gtidSet === null) {
    throw new CommandError("the reader's offset is no GTID set: use --file <name:offset>");
  }
  const single = parseStartPoint(`gtid:${gtid}`);
  if (single === null || gtid === "") throw new CommandError(`not a GTID: ${gtid}`);
  return { kind: "gtid", gtidSet: joinGtidSets(offset.gtidSet, gtid) };
}

function describePlace({ offset, newStart }: ReaderItem): string {
  if (newStart !== null) return `${formatStartPoint(newStart.start)} (ordered, not begun yet)`;
  return offset === null ? "nowhere yet: the source was never read" : describeOffset(offset);
}
