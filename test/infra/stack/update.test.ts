import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EVERYTHING, exampleObject, exampleTemplate } from "../../support/example-stack.ts";

// An update from the first release replaces no resource that lasts. The golden file was made from
// that release's template of the example.

/**
 * The properties whose change makes CloudFormation replace a resource, of the types in the golden
 * file ("Update requires: Replacement" in its reference).
 */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  "AWS::CloudWatch::Dashboard": ["DashboardName"],
  "AWS::DynamoDB::Table": ["TableName", "KeySchema"],
  "AWS::EC2::SecurityGroup": ["GroupName", "GroupDescription", "VpcId"],
  "AWS::ECS::Cluster": ["ClusterName"],
  "AWS::ECS::Service": ["ServiceName", "Cluster", "LaunchType"],
  "AWS::Events::Rule": ["Name", "EventBusName"],
  "AWS::IAM::ManagedPolicy": ["ManagedPolicyName", "Path", "Description"],
  "AWS::IAM::Role": ["RoleName", "Path"],
  "AWS::Lambda::EventSourceMapping": ["EventSourceArn"],
  "AWS::Lambda::Function": ["FunctionName", "PackageType"],
  "AWS::Logs::LogGroup": ["LogGroupName"],
  "AWS::S3::Bucket": ["BucketName"],
  "AWS::SNS::Topic": ["TopicName", "FifoTopic"],
  "AWS::SQS::Queue": ["QueueName", "FifoQueue"],
};

interface Lasting {
  readonly Type: string;
  readonly [property: string]: unknown;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const golden = JSON.parse(
  readFileSync(new URL("../../golden/stack/deployed-by-0.1.0.json", import.meta.url), "utf8"),
) as Record<string, Lasting>;

const { environments, subscribers } = exampleObject() as {
  readonly environments: Readonly<Record<string, object>>;
  readonly subscribers: Readonly<Record<string, object>>;
};

test.each<[string, Record<string, unknown>]>([
  ["the example", {}],
  [
    "everything else that a configuration may have",
    {
      ...EVERYTHING,
      environments: { ...environments, ...EVERYTHING.environments },
      subscribers: {
        ...subscribers,
        billing: { ...subscribers["billing"], columns: { mask: { "shop.*.email": "hash" } } },
      },
      lanes: 8,
      deployment: { tags: { team: "data" } },
    },
  ],
])("an update from the first release to %s replaces nothing that lasts", (_, replaced) => {
  const present = exampleTemplate(replaced).toJSON()["Resources"] as Record<string, Resource>;
  const after = Object.fromEntries(
    Object.keys(golden).map((id) => {
      const { Type, Properties = {} } = present[id] ?? { Type: "gone" };
      const fixed = (REPLACING[Type] ?? []).filter((key) => key in Properties);
      return [id, { Type, ...Object.fromEntries(fixed.map((key) => [key, Properties[key]])) }];
    }),
  );
  expect(after).toEqual(golden);
});

const taskDefinition = (replaced: Record<string, unknown>): unknown =>
  exampleTemplate(replaced).findResources("AWS::ECS::TaskDefinition");

test("a subscriber, an environment or a subscriber's table that is added leaves the reader as it is", () => {
  const added = { tables: ["shop.orders"] };
  const present = taskDefinition({});
  expect(taskDefinition({ subscribers: { ...subscribers, added } })).toEqual(present);
  expect(
    taskDefinition({ environments: { ...environments, added: { users: ["app_added"] } } }),
  ).toEqual(present);
  const [name = ""] = Object.keys(subscribers);
  const more = { ...subscribers[name], tables: ["shop.*"] };
  expect(taskDefinition({ subscribers: { ...subscribers, [name]: more } })).toEqual(present);
});

function count(type: string): number {
  return Object.values(golden).filter(({ Type }) => Type === type).length;
}

test("the golden file has every queue, table and bucket of that release", () => {
  expect(["AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket"].map(count)).toEqual([
    18, 3, 2,
  ]);
});
