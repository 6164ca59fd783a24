import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeRouting } from "../../../config/routing.ts";
import { LOG_DAYS } from "../../../config/schema.ts";
import { READER_IMAGE } from "../../../infra/bundles/bundle.ts";
import {
  FAILURE_PAYLOAD_PREFIX,
  FRAME_PAYLOAD_PREFIX,
  MESSAGE_PAYLOAD_PREFIX,
  XA_PAYLOAD_PREFIX,
} from "../../../wire/payloads.ts";
import { exampleTemplate } from "../../support/example-stack.ts";

let template: Template;
beforeAll(() => {
  template = exampleTemplate();
});

function queueNames(of: Template): string[] {
  return Object.values(of.findResources("AWS::SQS::Queue"))
    .map(({ Properties }) => String(Properties.QueueName))
    .sort();
}

/** A reference to a queue of the template, by the queue's name. */
function arnOf(queueName: string): object {
  const found = template.findResources("AWS::SQS::Queue", {
    Properties: { QueueName: queueName },
  });
  return { "Fn::GetAtt": [Object.keys(found)[0], "Arn"] };
}

describe("the raw queue", () => {
  it("is a high-throughput FIFO queue whose messages stay hidden for longer than the function may run", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "shop-raw.fifo",
      FifoQueue: true,
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
      VisibilityTimeout: 45,
      RedrivePolicy: { deadLetterTargetArn: arnOf("shop-raw-dead.fifo"), maxReceiveCount: 1000 },
    });
    template.hasResourceProperties("AWS::Lambda::Function", {
      Description: Match.stringLikeRegexp("frames"),
      Timeout: 30,
    });
  });

  it("feeds the route function, which reports the frames that failed", () => {
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: arnOf("shop-raw.fifo"),
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  it("is written to by a reader of a later version only when the functions are of that version, too", () => {
    const functions = Object.keys(
      template.findResources("AWS::Lambda::Function", {
        Properties: { Environment: { Variables: { ROUTING: Match.anyValue() } } },
      }),
    );
    expect(functions).toHaveLength(2);
    const [service] = Object.values(template.findResources("AWS::ECS::Service"));
    expect(service?.["DependsOn"]).toEqual(expect.arrayContaining(functions));
  });

  it("hands over small frames with their columns, one at a time, when a subscriber gets a message for each change", () => {
    const subscribers = { search: { tables: ["shop.*"], format: "debezium" } };
    const foreign = exampleTemplate({ subscribers });
    foreign.hasResourceProperties("AWS::Lambda::EventSourceMapping", { BatchSize: 1 });
    foreign.hasResourceProperties("AWS::ECS::TaskDefinition", {
      ContainerDefinitions: [
        Match.objectLike({
          Environment: Match.arrayWith([
            { Name: "FRAME_COLUMNS", Value: "true" },
            { Name: "FRAME_KIB", Value: "16" },
          ]),
        }),
      ],
    });
    expect(JSON.stringify(template.toJSON())).not.toContain("FRAME_COLUMNS");
  });

  it("hands over frames with their columns, of the usual size, when a subscriber's filters hide some", () => {
    const columns = { exclude: ["shop.orders.email"] };
    const filtered = exampleTemplate({ subscribers: { search: { tables: ["shop.*"], columns } } });
    const [task] = Object.values(filtered.findResources("AWS::ECS::TaskDefinition"));
    expect(JSON.stringify(task)).toContain('{"Name":"FRAME_COLUMNS","Value":"true"}');
    const names = { tables: ["shop.orders"], columns: columns.exclude };
    filtered.hasResourceProperties("AWS::ECS::TaskDefinition", {
      ContainerDefinitions: [
        Match.objectLike({
          Environment: Match.arrayWith([{ Name: "FILTERED_NAMES", Value: JSON.stringify(names) }]),
        }),
      ],
    });
    expect(JSON.stringify(task)).not.toContain("FRAME_KIB");
    filtered.hasResourceProperties("AWS::Lambda::EventSourceMapping", { BatchSize: 10 });
  });

  it("lets as many invocations run as there are lanes", () => {
    exampleTemplate({ lanes: 8 }).hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      ScalingConfig: { MaximumConcurrency: 8 },
    });
  });
});

