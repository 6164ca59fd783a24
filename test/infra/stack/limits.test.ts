import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it, test } from "vitest";
import { readerListsLength } from "../../../config/reader-size.ts";
import { templateLength } from "../../../config/template-size.ts";
import { EVERYTHING, exampleConfiguration, exampleTemplate } from "../../support/example-stack.ts";
import { written } from "../../support/written-template.ts";

// The largest stacks against the limits of AWS that its documentation names: names, texts,
// policies, the dashboard, the template, the reader's task definition.

interface Shape {
  readonly subscribers: number;
  readonly environments: number;
  /** Principals that each environment lists. */
  readonly consumers?: number;
  readonly operators?: number;
  /** The length of each subscriber's and environment's name. */
  readonly lengths?: readonly [subscriber: number, environment: number];
  readonly others?: object;
}

function roles(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, n) => `arn:aws:iam::111122223333:role/${name}-${n}`);
}

function shaped(shape: Shape): Record<string, unknown> {
  const { subscribers, environments, consumers = 0, operators = 0, lengths = [3, 3] } = shape;
  const [ofSubscriber, ofEnvironment] = lengths;
  return {
    otherUsers: "drop",
    operators: roles(operators, "operator"),
    source: { host: "db.example.com", tables: ["shop.*"] },
    subscribers: Object.fromEntries(
      Array.from({ length: subscribers }, (_, n) => [
        `s${n}`.padEnd(ofSubscriber, "y"),
        { tables: ["shop.*"] },
      ]),
    ),
    environments: Object.fromEntries(
      Array.from({ length: environments }, (_, n) => [
        `E${n}`.padEnd(ofEnvironment, "z"),
        { users: [`u${n}`], consumers: roles(consumers, `application-${n}`) },
      ]),
    ),
    ...shape.others,
  };
}

function rolesOf({ Roles = [] }: Record<string, unknown>): string[] {
  return (Roles as { Ref: string }[]).map(({ Ref }) => Ref);
}

const templates = new Map<Shape, Template>();

/** Synthesizes each shape once. */
function templateOf(shape: Shape): Template {
  const known = templates.get(shape) ?? exampleTemplate(shaped(shape));
  templates.set(shape, known);
  return known;
}

/** As many queues as a stack holds, whose names have SQS's 80 characters. */
const LONGEST: Shape = { subscribers: 1, environments: 61, lengths: [31, 33] };
const SUBSCRIBERS: Shape = { subscribers: 71, environments: 1, operators: 20 };

describe("the largest stack, with names of the greatest length", () => {
  let template: Template;
  beforeAll(() => {
    template = templateOf(LONGEST);
  });

  /** The lengths of a property of all resources of a type. */
  function lengthsOf(type: string, property: string): number[] {
    const found = Object.values(template.findResources(type)).map(
      ({ Properties }) => Properties[property] as unknown,
    );
    expect(found.length).toBeGreaterThan(0);
    return found.map((one) => (typeof one === "string" ? one.length : 0));
  }

  it.each([
    ["AWS::SQS::Queue", "QueueName", 80],
    ["AWS::CloudWatch::Alarm", "AlarmName", 255],
    ["AWS::CloudWatch::Alarm", "AlarmDescription", 1024],
    ["AWS::CloudWatch::Dashboard", "DashboardName", 255],
    ["AWS::SNS::Topic", "DisplayName", 100],
    ["AWS::IAM::ManagedPolicy", "Description", 1000],
    ["AWS::Lambda::Function", "Description", 256],
    ["AWS::EC2::SecurityGroup", "GroupDescription", 255],
  ])("%s has a %s of at most %i characters", (type, property, most) => {
    expect(Math.max(...lengthsOf(type, property))).toBeLessThanOrEqual(most);
  });

  it("uses SQS's 80 characters", () => {
    expect(Math.max(...lengthsOf("AWS::SQS::Queue", "QueueName"))).toBe(80);
  });

  it("names resources and outputs with at most 255 characters", () => {
    const { Resources, Outputs } = template.toJSON() as Record<string, object>;
    const names = [...Object.keys(Resources ?? {}), ...Object.keys(Outputs ?? {})];
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(255);
    for (const { Description = "" } of Object.values(template.findOutputs("*")))
      expect(String(Description).length).toBeLessThanOrEqual(1024);
  });

  it("has role policies within IAM's limits: 10,240 characters in the role, 6,144 in others", () => {
    const lengthOf = (properties: Record<string, unknown>): number =>
      JSON.stringify(written(properties["PolicyDocument"], template)).length;
    const inline = Object.values(template.findResources("AWS::IAM::Policy"));
    const managed = Object.values(template.findResources("AWS::IAM::ManagedPolicy"));
    for (const id of Object.keys(template.findResources("AWS::IAM::Role"))) {
      const own = inline.filter(({ Properties }) => rolesOf(Properties).includes(id));
      const sum = own.reduce((length, { Properties }) => length + lengthOf(Properties), 0);
      expect(sum).toBeGreaterThan(0);
      expect(sum).toBeLessThanOrEqual(10_240);
      const attached = managed.filter(({ Properties }) => rolesOf(Properties).includes(id));
      expect(attached.length).toBeLessThanOrEqual(10);
    }
    for (const { Properties } of managed) expect(lengthOf(Properties)).toBeLessThanOrEqual(6_144);
  });
});

