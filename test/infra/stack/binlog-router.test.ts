import { readFileSync } from "node:fs";
import { PermissionsBoundary, Stack, Tags, type App, type StackProps } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Vpc } from "aws-cdk-lib/aws-ec2";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../config/config-error.ts";
import { UNBUNDLED } from "../../../infra/bundles/bundle.ts";
import { synthesizeStack } from "../../../infra/local/template/synthesize.ts";
import { BinlogRouter } from "../../../infra/stack/binlog-router.ts";
import type { BinlogRouterProps } from "../../../infra/stack/router-props.ts";
import { exampleTemplate } from "../../support/example-stack.ts";
import { IamEvaluator } from "../../support/iam-evaluator.ts";

const LISTED = "arn:aws:iam::111122223333:role/billing-staging";
const BOUNDARY = "arn:aws:iam::111122223333:policy/boundary";

/** What a team's stack adds to README.md's example. */
type Team = (router: BinlogRouter, stack: Stack, app: App) => void;

/** The template of a team's stack that contains a router. */
function teamTemplate(
  replaced: Partial<BinlogRouterProps>,
  team: Team = () => {},
  props: StackProps = {},
): Template {
  const { template } = synthesizeStack((app) => {
    const stack = new Stack(app, "Team", {
      env: { account: "111122223333", region: "eu-central-1" },
      ...props,
    });
    team(routerIn(stack, "Router", replaced), stack, app);
    return stack;
  });
  return Template.fromJSON(template);
}

function routerIn(stack: Stack, id: string, replaced: Partial<BinlogRouterProps> = {}) {
  return new BinlogRouter(stack, id, {
    name: "shop",
    source: { host: "db.example.com", tables: ["shop.*"] },
    environments: {
      production: { users: ["app_production"] },
      staging: { users: ["app_staging"] },
    },
    subscribers: { billing: { tables: ["shop.orders"] } },
    vpc: Vpc.fromVpcAttributes(stack, `${id}Vpc`, {
      vpcId: "vpc-0123456789abcdef0",
      availabilityZones: ["eu-central-1a"],
      privateSubnetIds: ["subnet-0123456789abcdef0"],
      privateSubnetRouteTableIds: ["rtb-0123456789abcdef0"],
    }),
    code: UNBUNDLED,
    ...replaced,
  });
}

function applicationRole(stack: Stack): Role {
  return new Role(stack, "Billing", {
    assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com"),
    roleName: "billing",
  });
}

/** The logical id of the only resource with these properties. */
function idOf(template: Template, type: string, properties: object): string {
  const [id = "", ...others] = Object.keys(
    template.findResources(type, { Properties: properties }),
  );
  expect(others).toEqual([]);
  return id;
}

describe("the repository's own stack", () => {
  it("keeps the identity of every resource: its logical id, its type and its name", () => {
    const url = new URL("../../golden/stack/identities.json", import.meta.url);
    const golden = JSON.parse(readFileSync(url, "utf8")) as Record<string, string[]>;
    const resources = exampleTemplate().toJSON()["Resources"] as Record<
      string,
      { Type: string; Properties?: { QueueName?: string; AlarmName?: string } }
    >;
    const present = Object.fromEntries(
      Object.keys(golden).map((id) => {
        const { Type, Properties = {} } = resources[id] ?? { Type: "missing" };
        const name = Properties.QueueName ?? Properties.AlarmName;
        return [id, name === undefined ? [Type] : [Type, name]];
      }),
    );
    expect(present).toEqual(golden);
  });

  it("is pinned to the account and region of the configuration, with its tags and its boundary", () => {
    const pinned = exampleTemplate(
      {
        deployment: {
          account: "111122223333",
          region: "eu-central-1",
          tags: { team: "data" },
          permissionsBoundaryArn: BOUNDARY,
        },
      },
      (stack) => {
        expect([stack.account, stack.region]).toEqual(["111122223333", "eu-central-1"]);
        expect(stack.tags.tagValues()).toEqual({ team: "data" });
      },
    );
    pinned.allResourcesProperties("AWS::IAM::Role", { PermissionsBoundary: BOUNDARY });
  });
});

