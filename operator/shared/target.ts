import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { paginateListQueues, SQSClient } from "@aws-sdk/client-sqs";
import { withPatience } from "./aws-patience.ts";
import { CommandError } from "./command-error.ts";
import { noStack, readStackFile, type StackFile } from "./stack-file.ts";

/** The installation that a command works on. */
export interface Target extends Disposable {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly offsetsTable: string;
  readonly failuresTable: string;
  readonly sessionsTable: string;
  readonly payloadBucket: string;
  readonly rawDeadLetterQueueUrl: string;
  readonly secrets: SecretsManagerClient;
  /**
   * The settings of a local stack's parts; null for a deployed stack, where they are in its
   * configuration.
   */
  readonly parts: StackFile["parts"] | null;
  /** The secret with the reader's account; null for a local stack, whose settings name it. */
  readonly sourceSecretArn: string | null;
  /** The secret with the hash key for masked columns; null when no subscriber has `columns`. */
  readonly filterSecretArn: string | null;
}

/**
 * Finds a deployed stack by its name, with the AWS SDK's default credentials and region. Throws
 * CommandError.
 */
export async function deployedTarget(stackName: string): Promise<Target> {
  using cloudFormation = disposable(new CloudFormationClient(withPatience()));
  const { Stacks: stacks = [] } = await cloudFormation.client
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .catch((cause: unknown) => {
      throw new CommandError(
        `CloudFormation does not describe the stack ${stackName}: ${String(cause)}`,
        { cause },
      );
    });
  const outputs = new Map(
    (stacks[0]?.Outputs ?? []).map(({ OutputKey: key, OutputValue: value }) => [key, value]),
  );
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value === undefined) {
      throw new CommandError(
        `the stack ${stackName} has no output ${name}; is it a stack of binlog-router?`,
      );
    }
    return value;
  };
  const clients = {
    dynamodb: new DynamoDBClient(withPatience()),
    s3: new S3Client(withPatience()),
    sqs: new SQSClient(withPatience()),
    secrets: new SecretsManagerClient(withPatience()),
  };
  return target(clients, {
    parts: null,
    sourceSecretArn: outputs.get("SourceSecretArn") ?? null,
    filterSecretArn: outputs.get("FilterSecretArn") ?? null,
    offsetsTable: output("OffsetsTable"),
    failuresTable: output("FailuresTable"),
    sessionsTable: output("SessionsTable"),
    payloadBucket: output("PayloadBucket"),
    rawDeadLetterQueueUrl: output("RawDeadLetterQueueUrl"),
  });
}

/** The stack that `npm start` runs on this machine. Throws CommandError. */
export async function localTarget(stackFile: string): Promise<Target> {
  const { aws, tables, payloadBucket, parts } = await readStackFile(stackFile, REMEDY);
  const { region, accessKeyId, secretAccessKey } = aws;
  const common = { ...withPatience(), region, credentials: { accessKeyId, secretAccessKey } };
  const sqs = new SQSClient({ ...common, endpoint: aws.sqsEndpoint });
  const rawDeadLetterQueueUrl = await rawDeadLetterQueue(sqs).catch((cause: unknown) => {
    if ((cause as { code?: unknown }).code !== "ECONNREFUSED") throw cause;
    throw noStack(`nothing listens on ${aws.sqsEndpoint}, which ${stackFile} names`, REMEDY, cause);
  });
  const clients = {
    dynamodb: new DynamoDBClient({ ...common, endpoint: aws.dynamodbEndpoint }),
    s3: new S3Client({ ...common, endpoint: aws.s3Endpoint }),
    sqs,
    secrets: new SecretsManagerClient({ ...common, endpoint: aws.secretsManagerEndpoint }),
  };
  return target(clients, {
    parts,
    sourceSecretArn: null,
    filterSecretArn: parts?.route["FILTER_SECRET_ARN"] ?? null,
    offsetsTable: tables.offsets,
    failuresTable: tables.failures,
    sessionsTable: tables.sessions,
    payloadBucket,
    rawDeadLetterQueueUrl,
  });
}

/**
 * A local stack has one source, and therefore one raw dead-letter queue. The dead-letter queues of
 * an environment `raw` end in the same letters, and their names are longer.
 */
async function rawDeadLetterQueue(client: SQSClient): Promise<string> {
  const found: string[] = [];
  for await (const { QueueUrls: urls = [] } of paginateListQueues({ client, pageSize: 1000 }, {})) {
    found.push(...urls.filter((url) => url.endsWith("-raw-dead.fifo")));
  }
  return found.sort((one, other) => one.length - other.length)[0] ?? "";
}

const REMEDY = "start one with npm start, or name a deployed one with --stack";

type Clients = Pick<Target, "dynamodb" | "s3" | "sqs" | "secrets">;

function target(
  clients: Clients,
  names: Omit<Target, keyof Clients | typeof Symbol.dispose>,
): Target {
  return {
    ...clients,
    ...names,
    [Symbol.dispose]() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** A client that is closed at the end of its block. */
export function disposable<Client extends { destroy(): void }>(client: Client) {
  return { client, [Symbol.dispose]: () => client.destroy() };
}
