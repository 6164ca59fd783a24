import { readFile } from "node:fs/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { ConfigError } from "../../../config/config-error.ts";
import type { Configuration } from "../../../config/configuration.ts";
import { loadConfig, readConfigObject } from "../../../config/load.ts";
import { withPatience } from "../../shared/aws-patience.ts";
import { action, type CommandContext, helpText } from "../../shared/command.ts";
import { CommandError } from "../../shared/command-error.ts";
import { disposable } from "../../shared/target.ts";
import { deployedOf, deployedTemplate } from "../../shared/deployed.ts";
import { waitingIn } from "../../shared/messages-in.ts";
import type { Step } from "./step.ts";
import { stepsTo } from "./steps.ts";
import { plural } from "../../shared/render.ts";
import { DEFAULT_CONFIG_FILE } from "../../shared/checkout.ts";

interface Options {
  readonly config: string;
  readonly source?: string;
  readonly stack?: string;
  readonly template?: string;
  readonly accept: readonly string[];
}

/** A step with facts about its queue. */
interface PlannedStep extends Step {
  /** Approximate number of waiting messages; null when unknown or not asked for. */
  readonly messages: number | null;
  /** Whether the queue that the step would create exists already. */
  readonly isTaken: boolean;
  /**
   * Approximate number of messages that the step loses; null when it loses messages and SQS does
   * not return their number.
   */
  readonly lost: number | null;
}

const HELP = helpText(
  [
    "npm run plan -- --stack binlog-router-shop",
    "npm run plan -- --source shop --accept shop-billing-branch-7.fifo",
    "npm run plan -- --template deployed.json",
  ],
  "0 no waiting message is lost, except in queues named with --accept; 1 messages would be lost, or a queue exists already; " +
    "2 the plan could not be made, and one sentence says why",
);

/** Adds `plan`, which shows what deploying the configuration does to queues and their messages. */
export function plan(program: Command): void {
  program
    .command("plan")
    .description(
      "Shows what deploying the configuration creates, deletes and keeps, and what happens to waiting messages. Changes nothing.",
    )
    .option("--config <file>", "the configuration object as a JSON file", DEFAULT_CONFIG_FILE)
    .option("--source <name>", "the source, if the configuration has several")
    .option("--stack <name>", "the deployed stack (default: binlog-router-<name of the source>)")
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
  using sqs = disposable(new SQSClient(withPatience()));
  const steps = await Promise.all(
    stepsTo(config, deployed).map((step) => plannedStep(step, sqs.client)),
  );
  const refused = steps
    .filter(({ what, lost }) => lost !== 0 && !options.accept.includes(what))
    .map(({ what }) => what);
  const taken = steps.filter(({ isTaken }) => isTaken).map(({ what }) => what);
  report({ stack: stackName, steps, refused, taken }, () =>
    planText({ stackName, source: config.name, steps, refused, taken }),
  );
  return refused.length + taken.length === 0 ? 0 : 1;
}

async function plannedStep(step: Step, sqs: SQSClient): Promise<PlannedStep> {
  const { kind, what, losesMessages } = step;
  const asks = kind === "creates" || kind === "leaves" || losesMessages;
  const waiting = asks ? await waitingIn(sqs, what) : "no queue";
  const messages = waiting === "no queue" ? 0 : waiting;
  return {
    ...step,
    messages: asks ? messages : null,
    lost: losesMessages ? messages : 0,
    isTaken: kind === "creates" && typeof waiting === "number",
  };
}

async function readConfiguration({ config, source }: Options): Promise<Configuration> {
  try {
    return loadConfig(await readConfigObject(config, source));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandError(cause.message, { cause });
  }
}

interface Plan {
  readonly stackName: string;
  readonly source: string;
  readonly steps: readonly PlannedStep[];
  /** Queues whose messages would be lost. */
  readonly refused: readonly string[];
  /** Queues to be created that exist already. */
  readonly taken: readonly string[];
}

function planText({ stackName, source, steps, refused, taken }: Plan): string {
  const lines = steps.map((step) => `- ${step.text}${messagesText(step)}`);
  const problems = [
    ...(refused.length === 0
      ? []
      : [
          `Messages would be lost. Let their applications empty the queues first, or accept the loss: --accept ${refused.join(" ")}`,
        ]),
    ...(taken.length === 0
      ? []
      : [
          `Queues exist already, and CloudFormation cannot create a queue under a name that is taken. Let their applications empty them, remove them, and deploy a minute later: npm run queues -- discard ${taken.join(" ")} --source ${source}`,
        ]),
  ];
  const hint = steps.some(({ kind }) => kind === "leaves")
    ? [
        `Queues that are left behind stay until you discard them by name, best when they are empty: npm run queues -- list --source ${source}`,
      ]
    : [];
  const end =
    problems.length === 0 ? ["No message is lost, except in queues that you accepted."] : problems;
  return [
    `Deploying the configuration to the stack ${stackName}`,
    ...lines,
    "",
    ...hint,
    ...end,
  ].join("\n");
}

function messagesText({ kind, losesMessages, messages, isTaken }: PlannedStep): string {
  if (kind === "creates") {
    const about = messages === null ? "" : `, with about ${plural(messages, "message")}`;
    return isTaken ? ` (it exists already, left over${about})` : "";
  }
  if (kind !== "leaves" && !losesMessages) return "";
  if (messages === null) return " (SQS does not say how many messages it has)";
  return messages === 0 ? " (it is empty)" : ` (it has about ${plural(messages, "message")})`;
}
