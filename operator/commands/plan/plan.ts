import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CloudFormationClient, GetTemplateCommand } from "@aws-sdk/client-cloudformation";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { ConfigError } from "../../../config/config-error.ts";
import type { Configuration } from "../../../config/configuration.ts";
import { loadConfig, readConfigObject } from "../../../config/load.ts";
import { action, type CommandContext, helpText } from "../../shared/command.ts";
import { CommandError } from "../../shared/command-error.ts";
import { disposable } from "../../shared/target.ts";
import { deployedOf } from "./deployed.ts";
import { stepsTo, type Step } from "./steps.ts";
import { messagesIn } from "../../shared/messages-in.ts";

interface Options {
  readonly config: string;
  readonly source?: string;
  readonly stack?: string;
  readonly template?: string;
  readonly accept: readonly string[];
}

/** A step with what waits in its queue. */
interface PlannedStep extends Step {
  /**
   * Messages that the step takes away: about how many, null when SQS does not say, 0 where it takes
   * none.
   */
  readonly lost: number | null;
}

const HELP = helpText(
  [
    "npm run plan -- --stack binlog-router-shop",
    "npm run plan -- --source shop --accept shop-billing-branch-7.fifo",
    "npm run plan -- --template deployed.json",
  ],
  "0 no waiting message is lost, or those of queues named with --accept; 1 some would be lost; " +
    "2 it could not be found out, and one sentence says why",
);

/** `plan`: what deploying the changed configuration does to queues and to the messages in them. */
export function plan(program: Command): void {
  program
    .command("plan")
    .description(
      "Says what deploying the configuration creates, deletes and keeps, and what becomes of waiting messages. Changes nothing.",
    )
    .option(
      "--config <file>",
      "the configuration object as a JSON file",
      fileURLToPath(new URL("../../../cdk.json", import.meta.url)),
    )
    .option("--source <name>", "which source, where the configuration has several")
    .option("--stack <name>", "the deployed stack; else binlog-router-<name of the source>")
    .option("--template <file>", "the deployed stack's template, instead of asking CloudFormation")
    .option("--accept <queues...>", "queues whose messages may be lost", [])
    .option("--json", "print the steps as JSON")
    .addHelpText("after", HELP)
    .action(action(run));
}

async function run({ report }: CommandContext, options: Options): Promise<number> {
  const config = await readConfiguration(options);
  const stackName = options.stack ?? `binlog-router-${config.name}`;
  const deployed = deployedOf(
    await (options.template === undefined
      ? deployedTemplate(stackName)
      : readFile(options.template, "utf8")),
  );
  using sqs = disposable(new SQSClient({}));
  const steps = await Promise.all(
    stepsTo(config, deployed).map(async (step): Promise<PlannedStep> => {
      const lost = step.losesMessages ? await messagesIn(sqs.client, step.what) : 0;
      return { ...step, lost };
    }),
  );
  const refused = steps
    .filter(({ what, lost }) => lost !== 0 && !options.accept.includes(what))
    .map(({ what }) => what);
  report({ stack: stackName, steps, refused }, () => planText(stackName, steps, refused));
  return refused.length === 0 ? 0 : 1;
}

async function readConfiguration({ config, source }: Options): Promise<Configuration> {
  try {
    return loadConfig(await readConfigObject(config, source));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandError(cause.message, { cause });
  }
}

async function deployedTemplate(stackName: string): Promise<string> {
  using cloudFormation = disposable(new CloudFormationClient({}));
  try {
    const { TemplateBody = "" } = await cloudFormation.client.send(
      new GetTemplateCommand({ StackName: stackName }),
    );
    return TemplateBody;
  } catch (cause) {
    throw new CommandError(
      `CloudFormation does not have the template of the stack ${stackName}: ${String(cause)}`,
      { cause },
    );
  }
}

function planText(
  stackName: string,
  steps: readonly PlannedStep[],
  refused: readonly string[],
): string {
  const lines = steps.map((step) => `- ${step.text}${lossText(step)}`);
  const end =
    refused.length === 0
      ? "No message is lost that was not accepted."
      : `Messages would be lost. Let their applications empty the queues first, or accept the loss: --accept ${refused.join(" ")}`;
  return [`Deploying the configuration to the stack ${stackName}`, ...lines, "", end].join("\n");
}

function lossText({ losesMessages, lost }: PlannedStep): string {
  if (!losesMessages) return "";
  if (lost === null) return " (SQS does not say how many messages it has)";
  return lost === 0 ? " (it is empty)" : ` (it has about ${lost} messages)`;
}