describe("a router in a team's stack", () => {
  it("has the outputs by which operators' commands and applications find it", () => {
    const outputs = Object.keys(teamTemplate({}).findOutputs("*"));
    expect(outputs).toEqual(
      expect.arrayContaining([
        "FailuresTable",
        "OffsetsTable",
        "QueueBillingStaging",
        "ConsumerPolicyStaging",
        "ReaderSecurityGroupId",
      ]),
    );
  });

  it("takes on the tags, the permissions boundary and the retention of logs that the team asks for", () => {
    const template = teamTemplate(
      { retention: { logDays: 7 } },
      (_, stack) => Tags.of(stack).add("team", "data"),
      { permissionsBoundary: PermissionsBoundary.fromArn(BOUNDARY) },
    );
    template.allResourcesProperties("AWS::IAM::Role", { PermissionsBoundary: BOUNDARY });
    template.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 7 });
    for (const type of ["AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::Lambda::Function"]) {
      for (const { Properties } of Object.values(template.findResources(type))) {
        expect(Properties.Tags).toContainEqual({ Key: "team", Value: "data" });
      }
    }
  });

  it("has its alarms and topics as properties", () => {
    const template = teamTemplate({}, (router) => {
      expect(router.alarms.length).toBeGreaterThan(20);
      expect(router.alarmTopic).not.toBe(router.urgentAlarmTopic);
    });
    template.resourceCountIs("AWS::SNS::Topic", 2);
  });

  it("says which queues there are when it is asked for another", () => {
    teamTemplate({}, (router) => {
      expect(() => router.queue("billing", "test")).toThrow(
        /there is no queue of billing in test; there are billing in production, billing in staging/,
      );
      expect(() => router.consumerPolicy("test")).toThrow(/no queues in the environment test/);
    });
  });

  it("is refused in a stack that has one already", () => {
    expect(() => teamTemplate({}, (_, stack) => routerIn(stack, "Second"))).toThrow(
      /has a BinlogRouter already, Team\/Router: give each source a stack of its own/,
    );
  });

  it("reports everything wrong with its configuration at once", () => {
    const wrong = { lanes: 0, environments: { "a b": { users: [] } } };
    expect(() => teamTemplate(wrong)).toThrow(ConfigError);
    expect(() => teamTemplate(wrong)).toThrow(/lanes.*environments/s);
  });
});

describe("an application's role that is granted a queue", () => {
  const CLOSED = {
    production: { users: ["app_production"], consumers: [LISTED] },
    staging: { users: ["app_staging"], consumers: [LISTED] },
  };

  it("may read that queue and its environment's large payloads, and nothing else", () => {
    const template = teamTemplate({}, (router, stack) => {
      router.queue("billing", "staging").grantConsume(applicationRole(stack));
    });
    const [{ Properties } = { Properties: {} }] = Object.values(
      template.findResources("AWS::IAM::Policy", {
        Properties: { Roles: [{ Ref: idOf(template, "AWS::IAM::Role", { RoleName: "billing" }) }] },
      }),
    );
    const queue = idOf(template, "AWS::SQS::Queue", { QueueName: "shop-billing-staging.fifo" });
    expect(Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Action: expect.arrayContaining(["sqs:ReceiveMessage", "sqs:DeleteMessage"]),
        Resource: { "Fn::GetAtt": [queue, "Arn"] },
      }),
      expect.objectContaining({ Action: "s3:GetObject" }),
    ]);
    expect(JSON.stringify(Properties)).toContain("/messages/staging/*");
  });

  it("is admitted where the environment refuses principals that are not listed", () => {
    const template = teamTemplate({ environments: CLOSED }, (router, stack) => {
      router.queue("billing", "staging").grantConsume(applicationRole(stack));
    });
    const iam = new IamEvaluator(template);
    const role = iam.arnOf(idOf(template, "AWS::IAM::Role", { RoleName: "billing" }));
    const denied = (environment: string, principal: string) => {
      const QueueName = `shop-billing-${environment}.fifo`;
      const id = idOf(template, "AWS::SQS::Queue", { QueueName });
      return iam.denies(id, principal, "sqs:ReceiveMessage", iam.arnOf(id));
    };
    expect(denied("staging", role)).toBe(false);
    expect(denied("staging", LISTED)).toBe(false);
    expect(denied("staging", "arn:aws:iam::111122223333:role/somebody")).toBe(true);
    expect(denied("production", role)).toBe(true);
  });

  it("has to be listed as a consumer when it belongs to another stack", () => {
    expect(() =>
      teamTemplate({ environments: CLOSED }, (router, _, app) => {
        const other = new Stack(app, "Other");
        const role = new Role(other, "Role", {
          assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com"),
        });
        router.queue("billing", "staging").grantConsume(role);
      }),
    ).toThrow(/add the ARN of this role to environments\.staging\.consumers/);
  });
});
