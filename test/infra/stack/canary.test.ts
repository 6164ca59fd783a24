import { Match, type Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it, test } from "vitest";
import { decodeRouting } from "../../../config/routing.ts";
import { exampleTemplate } from "../../support/example-stack.ts";
import { IamEvaluator } from "../../support/iam-evaluator.ts";

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const resourcesOf = (template: Template) =>
  template.toJSON()["Resources"] as Record<string, Resource>;

/** The logical id of the only resource of this type with these properties. */
function idOf(template: Template, type: string, properties: object): string {
  const [id = "", ...others] = Object.keys(
    template.findResources(type, { Properties: properties }),
  );
  expect(others).toEqual([]);
  return id;
}

function queueNames(template: Template): string[] {
  return Object.values(template.findResources("AWS::SQS::Queue")).map(({ Properties }) =>
    String(Properties.QueueName),
  );
}

test("the template has no resource of a canary without a canary in the configuration", () => {
  const text = JSON.stringify(exampleTemplate().toJSON());
  expect(text).not.toMatch(/canary/i);
});

describe("with a canary", () => {
  let template: Template;
  let without: Template;
  beforeAll(() => {
    template = exampleTemplate({ canary: {} });
    without = exampleTemplate();
  });

  it("every resource that was there before keeps its identity, and only those that know the configuration change", () => {
    const after = resourcesOf(template);
    const changed = Object.entries(resourcesOf(without)).filter(
      ([id, before]) => JSON.stringify(after[id]) !== JSON.stringify(before),
    );
    expect(new Set(changed.map(([, { Type }]) => Type))).toEqual(
      new Set([
        "AWS::CloudWatch::Dashboard",
        "AWS::ECS::TaskDefinition",
        "AWS::IAM::Policy",
        "AWS::Lambda::Function",
      ]),
    );
    expect(changed.every(([id, { Type }]) => after[id]?.Type === Type)).toBe(true);
  });

  it("its account's rows go to its own queue, and other environments get no further queue", () => {
    const [route] = Object.values(
      template.findResources("AWS::Lambda::Function", {
        Properties: { Environment: { Variables: { ROUTING: Match.anyValue() } } },
      }),
    );
    const routing = decodeRouting(route?.["Properties"].Environment.Variables.ROUTING as string);
    expect(routing.environments["binlog-router"]).toEqual({ users: ["binlog_canary"] });
    expect(routing.subscribers["router-canary"]).toMatchObject({
      tables: ["binlog_canary.beats"],
      environments: ["binlog-router"],
    });
    const before = new Set(queueNames(without));
    expect(queueNames(template).filter((name) => !before.has(name))).toEqual([
      "shop-router-canary-binlog-router-dead.fifo",
      "shop-router-canary-binlog-router.fifo",
    ]);
  });

  it("its role may read its secret and its queue, and do nothing else", () => {
    const queue = idOf(template, "AWS::SQS::Queue", {
      QueueName: "shop-router-canary-binlog-router.fifo",
    });
    const secret = idOf(template, "AWS::SecretsManager::Secret", {
      Description: "The MySQL account of binlog-router's canary",
    });
    const lambda = idOf(template, "AWS::Lambda::Function", {
      Description: "Writes a row every minute and waits for it in a queue",
    });
    const { Role } = resourcesOf(template)[lambda]?.Properties ?? {};
    const [role] = (Role as { "Fn::GetAtt": string[] })["Fn::GetAtt"];
    const statements = Object.values(template.findResources("AWS::IAM::Policy"))
      .filter(({ Properties }) => JSON.stringify(Properties.Roles) === `[{"Ref":"${role}"}]`)
      .flatMap(
        ({ Properties }) =>
          Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[],
      );
    const allowed = statements.flatMap(({ Action, Resource }) =>
      [Action].flat().map((action) => `${action} ${IamEvaluator.textOf(Resource)}`),
    );
    expect(allowed.filter((one) => !/^(ec2|logs):/.test(one)).sort()).toEqual([
      `secretsmanager:DescribeSecret <${secret}>`,
      `secretsmanager:GetSecretValue <${secret}>`,
      `sqs:DeleteMessage <${queue}.Arn>`,
      `sqs:ReceiveMessage <${queue}.Arn>`,
    ]);
    const network = allowed.filter((one) => one.startsWith("ec2:"));
    expect(
      network.every((one) => /NetworkInterfaces? |PrivateIpAddresses |Subnets /.test(one)),
    ).toBe(true);
  });

  it("it runs every minute in the database's VPC, where the database's group lets it in", () => {
    const group = idOf(template, "AWS::EC2::SecurityGroup", {
      GroupDescription: Match.stringLikeRegexp("The canary of binlog-router"),
    });
    template.hasResourceProperties("AWS::Lambda::Function", {
      Timeout: 55,
      VpcConfig: { SecurityGroupIds: [{ "Fn::GetAtt": [group, "GroupId"] }] },
      Environment: { Variables: { NODE_EXTRA_CA_CERTS: "/var/runtime/ca-cert.pem" } },
    });
    template.hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      SourceSecurityGroupId: { "Fn::GetAtt": [group, "GroupId"] },
      FromPort: 3306,
    });
    template.resourcePropertiesCountIs(
      "AWS::Events::Rule",
      { ScheduleExpression: "rate(1 minute)" },
      2,
    );
    expect(Object.keys(template.findOutputs("*"))).toEqual(
      expect.arrayContaining(["CanarySecretArn", "CanarySecurityGroupId"]),
    );
  });

  it("an alarm rings when its row does not come for five minutes, or the canary says nothing", () => {
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmName: "binlog-router shop: Canary missing",
      MetricName: "CanaryArrived",
      Statistic: "Sum",
      Threshold: 1,
      ComparisonOperator: "LessThanThreshold",
      EvaluationPeriods: 5,
      TreatMissingData: "breaching",
    });
    const [dashboard] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
    expect(JSON.stringify(dashboard)).toContain("CanaryDelay");
  });

  it("uses a secret that exists already", () => {
    const secretArn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:canary-AbCdEf";
    const given = exampleTemplate({ canary: { user: "heartbeat", secretArn } });
    given.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: { CANARY_SECRET_ARN: secretArn } },
    });
    expect(given.findResources("AWS::SecretsManager::Secret")).toEqual({});
  });
});
