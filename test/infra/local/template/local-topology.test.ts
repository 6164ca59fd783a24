import { DescribeTableCommand, DescribeTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { CfnResource, Duration, Fn } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import type { IConstruct } from "constructs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { onThisMachine } from "../../../../infra/local/request/local-configuration.ts";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import {
  IncompleteTemplateError,
  UnsupportedTemplateError,
} from "../../../../infra/local/template/errors.ts";
import type { LocalTopology } from "../../../../infra/local/template/local-topology.ts";
import { provision } from "../../../../infra/local/template/provision.ts";
import { synthesize, synthesizeStack } from "../../../../infra/local/template/synthesize.ts";
import { UNBUNDLED } from "../../../../infra/bundles/bundle.ts";
import { routerStack, type RouterStack } from "../../../../infra/stack/router-stack.ts";
import { exampleConfiguration } from "../../../support/example-stack.ts";

const MYSQL = { host: "127.0.0.1", port: 33_061, tls: "off" } as const;
const CREDENTIALS = { username: "binlog_router", password: "secret" };

/**
 * Applies an edit to the CDK app and reads the topology that a local run derives from it, on new
 * stand-ins.
 */
async function localRun<Result>(
  edit: (stack: RouterStack) => void,
  look: (topology: LocalTopology, clients: AwsClients) => Promise<Result> | Result,
): Promise<Result> {
  await using aws = await startLocalAws();
  using clients = awsClients(aws);
  const stack = synthesizeStack((app) => {
    const edited = routerStack(app, onThisMachine(exampleConfiguration(), MYSQL), UNBUNDLED);
    edit(edited);
    return edited;
  });
  const signal = AbortSignal.timeout(30_000);
  const topology = await provision(stack, { aws, sourceCredentials: CREDENTIALS, signal });
  return await look(topology, clients);
}

/** The CloudFormation resource of a construct, as an edit of the app would access it. */
function resource(construct: IConstruct): CfnResource {
  const child = construct.node.defaultChild;
  if (!CfnResource.isCfnResource(child)) throw new TypeError("a construct without a resource");
  return child;
}

/** The event source mapping that connects a queue to a function. */
function eventSourceMapping(lambda: IConstruct): CfnResource {
  const mapping = lambda.node
    .findAll()
    .filter(CfnResource.isCfnResource)
    .find(({ cfnResourceType }) => cfnResourceType === "AWS::Lambda::EventSourceMapping");
  if (mapping === undefined) throw new TypeError("a function without a queue");
  return mapping;
}

async function attributes(
  clients: AwsClients,
  topology: LocalTopology,
  name: string,
): Promise<Record<string, string>> {
  const { Attributes = {} } = await clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: topology.queues.get(name)?.url,
      AttributeNames: ["All"],
    }),
  );
  return Attributes;
}

describe("a run on one machine", () => {
  let aws: LocalAws;
  let clients: AwsClients;
  let topology: LocalTopology;

  beforeAll(async () => {
    aws = await startLocalAws();
    clients = awsClients(aws);
    topology = await provision(synthesize(onThisMachine(exampleConfiguration(), MYSQL)), {
      aws,
      sourceCredentials: CREDENTIALS,
      signal: AbortSignal.timeout(30_000),
    });
  });

  afterAll(async () => {
    clients[Symbol.dispose]();
    await aws[Symbol.asyncDispose]();
  });

  it("has every queue of the template with its attributes", async () => {
    expect(topology.queues.size).toBe(18);
    expect(await attributes(clients, topology, "shop-raw.fifo")).toMatchObject({
      FifoQueue: "true",
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
      VisibilityTimeout: "45",
      MessageRetentionPeriod: "1209600",
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: topology.queues.get("shop-raw-dead.fifo")?.arn,
        maxReceiveCount: 1000,
      }),
    });
  });

  it("has the tables with their keys, index and time to live", async () => {
    const { Table } = await clients.dynamodb.send(
      new DescribeTableCommand({ TableName: topology.tables.failures }),
    );
    expect(Table).toMatchObject({
      KeySchema: [
        { AttributeName: "stream", KeyType: "HASH" },
        { AttributeName: "position", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [{ IndexName: "due" }],
    });
    const { failures, offsets, sessions } = topology.tables;
    for (const table of [failures, offsets, sessions]) {
      const { TimeToLiveDescription } = await clients.dynamodb.send(
        new DescribeTimeToLiveCommand({ TableName: table }),
      );
      expect(TimeToLiveDescription).toMatchObject({ AttributeName: "expires" });
    }
  });

  it("gives the reader its variables, the local server's among them", async () => {
    expect(topology.reader.environment).toMatchObject({
      SOURCE_NAME: "shop",
      SOURCE_HOST: MYSQL.host,
      SOURCE_PORT: String(MYSQL.port),
      SOURCE_TLS: "off",
      RAW_QUEUE_URL: topology.queues.get("shop-raw.fifo")?.url,
      OFFSETS_TABLE: topology.tables.offsets,
    });
    const { SecretString } = await clients.secretsManager.send(
      new GetSecretValueCommand({ SecretId: topology.reader.environment["SOURCE_SECRET_ARN"] }),
    );
    expect(JSON.parse(SecretString ?? "")).toEqual(CREDENTIALS);
  });

  it("gives the functions their variables, time-outs, batches and schedule", () => {
    expect(topology.route).toMatchObject({
      timeoutMs: 30_000,
      environment: { FAILURES_TABLE: topology.tables.failures },
      eventSource: {
        queueUrl: topology.queues.get("shop-raw.fifo")?.url,
        batchSize: 10,
        reportsBatchItemFailures: true,
      },
    });
    expect(topology.retry).toMatchObject({ timeoutMs: 55_000, periodMs: 60_000 });
    expect(topology.route.entry).toMatch(/functions\/main\/route\.ts$/);
    expect(topology.reader.entry).toMatch(/reader\/main\.ts$/);
  });
});

