import { Command, CommanderError, InvalidArgumentError } from "commander";
import { resolve } from "node:path";
import type { ServiceName } from "./http/aws-service.ts";
import type { LocalAwsOptions } from "./start-local-aws.ts";

/** The command line is invalid. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command line contains `--help`. The message is the text to print. */
export class HelpRequested extends Error {
  override readonly name = "HelpRequested";
}

/** The services in the order of their ports. */
const SERVICES = ["sqs", "dynamodb", "secretsManager", "s3"] as const satisfies ServiceName[];

const EPILOGUE = `
Prints the environment variables that make any AWS SDK use the stand-ins, one NAME=value per line. Then serves until
SIGINT or SIGTERM. Without --directory, all data is in memory and is lost when the program ends.

  local-aws --port 4566 > aws.env &
  node --env-file=aws.env application.js

Faults, counters and the clock are controlled over HTTP, at the endpoint of any service: see README.md.

Exit code: 0 after a signal, 2 when the services cannot be started.`;

/** Parses the command line. Throws UsageError, and HelpRequested for `--help`. */
export function parseOptions(argv: readonly string[]): LocalAwsOptions {
  let output = "";
  const command = new Command("local-aws")
    .description("Stands in for SQS, DynamoDB, Secrets Manager and S3 on this machine.")
    .option(
      "--port <port>",
      "SQS listens on this port; DynamoDB, Secrets Manager and S3 listen on the next three (default: free ports)",
      port,
    )
    .option("--region <name>", "the region in ARNs", "us-east-1")
    .option("--directory <path>", "keep all data in this directory (default: in memory)", resolved)
    .option("--account-id <digits>", "the account in ARNs and queue URLs", account, "000000000000")
    .helpOption("--help", "show this help")
    .addHelpText("after", EPILOGUE)
    .allowExcessArguments(false)
    .configureOutput({ writeOut: (text) => (output += text), writeErr: () => undefined })
    .exitOverride();
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpRequested(output);
    throw new UsageError(error.message.replace(/^error: /, ""), { cause: error });
  }
  const options = command.opts<{
    port?: number;
    region: string;
    accountId: string;
    directory?: string;
  }>();
  return {
    region: options.region,
    accountId: options.accountId,
    ...(options.directory !== undefined && { directory: options.directory }),
    ...(options.port === undefined ? {} : { ports: consecutivePorts(options.port) }),
  };
}

function consecutivePorts(first: number): Partial<Record<ServiceName, number>> {
  return Object.fromEntries(SERVICES.map((name, index) => [name, first + index]));
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 65_532)
    throw new InvalidArgumentError("expected a port from 1 to 65532");
  return number;
}

function resolved(path: string): string {
  return resolve(path);
}

function account(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError("expected twelve digits");
  return text;
}
