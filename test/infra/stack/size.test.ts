import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it, test } from "vitest";
import { loadConfig } from "../../../config/load.ts";
import { environmentQueues } from "../../../config/queues.ts";
import {
  bucketPolicyLength,
  consumerPolicyLength,
  queuePolicyLength,
  routingRoom,
} from "../../../config/size-rules.ts";
import { synthesize } from "../../../infra/local/template/synthesize.ts";
import {
  exampleConfiguration,
  exampleObject,
  exampleTemplate,
} from "../../support/example-stack.ts";
import { written } from "../../support/written-template.ts";

// The limits of a stack's size. The largest configuration synthesizes and stays within every AWS
// limit; one more queue is refused with an error (docs/decisions/a-stack-for-each-source.md).

const OPERATORS = ["arn:aws:iam::111122223333:role/operator"];

interface Size {
  readonly subscribers: number;
  readonly environments: number;
  readonly canary?: object;
  /** The number of environments that list `consumers`. */
  readonly closed?: number;
  readonly subscriber?: string;
}

function configured({ subscribers, environments, closed = 0, subscriber = "s", canary }: Size) {
  return {
    canary,
    otherUsers: "drop",
    operators: OPERATORS,
    source: { host: "db.example.com", tables: ["shop.*"] },
    subscribers: Object.fromEntries(
      Array.from({ length: subscribers }, (_, n) => [`${subscriber}${n}`, { tables: ["shop.*"] }]),
    ),
    environments: Object.fromEntries(
      Array.from({ length: environments }, (_, n) => [
        `environment-${n}`,
        {
          users: [`u${n}`],
          consumers: n < closed ? [`arn:aws:iam::111122223333:role/application-${n}`] : [],
        },
      ]),
    ),
  };
}

test.each<[string, Size, Size]>([
  [
    "one environment for each queue",
    { subscribers: 1, environments: 61 },
    { subscribers: 1, environments: 62 },
  ],
  ["one environment", { subscribers: 71, environments: 1 }, { subscribers: 72, environments: 1 }],
])(
  "%s: the largest stack is within CloudFormation's limits, and a larger one is refused",
  (_, size, larger) => {
    const { Resources, Outputs } = exampleTemplate(configured(size)).toJSON() as Record<
      string,
      object
    >;
    expect(Object.keys(Resources ?? {}).length).toBeLessThanOrEqual(500);
    expect(Object.keys(Outputs ?? {}).length).toBeLessThanOrEqual(200);
    expect(JSON.stringify({ Resources, Outputs }).length).toBeLessThan(1_000_000);

    expect(() => exampleConfiguration(configured(larger))).toThrow(
      new RegExp(
        `^subscribers make ${larger.subscribers * larger.environments} queues in \\d+ environments; a stack holds 61 queues with one environment for each, and 71 with few environments: .* divide the subscribers among several sources`,
      ),
    );
  },
);

it("has room for a canary, whose own resources count", () => {
  const { Resources } = exampleTemplate(
    configured({ subscribers: 1, environments: 58, canary: {} }),
  ).toJSON() as Record<string, object>;
  expect(Object.keys(Resources ?? {}).length).toBeLessThanOrEqual(500);
  expect(() =>
    exampleConfiguration(configured({ subscribers: 1, environments: 59, canary: {} })),
  ).toThrow(
    /^subscribers make 60 queues in 60 environments; a stack holds 59 queues with one environment for each, and 69 with few environments/,
  );
});

/** Queues in some environments, with names so long that the functions' policies overflow. */
function longNamed(queues: number, environments: number, others: object, subscriber: object = {}) {
  const names = Array.from({ length: environments }, (_, n) => `e${n}`.padEnd(28, "z"));
  const subscribers = Math.ceil(queues / environments);
  const missing = subscribers * environments - queues;
  return {
    ...configured({ subscribers: 1, environments: 1 }),
    environments: Object.fromEntries(names.map((name) => [name, { users: [name] }])),
    subscribers: Object.fromEntries(
      Array.from({ length: subscribers }, (_, n) => [
        `s${n}`.padEnd(29, "y"),
        { tables: ["shop.*"], ...subscriber, environments: names.slice(n === 0 ? missing : 0) },
      ]),
    ),
    ...others,
  };
}