describe("the local run follows an edit of the CDK app:", () => {
  it("a queue's attribute", async () => {
    const changed = await localRun(
      ({ router: { raw } }) => {
        resource(raw.queue).addPropertyOverride("VisibilityTimeout", 45);
      },
      (topology, clients) => attributes(clients, topology, "shop-raw.fifo"),
    );
    expect(changed["VisibilityTimeout"]).toBe("45");
  });

  it("another queue", async () => {
    const names = await localRun(
      (stack) => stack.exportValue(new Queue(stack, "Audit", { queueName: "shop-audit" }).queueUrl),
      ({ queues }) => [...queues.keys()],
    );
    expect(names).toContain("shop-audit");
  });

  it("an added environment variable", async () => {
    const variables = await localRun(
      ({ router: { route } }) => route.function.addEnvironment("LOG_LEVEL", "debug"),
      ({ route }) => route.environment,
    );
    expect(variables["LOG_LEVEL"]).toBe("debug");
  });

  it("a removed environment variable", async () => {
    const variables = await localRun(
      ({ router: { retry } }) =>
        resource(retry.function).addPropertyDeletionOverride(
          "Environment.Variables.PAYLOAD_BUCKET",
        ),
      ({ retry }) => Object.keys(retry.environment),
    );
    expect(variables).not.toContain("PAYLOAD_BUCKET");
    expect(variables).toContain("FAILURES_TABLE");
  });

  it("a variable of the reader's container", async () => {
    const variables = await localRun(
      ({ router: { reader } }) =>
        reader.taskDefinition.defaultContainer?.addEnvironment("LANES", "4"),
      ({ reader }) => reader.environment,
    );
    expect(variables["LANES"]).toBe("4");
  });

  it("a function's time-out, its batches, its schedule", async () => {
    const settings = await localRun(
      ({ router: { route, retry } }) => {
        resource(route.function).addPropertyOverride("Timeout", 20);
        eventSourceMapping(route.function).addPropertyOverride("BatchSize", 5);
        resource(retry.schedule).addPropertyOverride("ScheduleExpression", "rate(5 minutes)");
      },
      ({ route, retry }) => ({
        timeoutMs: route.timeoutMs,
        batchSize: route.eventSource.batchSize,
        periodMs: retry.periodMs,
      }),
    );
    expect(settings).toEqual({
      timeoutMs: 20_000,
      batchSize: 5,
      periodMs: Duration.minutes(5).toMilliseconds(),
    });
  });

  it("a table's index", async () => {
    const indexes = await localRun(
      ({ router: { tables } }) => {
        resource(tables.failures).addPropertyOverride(
          "GlobalSecondaryIndexes.0.IndexName",
          "renamed",
        );
      },
      async ({ tables }, clients) => {
        const { Table } = await clients.dynamodb.send(
          new DescribeTableCommand({ TableName: tables.failures }),
        );
        return Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName);
      },
    );
    expect(indexes).toEqual(["renamed"]);
  });
});

