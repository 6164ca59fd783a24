import { readFile } from "node:fs/promises";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { rawQueueName } from "../../../wire/names.ts";
import { withPatience } from "../../shared/aws-patience.ts";
import { CommandError, sentence } from "../../shared/command-error.ts";
import { deployedOf, deployedTemplate } from "../../shared/deployed.ts";
import { disposable } from "../../shared/target.ts";

export interface StackOptions {
  readonly source: string;
  /** The name of the deployed stack; when omitted, the name that it has by default. */
  readonly stack?: string;
  /** A file with the deployed template, instead of asking CloudFormation. */
  readonly template?: string;
  /** Whether the person says that the stack was deleted. */
  readonly stackDeleted: boolean;
}

/**
 * The names of the queues that belong to a source's stack; empty when it was deleted. Throws
 * CommandError when that is not certain: a queue that is missing here counts as left over.
 */
export async function stackQueues(options: StackOptions): Promise<ReadonlySet<string>> {
  const { source, stack = `binlog-router-${source}`, template, stackDeleted } = options;
  if (stackDeleted) {
    await assertDeleted(stack);
    return new Set();
  }
  const text =
    template === undefined ? await settledTemplate(stack) : await readFile(template, "utf8");
  const names = new Set(deployedOf(text).queues.keys());
  if (names.has(rawQueueName(source))) return names;
  throw new CommandError(
    `${template ?? `the stack ${stack}`} is not of the source ${source}: it has no queue ${rawQueueName(source)}`,
  );
}

/**
 * The template of a stack that no deployment is changing. While one is, it may have queues that the
 * template lacks: those that it makes, or those that it gets back if the deployment is rolled back.
 */
async function settledTemplate(stack: string): Promise<string> {
  await assertSettled(stack);
  const text = await deployedTemplate(stack);
  await assertSettled(stack);
  return text;
}

async function assertSettled(stack: string): Promise<void> {
  const status = await statusOf(stack);
  if (status?.endsWith("_COMPLETE") === true) return;
  throw new CommandError(
    status === null
      ? `CloudFormation has no stack ${stack}: name it with --stack, or add --stack-deleted`
      : `which queues the stack ${stack} has is not certain in its state ${status}: run this command again when its deployment is complete`,
  );
}

/** Throws CommandError unless CloudFormation has no such stack, or failed to create it. */
async function assertDeleted(stack: string): Promise<void> {
  const status = await statusOf(stack);
  if (status === null || status === "DELETE_COMPLETE" || status === "ROLLBACK_COMPLETE") return;
  throw new CommandError(
    `the stack ${stack} exists (${status}): leave out --stack-deleted, or delete the stack first`,
  );
}

/** A stack's status; null when there is no stack of this name. Throws CommandError. */
async function statusOf(stack: string): Promise<string | null> {
  using cloudFormation = disposable(new CloudFormationClient(withPatience()));
  try {
    const { Stacks: stacks = [] } = await cloudFormation.client.send(
      new DescribeStacksCommand({ StackName: stack }),
    );
    return stacks[0]?.StackStatus ?? null;
  } catch (cause) {
    // CloudFormation's error for a stack that does not exist.
    if (cause instanceof Error && cause.name === "ValidationError") return null;
    throw new CommandError(
      `CloudFormation does not say whether it has the stack ${stack}: ${sentence(cause)}`,
      { cause },
    );
  }
}
