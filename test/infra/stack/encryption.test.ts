import { Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Vpc, type IVpc } from "aws-cdk-lib/aws-ec2";
import { Key } from "aws-cdk-lib/aws-kms";
import { beforeAll, describe, expect, it } from "vitest";
import { UNBUNDLED } from "../../../infra/bundles/bundle.ts";
import { synthesizeStack } from "../../../infra/local/template/synthesize.ts";
import { BinlogRouter } from "../../../infra/stack/binlog-router.ts";
import { exampleObject, exampleTemplate } from "../../support/example-stack.ts";

const KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f";
const OWN_SECRETS = {
  source: { ...(exampleObject()["source"] as object), secretArn: undefined },
  subscribers: {
    billing: { tables: ["shop.*"], columns: { mask: { "shop.*.email": "hash" } } },
  },
};

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** The actions on the key that each policy allows, by the policy's logical id. */
function keyActions(template: Template): Map<string, string[]> {
  const policies = ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"].flatMap((type) =>
    Object.entries(template.findResources(type)),
  );
  return new Map(
    policies.map(([id, { Properties }]) => [
      id,
      (Properties.PolicyDocument.Statement as Statement[])
        .filter(({ Resource }) => Resource === KEY)
        .flatMap(({ Action }) => Action),
    ]),
  );
}

describe("one key for everything", () => {
  let template: Template;
  beforeAll(() => {
    template = exampleTemplate({ ...OWN_SECRETS, encryptionKeyArn: KEY });
  });

  it("encrypts queues, tables, topics, logs and secrets", () => {
    template.allResourcesProperties("AWS::SQS::Queue", {
      KmsMasterKeyId: KEY,
      SqsManagedSseEnabled: Match.absent(),
    });
    template.allResourcesProperties("AWS::DynamoDB::Table", {
      SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: KEY },
    });
    template.allResourcesProperties("AWS::SNS::Topic", { KmsMasterKeyId: KEY });
    template.allResourcesProperties("AWS::Logs::LogGroup", { KmsKeyId: KEY });
    template.allResourcesProperties("AWS::SecretsManager::Secret", { KmsKeyId: KEY });
    template.resourceCountIs("AWS::SecretsManager::Secret", 2);
  });

  it("encrypts the payload bucket, while its access log keeps S3's own key", () => {
    const algorithms = Object.entries(template.findResources("AWS::S3::Bucket")).map(
      ([id, { Properties }]) => [
        id.replace(/[0-9A-F]{8}$/, ""),
        Properties.BucketEncryption.ServerSideEncryptionConfiguration[0]
          .ServerSideEncryptionByDefault,
      ],
    );
    expect(Object.fromEntries(algorithms)).toEqual({
      PayloadsAccessLog: { SSEAlgorithm: "AES256" },
      PayloadsBucket: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: KEY },
    });
  });

  it("can be used by reader, functions and operators, and read by each environment's applications", () => {
    const actions = keyActions(template);
    const users = [...actions].filter(([, some]) => some.includes("kms:GenerateDataKey"));
    expect(users.map(([id]) => id).sort()).toEqual([
      expect.stringMatching(/^OperatorsPolicy/),
      expect.stringMatching(/^ReaderTaskTaskRole/),
      expect.stringMatching(/^RetryFunctionRole/),
      expect.stringMatching(/^RouteFunctionRole/),
      expect.stringMatching(/^TracingPolicy/),
    ]);
    const consumers = [...actions].filter(([id]) => id.startsWith("Consumers"));
    expect(consumers).toHaveLength(4);
    for (const [, some] of consumers) expect(some).toEqual(["kms:Decrypt"]);
    expect([...actions.values()].flat().filter((action) => action.includes("*"))).toEqual([]);
  });

  it("changes no resource's identity", () => {
    const before = exampleTemplate(OWN_SECRETS).toJSON()["Resources"] as Record<string, object>;
    const after = template.toJSON()["Resources"] as Record<string, object>;
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
  });
});

it("a key of the same app admits alarms and logs by its policy", () => {
  const { template } = synthesizeStack((app) => {
    const stack = new Stack(app, "Team", {
      env: { account: "111122223333", region: "eu-central-1" },
    });
    const router = new BinlogRouter(stack, "Router", {
      name: "shop",
      source: { host: "db.example.com", tables: ["shop.*"] },
      environments: { staging: { users: ["app_staging"] } },
      subscribers: { billing: { tables: ["shop.orders"] } },
      vpc: new Vpc(stack, "Vpc", { maxAzs: 2 }) as IVpc,
      encryptionKey: new Key(stack, "Key"),
      code: UNBUNDLED,
    });
    return Stack.of(router);
  });
  Template.fromJSON(template).hasResourceProperties("AWS::KMS::Key", {
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Action: ["kms:Decrypt", "kms:GenerateDataKey"],
          Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
        }),
        Match.objectLike({ Principal: { Service: "logs.eu-central-1.amazonaws.com" } }),
      ]),
    },
  });
});