describe.each<[string, Shape]>([
  ["many environments", LONGEST],
  ["one environment", SUBSCRIBERS],
])("the dashboard of the largest stack with %s", (_, shape) => {
  interface Widget {
    readonly properties: { readonly metrics?: unknown[]; readonly alarms?: unknown[] };
  }
  let widgets: readonly Widget[];
  beforeAll(() => {
    const template = templateOf(shape);
    const [dashboard] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
    const body = String(written(dashboard?.["Properties"].DashboardBody, template));
    ({ widgets } = JSON.parse(body) as { widgets: Widget[] });
  });

  it("is within CloudWatch's limits of widgets, metrics and alarms", () => {
    const counts = (key: "metrics" | "alarms") =>
      widgets.map(({ properties }) => properties[key]?.length ?? 0);
    const metrics = counts("metrics");
    expect(widgets.length).toBeLessThanOrEqual(500);
    expect(Math.max(...metrics)).toBeLessThanOrEqual(500);
    expect(metrics.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2500);
    const alarms = counts("alarms");
    expect(Math.max(...alarms)).toBeLessThanOrEqual(100);
    expect(alarms.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(140);
  });
});

describe("the template's text", () => {
  const emails = Array.from({ length: 200 }, (_, n) => `${"e".repeat(n)}${n}@example.com`);
  test.each<[string, Shape]>([
    ["the example's size", { subscribers: 2, environments: 4 }],
    ["many environments with long names", LONGEST],
    ["many subscribers", SUBSCRIBERS],
    ["many consumers", { subscribers: 10, environments: 2, consumers: 20, operators: 5 }],
    ["everything", { subscribers: 9, environments: 1, others: EVERYTHING }],
    ["many addresses", { subscribers: 2, environments: 2, others: { alarms: { emails } } }],
  ])("has at most as many bytes as the rule says, and not much fewer: %s", (_, shape) => {
    const rule = templateLength(exampleConfiguration(shaped(shape)));
    const { length } = JSON.stringify(templateOf(shape).toJSON());
    expect(length).toBeLessThanOrEqual(rule);
    expect(length).toBeGreaterThan(rule * 0.7);
  });

  it("is written without indentation, which CloudFormation would count", () => {
    let isCompact = false;
    exampleTemplate({}, (stack) => {
      isCompact = Reflect.get(stack, "_suppressTemplateIndentation") === true;
    });
    expect(isCompact).toBe(true);
  });

  it("is refused when lists of principals in the policies of many queues make it too long", () => {
    const many = { subscribers: 71, environments: 1, consumers: 25, operators: 8 };
    expect(() => exampleConfiguration(shaped(many))).toThrow(
      /^subscribers make 71 queues, whose policies name 33 consumers and operators: the template takes about \d+ bytes, and CloudFormation allows 1000000: list a role/,
    );
    expect(() =>
      exampleConfiguration(shaped({ ...many, consumers: 2, operators: 2 })),
    ).not.toThrow();
  });
});

describe("the reader's task definition", () => {
  const tables = Array.from({ length: 40 }, (_, n) => `shop.table_with_a_long_name_${n}`);
  const snapshots = (environments: number): Record<string, unknown> => {
    const snapshot = { tables, snapshot: "initial" };
    const columns = { exclude: tables.map((table) => `${table}.note`) };
    return {
      ...shaped({ subscribers: 1, environments }),
      source: { host: "db.example.com", tables: ["shop.*", ...tables] },
      subscribers: { s: { ...snapshot, columns } },
    };
  };

  it("is within ECS's 64 KiB with the longest lists that are accepted", () => {
    const config = snapshots(30);
    expect(readerListsLength(exampleConfiguration(config))).toBeGreaterThan(40_000);
    const template = exampleTemplate(config);
    const [task] = Object.values(template.findResources("AWS::ECS::TaskDefinition"));
    const { length } = JSON.stringify(written(task?.["Properties"], template));
    expect(length).toBeLessThanOrEqual(64 * 1024);
    expect(length - readerListsLength(exampleConfiguration(config))).toBeLessThan(8 * 1024);
  });

  it("is refused when it would be longer", () => {
    expect(() => exampleConfiguration(snapshots(50))).toThrow(
      /^subscribers and source\.tables take \d+ bytes in variables of the reader .* and ECS has room for 57344: use patterns/,
    );
  });
});