describe("each subscriber and environment", () => {
  it("has a FIFO queue and a dead-letter queue, the unrouted included", () => {
    const pairs = ["billing", "search"].flatMap((subscriber) =>
      ["production", "staging", "test", "unrouted"].map((name) => `shop-${subscriber}-${name}`),
    );
    expect(queueNames(template)).toEqual(
      ["shop-raw", ...pairs].flatMap((name) => [`${name}.fifo`, `${name}-dead.fifo`]).sort(),
    );
    for (const pair of pairs) {
      template.hasResourceProperties("AWS::SQS::Queue", {
        QueueName: `${pair}.fifo`,
        FifoQueue: true,
        FifoThroughputLimit: "perMessageGroupId",
        RedrivePolicy: { deadLetterTargetArn: arnOf(`${pair}-dead.fifo`), maxReceiveCount: 10 },
      });
    }
  });

  it("has no queue where the subscriber does not run, or where unrouted changes are dropped", () => {
    const names = queueNames(
      exampleTemplate({
        otherUsers: "drop",
        subscribers: { billing: { tables: ["shop.*"], environments: ["production"] } },
      }),
    );
    expect(names).toEqual([
      "shop-billing-production-dead.fifo",
      "shop-billing-production.fifo",
      "shop-raw-dead.fifo",
      "shop-raw.fifo",
    ]);
  });

  it("has a dead-letter queue for itself alone", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "shop-billing-staging-dead.fifo",
      RedriveAllowPolicy: {
        redrivePermission: "byQueue",
        sourceQueueArns: [
          {
            "Fn::Join": [
              "",
              Match.arrayWith([Match.stringLikeRegexp(":shop-billing-staging\\.fifo$")]),
            ],
          },
        ],
      },
    });
  });

  it("finds its queue among the outputs", () => {
    expect(template.findOutputs("QueueBillingStaging")).toMatchObject({
      QueueBillingStaging: { Description: "The queue of billing in staging" },
    });
    expect(template.findOutputs("ConsumerPolicyStaging")).not.toEqual({});
  });
});

describe("the tables", () => {
  it("have the keys, the index and the time to live that the contract names", () => {
    template.hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      TimeToLiveSpecification: { AttributeName: "expires", Enabled: true },
    });
    template.hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: [{ AttributeName: "chunk", KeyType: "HASH" }],
      TimeToLiveSpecification: { AttributeName: "expires", Enabled: true },
    });
    template.hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: [
        { AttributeName: "stream", KeyType: "HASH" },
        { AttributeName: "position", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "due",
          KeySchema: [
            { AttributeName: "due", KeyType: "HASH" },
            { AttributeName: "nextAttempt", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
      TimeToLiveSpecification: { AttributeName: "expires", Enabled: true },
    });
  });

  it("are paid by use, recoverable, protected, and kept when the stack is deleted", () => {
    template.resourceCountIs("AWS::DynamoDB::Table", 3);
    template.allResources("AWS::DynamoDB::Table", {
      Properties: Match.objectLike({
        BillingMode: "PAY_PER_REQUEST",
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
    });
  });
});

describe("the payload bucket", () => {
  it("deletes payloads when no queue can refer to them any more, and those of failure records and prepared XA transactions after a year", () => {
    const expiring = Object.values(template.findResources("AWS::S3::Bucket"))
      .flatMap(({ Properties }) => Properties.LifecycleConfiguration.Rules as LifecycleRule[])
      .filter(({ Id }) => Id !== "expire-access-log")
      .filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)
      .map(({ Prefix, ExpirationInDays }) => [Prefix, ExpirationInDays]);
    expect(expiring).toEqual([
      [FRAME_PAYLOAD_PREFIX, 30],
      [MESSAGE_PAYLOAD_PREFIX, 30],
      [FAILURE_PAYLOAD_PREFIX, 365],
      [XA_PAYLOAD_PREFIX, 365],
    ]);
  });
});

/** A lifecycle rule. Without `Prefix` it applies to every object. */
interface LifecycleRule {
  readonly Id: string;
  readonly Prefix?: string;
  readonly ExpirationInDays?: number;
}