describe("the largest stack", () => {
  const arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mysql-AbC123";
  const named = { source: { host: "db.example.com", tables: ["shop.*"], secretArn: arn } };
  const filtered = { columns: { exclude: ["shop.orders.note"] } };

  const alarms = { emails: ["a@example.com"], urgentEmails: ["a@example.com"] };

  test.each<[string, Record<string, unknown>]>([
    ["secrets that it makes", longNamed(71, 3, {}, filtered)],
    ["no secret that it makes", longNamed(71, 5, named)],
    ["addresses", longNamed(71, 3, { ...named, alarms })],
    ["a canary", longNamed(68, 3, { canary: {} }, filtered)],
    [
      "a canary, and no secret that it makes",
      longNamed(68, 6, { ...named, canary: { secretArn: arn } }),
    ],
  ])("has room for every other resource, with %s", (_, full) => {
    const { Resources } = exampleTemplate(full).toJSON() as Record<string, object>;
    expect(Object.keys(Resources ?? {})).toHaveLength(500);
  });

  it("is refused with addresses that get its alarms, because each is a resource", () => {
    expect(() => exampleConfiguration(longNamed(71, 3, { alarms }, filtered))).toThrow(
      /^subscribers make 71 queues in 3 environments; a stack with 2 e-mail addresses holds 61 queues with one environment for each, and 71 with few environments: list fewer addresses, /,
    );
    const emails = Array.from({ length: 450 }, (_, n) => `a${n}@example.com`);
    expect(() => exampleConfiguration(longNamed(1, 1, { alarms: { emails } }))).toThrow(
      /a stack with 450 e-mail addresses holds 0 queues with one environment for each, and 0 with few/,
    );
  });
});

function roles(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, n) => `arn:aws:iam::111122223333:role/${name}-${n}`);
}

function listing(consumers: number, operators: number, times = 1) {
  return {
    ...configured({ subscribers: 1, environments: 1 }),
    operators: roles(operators, "operator"),
    environments: {
      production: { users: ["u"], consumers: roles(consumers, "a".repeat(times)) },
    },
  };
}

describe("queue policies", () => {
  it("have statements that are small enough for SQS, and as many bytes as are counted", () => {
    const policies = exampleTemplate(listing(20, 20)).findResources("AWS::SQS::QueuePolicy");
    const counted = queuePolicyLength(roles(20, "a"), roles(20, "operator"));
    for (const [name, { Properties }] of Object.entries(policies)) {
      const { Statement } = Properties.PolicyDocument as { Statement: { Action: unknown }[] };
      expect(Statement.length).toBeLessThanOrEqual(20);
      for (const { Action } of Statement) expect([Action].flat().length).toBeLessThanOrEqual(7);
      if (name.startsWith("s0production"))
        expect(JSON.stringify(Statement).length).toBeLessThanOrEqual(counted);
    }
    expect(Object.keys(policies).filter((name) => name.startsWith("s0production"))).toHaveLength(2);
  });

  it.each([
    [51, 0, 1],
    [20, 31, 1],
    [40, 2, 50],
  ])(
    "with %i consumers and %i operators are refused, names × %i",
    (consumers, operators, times) => {
      expect(() => exampleConfiguration(listing(consumers, operators, times))).toThrow(
        /^environments\.production has \d+ consumers, which with \d+ operators take \d+ bytes in the policy of each of its queues; SQS allows 8192 bytes and 50 principals/,
      );
    },
  );
});

