import { readFile } from "node:fs/promises";
import { DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { withPatience } from "../../shared/aws-patience.ts";
import { action, type CommandContext, helpText } from "../../shared/command.ts";
import { CommandError } from "../../shared/command-error.ts";
import { deployedOf, deployedTemplate } from "../../shared/deployed.ts";
import { disposable } from "../../shared/target.ts";
import { leftOverQueues, type LeftOver, orGone } from "./left-over.ts";
import { plural } from "../../shared/render.ts";

interface Options {
  readonly source: string;
  readonly stack?: string;
  readonly template?: string;
  readonly stackDeleted: boolean;
}

const HELP = helpText(
  [
    "npm run queues -- list --source shop",
    "npm run queues -- discard shop-billing-branch-7.fifo --source shop",
    "npm run queues -- list --source shop --stack-deleted",
  ],
  "0 done; 2 it could not be done, and one sentence says why",
);

/** Adds `queues`, which lists queues that deployments left behind, and deletes them by name. */
export function queues(program: Command): void {
  const command = program
    .command("queues")
    .description("Lists queues that deployments have left behind, and discards them by name.")
    .requiredOption("--source <name>", "the source's name")
    .option("--stack <name>", "the deployed stack (default: binlog-router-<name of the source>)")
    .option("--template <file>", "the deployed stack's template, instead of asking CloudFormation")
    .option("--stack-deleted", "the stack was deleted: all of its queues are left over", false)
    .option("--json", "print JSON", false)
    .addHelpText("afterAll", HELP);
  command
    .command("list")
    .description("list the queues of the source that its stack no longer has, with their messages")
    .action(action(list));
  command
    .command("discard <queues...>")
    .description("delete such queues and the messages in them")
    .option("--yes", "do not ask", false)
    .action(action(discard));
}

async function list({ report }: CommandContext, _own: object, command: Command): Promise<void> {
  using sqs = disposable(new SQSClient(withPatience()));
  const found = await leftOver(sqs.client, command.optsWithGlobals<Options>());
  report(
    found.map(({ name, messages }) => ({ name, messages })),
    () =>
      found.length === 0
        ? "No queue is left over."
        : found.map(({ name, messages }) => `${name}: ${countText(messages)}`).join("\n"),
  );
}

async function discard(
  { report, confirm }: CommandContext,
  names: readonly string[],
  { yes }: { readonly yes: boolean },
  command: Command,
): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  using sqs = disposable(new SQSClient(withPatience()));
  const found = await leftOver(sqs.client, options);
  const chosen = names.map((name) => {
    const queue = found.find((one) => one.name === name);
    if (queue !== undefined) return queue;
    throw new CommandError(
      `${name} is not a left-over queue of the source ${options.source}; npm run queues -- list --source ${options.source} shows them`,
    );
  });
  if (!yes) {
    const texts = chosen.map(({ name, messages }) => `${name} (${countText(messages)})`);
    await confirm(
      `These queues and the messages in them will be deleted: ${texts.join(", ")}. Go on?`,
    );
  }
  for (const { url } of chosen) {
    await orGone(sqs.client.send(new DeleteQueueCommand({ QueueUrl: url })));
  }
  report(
    { discarded: names },
    () =>
      `${plural(chosen.length, "queue was", "queues were")} discarded. SQS accepts ${chosen.length === 1 ? "its name" : "their names"} again after a minute.`,
  );
}

async function leftOver(sqs: SQSClient, options: Options): Promise<LeftOver[]> {
  const { source, stack = `binlog-router-${source}`, template, stackDeleted } = options;
  if (stackDeleted) return leftOverQueues(sqs, source, new Set());
  const text =
    template === undefined ? await deployedTemplate(stack) : await readFile(template, "utf8");
  return leftOverQueues(sqs, source, new Set(deployedOf(text).queues.keys()));
}

function countText(messages: number | null): string {
  if (messages === null) return "SQS does not say how many messages";
  return messages === 0 ? "empty" : `about ${plural(messages, "message")}`;
}