describe("the local run fails without a part that the CDK app lacks:", () => {
  it("a queue that the parts name", async () => {
    await expect(without("AWS::SQS::Queue", "RawQueue")).rejects.toThrow(/no resource RawQueue/);
  });

  it("a table that the parts name", async () => {
    const missing = without("AWS::DynamoDB::Table", "TablesSessions");
    await expect(missing).rejects.toThrow(/no resource TablesSessions/);
  });

  it("a function", async () => {
    const missing = without("AWS::Lambda::Function", "RetryFunction");
    await expect(missing).rejects.toThrow("no resource of the template runs the part retry");
  });

  it("the schedule", async () => {
    await expect(
      localRun(
        ({ router: { retry } }) => retry.node.tryRemoveChild("Schedule"),
        () => undefined,
      ),
    ).rejects.toThrow(IncompleteTemplateError);
  });
});

/**
 * The local topology of a template without the resource of this type whose logical id has this
 * prefix.
 */
async function without(type: string, beginning: string): Promise<LocalTopology> {
  await using aws = await startLocalAws();
  const { stackName, template } = synthesize(onThisMachine(exampleConfiguration(), MYSQL));
  const kept = Object.entries(template.Resources).filter(
    ([id, { Type }]) => Type !== type || !id.startsWith(beginning),
  );
  return await provision(
    { stackName, template: { ...template, Resources: Object.fromEntries(kept) } },
    { aws, sourceCredentials: CREDENTIALS, signal: AbortSignal.timeout(30_000) },
  );
}

describe("a part of the template that the local run does not know", () => {
  it("is an error that names the type of the resource", async () => {
    await expect(
      localRun(
        (stack) => {
          const stream = new CfnResource(stack, "Stream", { type: "AWS::Kinesis::Stream" });
          stream.addPropertyOverride("ShardCount", 1);
        },
        () => undefined,
      ),
    ).rejects.toThrow(/resources of the type AWS::Kinesis::Stream/);
  });

  it("is an error that names the kind of alarm", async () => {
    await expect(
      localRun(
        (stack) => {
          const composite = new CfnResource(stack, "All", {
            type: "AWS::CloudWatch::CompositeAlarm",
          });
          composite.addPropertyOverride("AlarmRule", "TRUE");
        },
        () => undefined,
      ),
    ).rejects.toThrow(/resources of the type AWS::CloudWatch::CompositeAlarm/);
  });

  it.each<[string, (stack: RouterStack) => void]>([
    [
      "the property Enabled of the AWS::Lambda::EventSourceMapping",
      ({ router: { route } }) =>
        eventSourceMapping(route.function).addPropertyOverride("Enabled", false),
    ],
    [
      "the property MaximumBatchingWindowInSeconds of the AWS::Lambda::EventSourceMapping",
      ({ router: { route } }) =>
        eventSourceMapping(route.function).addPropertyOverride("MaximumBatchingWindowInSeconds", 5),
    ],
    [
      "the property FilterCriteria of the AWS::Lambda::EventSourceMapping",
      ({ router: { route } }) =>
        eventSourceMapping(route.function).addPropertyOverride("FilterCriteria", {
          Filters: [{ Pattern: "{}" }],
        }),
    ],
    [
      "the property ReservedConcurrentExecutions of the AWS::Lambda::Function",
      ({ router: { retry } }) =>
        resource(retry.function).addPropertyOverride("ReservedConcurrentExecutions", 1),
    ],
    [
      "the state DISABLED of a rule",
      ({ router: { retry } }) => resource(retry.schedule).addPropertyOverride("State", "DISABLED"),
    ],
    [
      "the property EphemeralStorage of the AWS::ECS::TaskDefinition",
      ({ router: { reader } }) =>
        resource(reader.taskDefinition).addPropertyOverride("EphemeralStorage.SizeInGiB", 30),
    ],
    [
      "the property Command of the container of a task",
      ({ router: { reader } }) =>
        resource(reader.taskDefinition).addPropertyOverride("ContainerDefinitions.0.Command", [
          "node",
        ]),
    ],
    [
      "the intrinsic function Fn::Cidr",
      (stack) =>
        stack.exportValue(Fn.select(0, Fn.cidr("10.0.0.0/16", 2, "8")), { name: "first-block" }),
    ],
  ])("is an error that names %s", async (what, edit) => {
    const run = localRun(edit, () => undefined);
    await expect(run).rejects.toThrow(UnsupportedTemplateError);
    await expect(run).rejects.toThrow(what);
  });

  it("is an error that names the property of a table", async () => {
    await expect(
      localRun(
        ({ router: { tables } }) =>
          resource(tables.offsets).addPropertyOverride("StreamSpecification", {
            StreamViewType: "NEW_IMAGE",
          }),
        () => undefined,
      ),
    ).rejects.toThrow(UnsupportedTemplateError);
  });
});