describe("policies", () => {
  const size = { subscribers: 2, environments: 16, closed: 16 };
  let template: Template;
  beforeAll(() => {
    template = exampleTemplate(configured(size));
  });

  /** The length in characters of the longest policy of a type, with names of the maximum length. */
  function longest(type: string): number {
    const documents = Object.values(template.findResources(type)).map(({ Properties }) =>
      written(Properties.PolicyDocument, template),
    );
    return Math.max(...documents.map((document) => JSON.stringify(document).length));
  }

  it("of the payload bucket is as long as its rule says, give or take a tenth", () => {
    const rule = bucketPolicyLength(exampleConfiguration(configured(size)));
    expect(longest("AWS::S3::BucketPolicy")).toBeLessThanOrEqual(rule);
    expect(longest("AWS::S3::BucketPolicy")).toBeGreaterThan(rule * 0.9);
  });

  it("of an environment's applications is no longer than its rule says", () => {
    const config = exampleConfiguration(configured(size));
    const queues = environmentQueues(config).filter((one) => one.environment === "environment-10");
    const [{ Properties } = { Properties: {} }] = Object.values(
      template.findResources("AWS::IAM::ManagedPolicy", {
        Properties: { Description: "Reads the queues of the environment environment-10" },
      }),
    );
    const { length } = JSON.stringify(written(Properties.PolicyDocument, template));
    expect(length).toBeLessThanOrEqual(consumerPolicyLength("environment-10", queues));
  });

  it("that would be too long for S3 are refused: consumers in too many environments", () => {
    const open = { subscribers: 1, environments: 30 };
    expect(() => exampleConfiguration(configured(open))).not.toThrow();
    expect(() => exampleConfiguration(configured({ ...open, closed: 30 }))).toThrow(
      /^environments list consumers in 30 environments, which takes \d+ bytes in the payload bucket's policy, and S3 allows 20480: /,
    );
  });

  it("that would be too long for IAM are refused: many queues with long names", () => {
    const long = { subscribers: 60, environments: 1, subscriber: "subscriber-with-a-long-name-" };
    expect(() => exampleConfiguration(configured(long))).toThrow(
      /^subscribers have 60 queues in the environment "environment-0", whose names are too long together .* IAM allows 6144/,
    );
  });
});

/** Environments with many accounts whose names share no prefix. */
function withUsers(count: number) {
  const size = { subscribers: 1, environments: 10 };
  let seed = 1;
  const name = (): string => {
    seed = (seed * 48_271) % 2_147_483_647;
    return `u${seed.toString(36)}${(seed * 7).toString(36)}`;
  };
  return {
    ...configured(size),
    environments: Object.fromEntries(
      Array.from({ length: size.environments }, (_, n) => [
        `environment-${n}`,
        { users: Array.from({ length: count }, name) },
      ]),
    ),
  };
}

describe("the functions' variables", () => {
  it("have room in Lambda's 4 KB", () => {
    const columns = { exclude: ["shop.orders.note"] };
    const subscribers = { s: { tables: ["shop.*"], columns } };
    const replaced = { ...withUsers(12), subscribers, name: "s".repeat(30) };
    const template = exampleTemplate(replaced);
    const [{ Properties } = { Properties: {} }] = Object.values(
      template.findResources("AWS::Lambda::Function"),
    );
    const variables = written(Properties.Environment.Variables, template) as Record<string, string>;
    const config = exampleConfiguration(replaced);
    const room = routingRoom(config);
    expect(variables["ROUTING"]?.length).toBeGreaterThan(1_500);
    expect(variables["ROUTING"]?.length).toBeLessThanOrEqual(room);
    const others = JSON.stringify({ ...variables, ROUTING: "" }).length;
    expect(4_096 - others).toBeGreaterThanOrEqual(room);
    expect(4_096 - others).toBeLessThan(room + 150);
    expect(routingRoom({ ...config, name: "shop" })).toBeGreaterThan(3_400);
    const long = "t".repeat(255);
    const restoredTables = { offsets: long, sessions: long, failures: long };
    expect(routingRoom({ ...config, restoredTables })).toBeLessThan(room - 500);
  });

  it("are refused when they would not fit, except in a template that is not deployed", () => {
    expect(() => exampleConfiguration(withUsers(40))).toThrow(
      /^subscribers and environments take \d+ bytes in a variable of the functions, packed, and Lambda has room for 3\d\d\d: use patterns/,
    );
    const { environments } = loadConfig({ ...exampleObject(), ...withUsers(40) });
    const { template } = synthesize({ ...exampleConfiguration(withUsers(1)), environments });
    expect(JSON.stringify(template)).toContain("ROUTING");
  });
});

it("an alarm's text has room for the longest address of a runbook", () => {
  const runbookUrl = `https://example.com/${"r".repeat(480)}`;
  const template = exampleTemplate({ alarms: { runbookUrl }, canary: {} });
  const texts = Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(
    ({ Properties }) => String(Properties.AlarmDescription),
  );
  expect(Math.max(...texts.map(({ length }) => length))).toBeLessThanOrEqual(1_024);
});
