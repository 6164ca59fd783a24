import { rawQueueName } from "../wire/names.ts";
import { messagePayloadPrefix } from "../wire/payloads.ts";
import type { ConfigProblem } from "./config-error.ts";
import type { Configuration } from "./configuration.ts";
import { hasColumns } from "./filters.ts";
import { type EnvironmentQueue, environmentQueues } from "./queues.ts";
import { readerProblems } from "./reader-size.ts";
import { encodeRouting } from "./routing.ts";
import { templateProblems } from "./template-size.ts";

/** The parts of a configuration that determine the size of its stack. */
export type SizedConfiguration = Pick<
  Configuration,
  | "name"
  | "source"
  | "environments"
  | "subscribers"
  | "otherUsers"
  | "operators"
  | "canary"
  | "restoredTables"
  | "alarms"
>;

/**
 * The number of resources available for queues, environments, e-mail addresses, secrets and the
 * canary. CloudFormation allows 500 in a stack, and the other resources are at most 69.
 */
const STACK_ROOM = 431;
/** The resources of the canary's function. Its queue and its secret are counted with the others. */
const CANARY_RESOURCES = 10;
/** For each environment queue: two queues, their policies and their alarms. */
const RESOURCES_PER_QUEUE = 6;
/** IAM's limit for a managed policy, characters. */
const LONGEST_MANAGED_POLICY = 6144;
/** SQS's limits for a queue's policy: bytes and principals. */
const LONGEST_QUEUE_POLICY = 8192;
const QUEUE_PRINCIPALS = 50;
/** S3's limit for a bucket's policy, bytes. */
const LONGEST_BUCKET_POLICY = 20_480;
/** Lambda's limit for all variables of a function together, bytes of their JSON text. */
const LONGEST_VARIABLES = 4_096;

/**
 * Reports what exceeds the limits of CloudFormation, IAM, SQS, S3, ECS and Lambda for one stack.
 * AWS would refuse it in the middle of a deployment.
 */
export function sizeProblems(config: SizedConfiguration): ConfigProblem[] {
  const queues = environmentQueues(config);
  const byEnvironment = Map.groupBy(queues, ({ environment }) => environment);
  return [
    ...resourceProblems(config, queues.length, byEnvironment.size),
    ...[...byEnvironment].flatMap(([environment, own]) => policyProblems(environment, own)),
    ...queuePolicyProblems(config),
    ...bucketPolicyProblems(config),
    ...routingProblems(config),
    ...readerProblems(config),
    ...templateProblems(config),
  ];
}

function routingProblems(config: SizedConfiguration): ConfigProblem[] {
  const { length } = encodeRouting(config);
  const room = routingRoom(config);
  if (length <= room) return [];
  return [
    {
      path: "subscribers",
      message: `and environments take ${length} bytes in a variable of the functions, packed, and Lambda has room for ${room}: use patterns for users, tables and columns, or divide the subscribers or the environments among several sources, each with a name of its own`,
    },
  ];
}

/**
 * The bytes that Lambda has left for `ROUTING`. The other variables are as long as they can get in
 * a stack `binlog-router-<name>`.
 */
export function routingRoom({ name, restoredTables, subscribers }: SizedConfiguration): number {
  const table = `binlog-router-${name}-${"x".repeat(22 + 13)}`;
  const arn = "arn:aws-us-gov:secretsmanager:ap-southeast-1:111122223333:secret:";
  const others = {
    SOURCE_NAME: name,
    RAW_QUEUE_URL: `https://sqs.ap-southeast-1.amazonaws.com/111122223333/${rawQueueName(name)}`,
    ROUTING: "",
    OFFSETS_TABLE: restoredTables?.offsets ?? table,
    FAILURES_TABLE: restoredTables?.failures ?? table,
    SESSIONS_TABLE: restoredTables?.sessions ?? table,
    PAYLOAD_BUCKET: "b".repeat(63),
    ...(Object.values(subscribers).some(hasColumns) && {
      FILTER_SECRET_ARN: `${arn}${"s".repeat(20 + 13 + 7)}`,
    }),
    NODE_OPTIONS: "--enable-source-maps --max-semi-space-size=16",
    MALLOC_ARENA_MAX: "1",
  };
  return LONGEST_VARIABLES - JSON.stringify(others).length;
}

