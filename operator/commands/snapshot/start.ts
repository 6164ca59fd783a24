import { setTimeout as delay } from "node:timers/promises";
import { QueueDoesNotExist, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { environmentQueueName } from "../../../wire/names.ts";
import { isTablePattern } from "../../../wire/table-patterns.ts";
import type { SnapshotOrder } from "../../../wire/snapshot-items.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, wholeNumber, type StackContext } from "../../shared/command.ts";
import type { Target } from "../../shared/target.ts";
import { newOrderId, whoAsks } from "../../shared/who-asks.ts";
import { progressText, viewOf } from "./describe.ts";
import { allSnapshots, placeOrder, snapshotOf, type OrderedSnapshot } from "./orders.ts";

interface StartOptions {
  readonly subscriber: string;
  readonly environment: string;
  readonly tables: string;
  readonly where?: string;
  readonly rate?: number;
  /** The name of a deployed stack. */
  readonly stack?: string;
}

/** How long to wait for the reader, which looks for orders every two seconds. */
const ANSWER_MS = 20_000;
const LOOK_EVERY_MS = 500;

export function start(snapshot: Command): void {
  snapshot
    .command("start")
    .description(
      "let the reader send the rows of some tables to one subscriber's queue in one environment",
    )
    .requiredOption("--subscriber <name>", "whose queue gets the rows")
    .requiredOption("--environment <name>", "in which environment")
    .requiredOption(
      "--tables <list>",
      "tables or patterns, separated by commas: shop.orders,shop.pay*",
    )
    .option("--where <expression>", "only rows for which this is true, in MySQL's syntax")
    .option("--rate <rows>", "rows a second at most", wholeNumber)
    .action(onStack(order));
}

async function order(
  { target, report, progress }: StackContext,
  options: StartOptions,
  command: Command,
): Promise<void> {
  const { subscriber, environment, where, rate } = options;
  const tables = patternsIn(options.tables);
  if (where?.trim() === "") throw new CommandError("--where is empty: leave it out for all rows");
  if (rate === 0)
    throw new CommandError("--rate 0 would never end; to stop a snapshot, run snapshot pause");
  await assertQueue(target, subscriber, environment);
  const { stack } = command.optsWithGlobals<StartOptions>();
  const placed: SnapshotOrder = {
    id: newOrderId(),
    subscriber,
    environment,
    tables,
    ...(where !== undefined && { where }),
    ...(rate !== undefined && { rate }),
    startedBy: await whoAsks(stack),
    startedMs: Date.now(),
    wanted: "run",
  };
  await placeOrder(target, placed, await allSnapshots(target));
  progress("waiting for the reader's answer");
  const answered = await answer(target, placed.id);
  progress("");
  const view = viewOf(answered);
  if (view.state === "refused") throw new CommandError(`the reader refuses: ${view.reason}`);
  report(view, () =>
    answered.report === null
      ? `Snapshot ${placed.id} is ordered. No reader has answered within ${ANSWER_MS / 1000} s: the snapshot begins when a reader reads the binlog.`
      : `Snapshot ${placed.id} is ${progressText(view)}\nnpm run snapshot -- show ${placed.id} --watch follows it.`,
  );
}

function patternsIn(list: string): string[] {
  const patterns = list
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  if (patterns.length === 0) throw new CommandError("--tables names no table");
  const wrong = patterns.find((pattern) => !isTablePattern(pattern));
  if (wrong !== undefined) {
    throw new CommandError(
      `--tables: ${JSON.stringify(wrong)} is not a table pattern: write "database.table"; "*" stands for any characters, "!" excludes`,
    );
  }
  return patterns;
}

/** Throws CommandError when the subscriber has no queue in the environment. */
async function assertQueue(
  { sqs, rawDeadLetterQueueUrl }: Target,
  subscriber: string,
  environment: string,
): Promise<void> {
  const rawName = rawDeadLetterQueueUrl.slice(rawDeadLetterQueueUrl.lastIndexOf("/") + 1);
  const source = rawName.replace(/-raw-dead\.fifo$/, "");
  const queueName = environmentQueueName(source, subscriber, environment);
  try {
    await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }));
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    throw new CommandError(
      `the subscriber ${JSON.stringify(subscriber)} has no queue in the environment ${JSON.stringify(environment)} (${queueName}): take both names from the configuration`,
      { cause: error },
    );
  }
}

/** Waits for the reader's report. Returns the snapshot without one after ANSWER_MS. */
async function answer(target: Target, id: string): Promise<OrderedSnapshot> {
  const giveUp = Date.now() + ANSWER_MS;
  for (;;) {
    const found = await snapshotOf(target, id);
    if (found.report !== null || Date.now() > giveUp) return found;
    await delay(LOOK_EVERY_MS);
  }
}