describe("the functions", () => {
  it("run Node 24 on ARM from an ES module with source maps", () => {
    template.resourceCountIs("AWS::Lambda::Function", 2);
    template.allResourcesProperties("AWS::Lambda::Function", {
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Environment: {
        Variables: Match.objectLike({
          NODE_OPTIONS: "--enable-source-maps --max-semi-space-size=16",
          MALLOC_ARENA_MAX: "1",
          SOURCE_NAME: "shop",
        }),
      },
    });
  });

  it("get the routing in the form that they decode", () => {
    for (const { Properties } of Object.values(template.findResources("AWS::Lambda::Function"))) {
      const variables = Properties.Environment.Variables as Record<string, string>;
      expect(decodeRouting(variables["ROUTING"] ?? "")).toMatchObject({
        environments: { staging: { users: ["app_staging", "stg_*"] } },
        subscribers: {
          billing: { tables: ["shop.orders", "shop.payments"], groupBy: "table" },
          search: { groupBy: "key" },
        },
        otherUsers: "unrouted",
      });
    }
  });

  it("keep their variables within Lambda's 4 KB, also with sixty environments", () => {
    const environments = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [
        `branch-${n}`,
        { users: [`app_branch_${n}`, `dev_${n}_*`] },
      ]),
    );
    const subscribers = { billing: { tables: ["shop.orders", "shop.payments"] } };
    const many = exampleTemplate({ environments, subscribers });
    for (const { Properties } of Object.values(many.findResources("AWS::Lambda::Function"))) {
      expect(JSON.stringify(Properties.Environment.Variables).length).toBeLessThan(4096);
    }
  });

  it("are retried every minute, one run ending before the next", () => {
    template.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(1 minute)",
      Targets: [{ RetryPolicy: { MaximumRetryAttempts: 0 } }],
    });
    template.hasResourceProperties("AWS::Lambda::Function", {
      Description: Match.stringLikeRegexp("parked"),
      Timeout: 55,
    });
    // Lambda would otherwise retry an accepted event twice within six hours.
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: { Ref: Match.stringLikeRegexp("^RetryFunction") },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });
});

describe("the reader", () => {
  it("runs as two small ARM tasks, one of them always up, and rolls a bad version back", () => {
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Cpu: "512",
      Memory: "1024",
      RuntimePlatform: { CpuArchitecture: "ARM64", OperatingSystemFamily: "LINUX" },
    });
    template.hasResourceProperties("AWS::ECS::Service", {
      LaunchType: "FARGATE",
      DesiredCount: 2,
      DeploymentConfiguration: {
        MinimumHealthyPercent: 50,
        MaximumPercent: 100,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
    });
  });

  it("is rolled back when its new version cannot read what was read before; a first one may wait for its account", () => {
    const [[alarm] = []] = Object.entries(
      template.findResources("AWS::CloudWatch::Alarm", {
        Properties: { MetricName: "ReaderHeldUp", TreatMissingData: "notBreaching" },
      }),
    );
    template.hasResource("AWS::ECS::Service", {
      Properties: {
        DeploymentConfiguration: {
          Alarms: {
            AlarmNames: ["binlog-router shop: Reader held up"],
            Enable: true,
            Rollback: true,
          },
        },
      },
      DependsOn: Match.arrayWith([alarm]),
    });
  });

  it("gets the variables of the contract, and more time to stop than it needs to drain", () => {
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      ContainerDefinitions: [
        Match.objectLike({
          StopTimeout: 30,
          HealthCheck: Match.objectLike({ Retries: 3 }),
          Environment: Match.arrayWith([
            { Name: "SOURCE_NAME", Value: "shop" },
            { Name: "SOURCE_TABLES", Value: '["shop.*","!shop.sessions"]' },
            { Name: "LANES", Value: "1" },
            { Name: "DELAY_MS", Value: "20" },
            { Name: "HEALTH_PORT", Value: "8080" },
          ]),
        }),
      ],
    });
  });

  it("loses no line of its log on the way to CloudWatch", () => {
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      ContainerDefinitions: [
        Match.objectLike({
          LogConfiguration: {
            LogDriver: "awslogs",
            Options: Match.objectLike({ mode: "blocking" }),
          },
        }),
      ],
    });
  });

  it("maps its errors to the sources; the task's options replace those of an image", () => {
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      ContainerDefinitions: [
        Match.objectLike({
          Environment: Match.arrayWith([
            { Name: "NODE_OPTIONS", Value: Match.stringLikeRegexp("--enable-source-maps") },
            { Name: "MALLOC_ARENA_MAX", Value: "1" },
          ]),
        }),
      ],
    });
    const dockerfile = readFileSync(join(READER_IMAGE, "Dockerfile"), "utf8");
    expect(dockerfile).not.toContain("NODE_OPTIONS");
  });
});

it("keeps logs for as long as CloudWatch can", () => {
  const steps = Object.values(RetentionDays).filter((days) => typeof days === "number");
  expect(LOG_DAYS).toEqual(steps);
});

describe("several sources", () => {
  it("name their stacks and queues apart", () => {
    const names = queueNames(exampleTemplate({ name: "crm" }));
    expect(names.every((name) => name.startsWith("crm-"))).toBe(true);
  });
});