const DIVIDE = "divide the subscribers among several sources, each with a name of its own";

function resourceProblems(
  config: SizedConfiguration,
  queues: number,
  environments: number,
): ConfigProblem[] {
  const { alarms } = config;
  // Each address is a subscription.
  const addresses = alarms.emails.length + alarms.urgentEmails.length;
  const room = Math.max(0, STACK_ROOM - fixedResources(config) - addresses);
  if (RESOURCES_PER_QUEUE * queues + environments <= room) return [];
  const [withAddresses, remedy] =
    addresses === 0 ? ["", ""] : [` with ${addresses} e-mail addresses`, "list fewer addresses, "];
  return [
    {
      path: "subscribers",
      message: `make ${queues} queues in ${environments} environments; a stack${withAddresses} holds ${Math.floor(room / (RESOURCES_PER_QUEUE + 1))} queues with one environment for each, and ${Math.floor(room / RESOURCES_PER_QUEUE)} with few environments: ${remedy}list the environments of each subscriber, or ${DIVIDE}`,
    },
  ];
}

/** The canary's resources and the secrets that the stack makes. */
function fixedResources({ canary, source, subscribers }: SizedConfiguration): number {
  const secrets = [
    source.secretArn === undefined,
    canary !== undefined && canary.secretArn === undefined,
    Object.values(subscribers).some(hasColumns),
  ].filter(Boolean).length;
  return secrets + (canary === undefined ? 0 : CANARY_RESOURCES);
}

function policyProblems(environment: string, queues: readonly EnvironmentQueue[]): ConfigProblem[] {
  const length = consumerPolicyLength(environment, queues);
  if (length <= LONGEST_MANAGED_POLICY) return [];
  return [
    {
      path: "subscribers",
      message: `have ${queues.length} queues in the environment ${JSON.stringify(environment)}, whose names are too long together for the policy of its applications (${length} characters, and IAM allows ${LONGEST_MANAGED_POLICY}): shorten the names, list the environments of each subscriber, or ${DIVIDE}`,
    },
  ];
}

function queuePolicyProblems(config: SizedConfiguration): ConfigProblem[] {
  return Object.entries(config.environments).flatMap(([name, { consumers }]) => {
    const principals = consumers.length + config.operators.length;
    const bytes = queuePolicyLength(consumers, config.operators);
    if (principals <= QUEUE_PRINCIPALS && bytes <= LONGEST_QUEUE_POLICY) return [];
    return [
      {
        path: `environments.${name}`,
        message: `has ${consumers.length} consumers, which with ${config.operators.length} operators take ${bytes} bytes in the policy of each of its queues; SQS allows ${LONGEST_QUEUE_POLICY} bytes and ${QUEUE_PRINCIPALS} principals: list a role that several of them assume`,
      },
    ];
  });
}

function bucketPolicyProblems(config: SizedConfiguration): ConfigProblem[] {
  const closed = closedEnvironments(config);
  const bytes = bucketPolicyLength(config);
  if (bytes <= LONGEST_BUCKET_POLICY) return [];
  return [
    {
      path: "environments",
      message: `list consumers in ${closed.length} environments, which takes ${bytes} bytes in the payload bucket's policy, and S3 allows ${LONGEST_BUCKET_POLICY}: leave the consumers out where ConsumerPolicy… of the stack's outputs is enough, or divide the environments among several sources, each with a name of its own`,
    },
  ];
}

/** ARNs of the greatest possible length. */
const BUCKET = `arn:aws-us-gov:s3:::${"b".repeat(63)}`;
const ROLE = `arn:aws-us-gov:iam::111122223333:role/${"r".repeat(64)}`;
const KEY = "arn:aws-us-gov:kms:ap-southeast-1:111122223333:key/mrk-".padEnd(88, "0");
const queueArn = (name: string): string => `arn:aws-us-gov:sqs:ap-southeast-1:111122223333:${name}`;

