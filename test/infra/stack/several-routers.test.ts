import { App, Lazy, Stack, Token, type StackProps } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { describe, expect, it, test } from "vitest";
import { ConfigError } from "../../../config/config-error.ts";
import { UNBUNDLED } from "../../../infra/bundles/bundle.ts";
import { BinlogRouter } from "../../../infra/stack/binlog-router.ts";
import type { BinlogRouterProps } from "../../../infra/stack/router-props.ts";
import { routerStack } from "../../../infra/stack/router-stack.ts";
import { exampleConfiguration } from "../../support/example-stack.ts";

const FRANKFURT = { account: "111122223333", region: "eu-central-1" };
const OREGON = { account: "111122223333", region: "us-west-2" };

function newApp(): App {
  return new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    context: { "aws:cdk:bundling-stacks": [], "aws:cdk:disable-asset-staging": true },
  });
}

function routerIn(
  app: App,
  id: string,
  props: StackProps = {},
  replaced: Partial<BinlogRouterProps> = {},
): Stack {
  const stack = new Stack(app, id, props);
  const router = new BinlogRouter(stack, "Router", {
    name: "shop",
    source: { host: "db.example.com", tables: ["shop.*"] },
    environments: { staging: { users: ["app_staging"] } },
    subscribers: { billing: { tables: ["shop.orders"] } },
    // A network of another stack, of which one zone only is known.
    vpc: Vpc.fromVpcAttributes(stack, "Vpc", {
      vpcId: "vpc-0123456789abcdef0",
      availabilityZones: ["eu-central-1a"],
      privateSubnetIds: ["subnet-0123456789abcdef0"],
    }),
    code: UNBUNDLED,
    ...replaced,
  });
  return Stack.of(router);
}

function queueNames(stack: Stack): string[] {
  return Object.values(Template.fromStack(stack).findResources("AWS::SQS::Queue"))
    .map(({ Properties }) => String(Properties.QueueName))
    .sort();
}

describe("two routers in one app", () => {
  it("have queues of their own names", () => {
    const app = newApp();
    const [shop, crm] = ["shop", "crm"].map((name) => routerIn(app, name, {}, { name }));
    expect(queueNames(shop as Stack)).toContain("shop-billing-staging.fifo");
    expect(queueNames(crm as Stack)).toContain("crm-billing-staging.fifo");
  });

  it("may have one name in two regions", () => {
    const app = newApp();
    const stacks = [FRANKFURT, OREGON].map((env) => routerIn(app, env.region, { env }));
    const [one, other] = stacks.map(queueNames);
    expect(one).toEqual(other);
    expect(JSON.stringify(Template.fromStack(stacks[1] as Stack))).not.toContain("eu-central-1:");
  });

  it("are refused with one name in one account and region", () => {
    const app = newApp();
    routerIn(app, "First", { env: FRANKFURT });
    expect(() => routerIn(app, "Second", { env: FRANKFURT })).toThrow(
      /^First\/Router is a BinlogRouter named shop in the same account and region, .*a name of its own$/,
    );
  });

  const shop = {
    name: "shop",
    subscribers: { "eu-billing": { tables: ["shop.orders"] } },
    otherUsers: "drop",
  };
  const shopEu = {
    name: "shop-eu",
    subscribers: { billing: { tables: ["shop.orders"] } },
    otherUsers: "drop",
  };

  it("are refused with one queue between them", () => {
    const app = newApp();
    routerIn(app, "First", { env: FRANKFURT }, shop);
    expect(() => routerIn(app, "Oregon", { env: OREGON }, shopEu)).not.toThrow();
    expect(() => routerIn(app, "Second", { env: FRANKFURT }, shopEu)).toThrow(
      /^First\/Router is a BinlogRouter named shop in the same .*, and both have the queue shop-eu-billing-staging\.fifo: /,
    );
  });

  it("are refused with one queue between them in cdk.json's list", () => {
    const app = newApp();
    const add = (replaced: Record<string, unknown>) =>
      routerStack(app, exampleConfiguration(replaced), UNBUNDLED);
    add(shop);
    expect(() => add(shopEu)).toThrow(
      /^name is shop-eu, and the source shop has the queue shop-eu-billing-production\.fifo too: rename one/,
    );
    expect(() => add({ ...shopEu, deployment: { region: "eu-central-1" } })).not.toThrow();
  });

  it("are refused with a key of another region", () => {
    const encryptionKeyArn =
      "arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f";
    const refused = () => routerIn(newApp(), "Shop", { env: FRANKFURT }, { encryptionKeyArn });
    expect(refused).toThrow(
      /^encryptionKeyArn is in us-west-2, and the stack is in eu-central-1: /,
    );
    expect(() => routerIn(newApp(), "Shop", { env: OREGON }, { encryptionKeyArn })).not.toThrow();
  });

  it("may have one name where each deployment decides on the account", () => {
    const app = newApp();
    for (const id of ["Tests", "Production"]) expect(() => routerIn(app, id)).not.toThrow();
  });

  it("are refused with one name in cdk.json's list", () => {
    const app = newApp();
    const add = () => routerStack(app, exampleConfiguration(), UNBUNDLED);
    add();
    expect(add).toThrow(ConfigError);
    expect(add).toThrow(/^name is shop twice: each source needs a name of its own/);
  });
});

function later(): string {
  return Lazy.string({ produce: () => "later" });
}

describe("tokens", () => {
  it("may stand for the host and the database", () => {
    const app = newApp();
    const network = new Stack(app, "Network");
    const database = SecurityGroup.fromSecurityGroupId(network, "Database", later());
    const source = { host: Token.asString({ Ref: "Database" }), tables: ["shop.*"] };
    const template = Template.fromStack(routerIn(app, "Team", {}, { source, database }));
    expect(JSON.stringify(template)).toContain('{"Name":"SOURCE_HOST","Value":{"Ref":"Database"}}');
    // The rule belongs to the stack of the database's group.
    Template.fromStack(network).hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      GroupId: "later",
      FromPort: 3306,
    });
  });

  test.each<[string, Partial<BinlogRouterProps>, RegExp]>([
    ["a name", { name: later() }, /^name must consist of letters, digits and hyphens/],
    [
      "an environment's name",
      { environments: { [later()]: { users: ["a"] } } },
      /^environments\S+ is part of a queue's name/,
    ],
    [
      "a consumer",
      { environments: { staging: { users: ["a"], consumers: [later()] } } },
      /^environments\.staging\.consumers\[0\] must be the ARN of an IAM role or user/,
    ],
    [
      "a key's ARN",
      { encryptionKeyArn: later() },
      /^encryptionKeyArn must be the ARN of a KMS key/,
    ],
  ])("are refused as %s", (_, replaced, sentence) => {
    expect(() => routerIn(newApp(), "Team", {}, replaced)).toThrow(sentence);
  });

  it("are refused as the port", () => {
    const source = { host: "db", port: Token.asNumber({ Ref: "Port" }), tables: ["shop.*"] };
    expect(() => routerIn(newApp(), "Team", {}, { source })).toThrow(/^source\.port must be/);
  });
});

describe("a stack of another name", () => {
  it("has the same queues, whose names come from the source's name", () => {
    const [one, other] = ["Shop", "Renamed"].map((id) => queueNames(routerIn(newApp(), id)));
    expect(one).toEqual(other);
  });
});
