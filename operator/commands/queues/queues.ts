import { DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { withPatience } from "../../shared/aws-patience.ts";
import { action, type CommandContext, helpText } from "../../shared/command.ts";
import { CommandError, sentence } from "../../shared/command-error.ts";
import { disposable } from "../../shared/target.ts";
import { isMissing, leftOverQueues, type LeftOver, orGone } from "./left-over.ts";
import { type StackOptions, stackQueues } from "./stack-queues.ts";
import { plural } from "../../shared/render.ts";

const HELP = helpText(
  [
    "npm run queues -- list --source shop",
    "npm run queues -- discard shop-billing-branch-7.fifo --source shop",
    "npm run queues -- list --source shop --stack-deleted",
  ],
  "0 done, or a queue to discard does not exist, which is printed; 2 it could not be done, and one sentence says why",
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
  const found = await leftOver(sqs.client, command.optsWithGlobals<StackOptions>());
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
  const options = command.optsWithGlobals<StackOptions>();
  using sqs = disposable(new SQSClient(withPatience()));
  const found = await leftOver(sqs.client, options);
  const chosen: LeftOver[] = [];
  const missing: string[] = [];
  for (const name of new Set(names)) {
    const queue = found.find((one) => one.name === name);
    if (queue !== undefined) chosen.push(queue);
    else if (await isMissing(sqs.client, options.source, name)) missing.push(name);
    else
      throw new CommandError(
        `${name} is not a left-over queue of the source ${options.source}; npm run queues -- list --source ${options.source} shows them`,
      );
  }
  if (!yes && chosen.length > 0) {
    const texts = chosen.map(({ name, messages }) => `${name} (${countText(messages)})`);
    await confirm(
      `These queues and the messages in them will be deleted: ${texts.join(", ")}. Go on?`,
    );
    // A deployment may have begun while the person was asked.
    const inStack = await stackQueues(options);
    const back = chosen.find(({ name }) => inStack.has(name));
    if (back !== undefined)
      throw new CommandError(`${back.name} belongs to the stack now: nothing was discarded`);
  }
  const discarded = await deleteQueues(sqs.client, chosen);
  report({ discarded, missing }, () =>
    [
      ...(discarded.length === 0 ? [] : [discardedText(discarded.length)]),
      ...(missing.length === 0 ? [] : [`There is no queue ${missing.join(", ")}.`]),
    ].join("\n"),
  );
}

/** Deletes queues and returns their names. Throws CommandError, which says what was deleted. */
async function deleteQueues(sqs: SQSClient, chosen: readonly LeftOver[]): Promise<string[]> {
  const deleted: string[] = [];
  for (const { name, url } of chosen) {
    try {
      await orGone(sqs.send(new DeleteQueueCommand({ QueueUrl: url })));
    } catch (cause) {
      throw new CommandError(
        `${name} could not be discarded: ${sentence(cause)}; discarded before it: ${deleted.join(", ") || "none"}; run this command again for the others`,
        { cause },
      );
    }
    deleted.push(name);
  }
  return deleted;
}

function discardedText(count: number): string {
  return `${plural(count, "queue was", "queues were")} discarded. SQS accepts ${count === 1 ? "its name" : "their names"} again after a minute.`;
}

async function leftOver(sqs: SQSClient, options: StackOptions): Promise<LeftOver[]> {
  return leftOverQueues(sqs, options.source, await stackQueues(options));
}

function countText(messages: number | null): string {
  if (messages === null) return "SQS does not say how many messages";
  return messages === 0 ? "empty" : `about ${plural(messages, "message")}`;
}