/** An upper bound on the length of an environment's policy `ConsumerPolicy…`, characters. */
export function consumerPolicyLength(
  environment: string,
  queues: readonly EnvironmentQueue[],
): number {
  return policyLength([
    {
      Action: [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
      ],
      Effect: "Allow",
      Resource: queues.map(({ queueName }) => queueArn(queueName)),
    },
    { Action: "s3:GetObject", Effect: "Allow", Resource: objectsOf(environment) },
    { Action: "kms:Decrypt", Effect: "Allow", Resource: KEY },
  ]);
}

/**
 * An upper bound on the size of the policies of an environment's queue and its dead-letter queue,
 * bytes: the larger of the two.
 */
export function queuePolicyLength(
  consumers: readonly string[],
  operators: readonly string[],
): number {
  const Resource = queueArn("q".repeat(80));
  const allowed = (principals: readonly string[], actions: number): object => ({
    Action: Array.from({ length: actions }, () => "sqs:ChangeMessageVisibility"),
    Effect: "Allow",
    Principal: { AWS: principals },
    Resource,
  });
  const insecure = {
    Action: "sqs:*",
    Condition: { Bool: { "aws:SecureTransport": "false" } },
    Effect: "Deny",
    Principal: { AWS: "*" },
    Resource,
  };
  const closed = (admitted: readonly string[]): object => ({
    Sid: "OnlyListedConsumers",
    Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
    Condition: { ArnNotEquals: { "aws:PrincipalArn": admitted } },
    Effect: "Deny",
    Principal: { AWS: "*" },
    Resource,
  });
  const both = [
    insecure,
    closed([ROLE, ROLE, ROLE, ...operators, ...consumers]),
    closed([...consumers, ...operators]),
  ];
  return Math.max(
    policyLength([...both, allowed(operators, 3), allowed(consumers, 5)]),
    policyLength([...both, allowed(operators, 7)]),
  );
}

/** An upper bound on the size of the payload bucket's policy, bytes. */
export function bucketPolicyLength(config: SizedConfiguration): number {
  const insiders = [ROLE, ROLE, ROLE, ...config.operators];
  const closed = closedEnvironments(config);
  const shared = closed.length > 0 || config.operators.length > 0 ? 3 : 0;
  return policyLength([
    ...[
      { Bool: { "aws:SecureTransport": "false" } },
      { NumericLessThan: { "s3:TlsVersion": 1.2 } },
    ].map((condition) => ({
      Action: "s3:*",
      Condition: condition,
      Effect: "Deny",
      Principal: { AWS: "*" },
      Resource: [BUCKET, `${BUCKET}/*`],
    })),
    ...closed.flatMap(([environment, consumers]) => [
      {
        Action: "s3:GetObject",
        Effect: "Allow",
        Principal: { AWS: consumers },
        Resource: objectsOf(environment),
      },
      denial([...insiders, ...consumers], objectsOf(environment)),
    ]),
    ...Array.from({ length: shared }, () => denial(insiders, `${BUCKET}/failures/*`)),
  ]);
}

function closedEnvironments({ environments }: SizedConfiguration): [string, readonly string[]][] {
  return Object.entries(environments)
    .map(([name, { consumers }]): [string, readonly string[]] => [name, consumers])
    .filter(([, consumers]) => consumers.length > 0);
}

function denial(admitted: readonly string[], resource: string): object {
  return {
    Action: "s3:*Object*",
    Condition: { ArnNotEquals: { "aws:PrincipalArn": admitted } },
    Effect: "Deny",
    Principal: { AWS: "*" },
    Resource: resource,
  };
}

function objectsOf(environment: string): string {
  return `${BUCKET}/${messagePayloadPrefix(environment)}*`;
}

function policyLength(statements: readonly object[]): number {
  return JSON.stringify({ Statement: statements, Version: "2012-10-17" }).length;
}
