import { Command, InvalidArgumentError } from "commander";
import { CommandError } from "./command-error.ts";
import { attributeCommand, type AttributeOptions } from "./commands/attribute.ts";
import type { CommandContext } from "./commands/context.ts";
import { discardCommand, type DiscardOptions } from "./commands/discard.ts";
import { exportCommand } from "./commands/export.ts";
import { acceptGapCommand, lanesCommand } from "./commands/lanes.ts";
import { listCommand } from "./commands/list.ts";
import { redriveCommand } from "./commands/redrive.ts";
import { retryCommand, type RetryOptions } from "./commands/retry.ts";
import { showCommand } from "./commands/show.ts";
import { confirm } from "./confirm.ts";
import { progressLine } from "./render.ts";
import { deployedTarget, localTarget } from "./target.ts";

/** `npm run failures -- …`: what was parked, for operators. Exit code 0, 2 when the command could not do it. */

interface GlobalOptions {
  readonly stack?: string;
  readonly local: string;
  readonly json: boolean;
}

const program = new Command("failures")
  .description("Shows and steers what binlog-router could not deliver yet.")
  .option(
    "--stack <name>",
    "a deployed stack (AWS credentials and region as usual); else the local one",
  )
  .option("--local <file>", "the file that npm start writes", ".local/stack.json")
  .option("--json", "print JSON", false)
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

program
  .command("list")
  .description("the streams that wait, why, since when and with how many changes")
  .action(() => run(listCommand));

program
  .command("show <stream>")
  .description("one stream and its first records")
  .option("--limit <n>", "at most so many records", wholeNumber, 20)
  .option("--body", "also what they hold (row data)", false)
  .action((stream: string, options: { limit: number; body: boolean }) =>
    run((context) => showCommand(context, stream, options)),
  );

program
  .command("retry [streams...]")
  .description("try streams again now, given up or not")
  .option("--all", "all that wait", false)
  .option("--reason <reason>", "those that wait for this reason")
  .action((streams: string[], options: RetryOptions) =>
    run((context) => retryCommand(context, streams, options)),
  );

program
  .command("discard <stream>")
  .description("give up a stream's first record: it will never be delivered")
  .option("--all", "all its records", false)
  .option("--yes", "do not ask", false)
  .action((stream: string, options: DiscardOptions) =>
    run((context) => discardCommand(context, stream, options)),
  );

program
  .command("attribute <connection>")
  .description(
    "say who was at the other end of a connection: <server>/<run>/<thread>, or its stream",
  )
  .requiredOption("--user <user>", "the MySQL user")
  .option("--host <host>", "the client's host", "")
  .option("--from <position>", "only from this position on")
  .action((connection: string, options: AttributeOptions) =>
    run((context) => attributeCommand(context, connection, options)),
  );

program
  .command("export [streams...]")
  .description("write parked records as lines of JSON, row data included")
  .option("--output <file>", "into a file")
  .action((streams: string[], options: { output?: string }) =>
    run((context) => exportCommand(context, streams, options)),
  );

program
  .command("redrive")
  .description("bring back the frames in the raw queue's dead-letter queue")
  .action(() => run(redriveCommand));

program
  .command("lanes")
  .description("how far each lane was delivered")
  .action(() => run(lanesCommand));

program
  .command("accept-gap")
  .description("go on after a position although what lies before it was never delivered")
  .argument("<lane>", "the lane's number", wholeNumber)
  .argument("<position>", "the position before the frame that waits")
  .option("--yes", "do not ask", false)
  .action((lane: number, position: string, options: { yes: boolean }) =>
    run((context) => acceptGapCommand(context, lane, position, options)),
  );

await program.parseAsync();

async function run(command: (context: CommandContext) => Promise<void>): Promise<void> {
  const { stack, local, json } = program.opts<GlobalOptions>();
  try {
    using target = await (stack === undefined ? localTarget(local) : deployedTarget(stack));
    await command({
      target,
      json,
      print: (text) => console.log(text),
      progress: progressLine(process.stderr),
      confirm,
    });
  } catch (error) {
    console.error(error instanceof CommandError ? error.message : String(error));
    process.exitCode = 2;
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("not a whole number");
  return Number(text);
}
