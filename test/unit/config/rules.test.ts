import { describe, expect, it } from "vitest";
import { draftOf } from "../../../config/draft.ts";
import { crossFieldProblems } from "../../../config/rules.ts";

const base = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: { production: { users: ["app"] }, staging: { users: ["stg"] } },
  subscribers: { billing: { tables: ["shop.orders"] } },
};

function problemsOf(changed: object): string[] {
  return crossFieldProblems(draftOf({ ...base, ...changed })).map(
    ({ path, message }) => `${path} ${message}`,
  );
}

/** The problems of a configuration whose production and staging list these users. */
function claims(production: string[], staging: string[]): string[] {
  return problemsOf({
    environments: { production: { users: production }, staging: { users: staging } },
  });
}

describe("the users of two environments", () => {
  it("must differ", () => {
    expect(claims(["app"], ["app"])).toEqual([
      'environments.staging.users[0] is claimed by the environment "production" too',
    ]);
  });

  it("may be an exact name and a pattern that matches it, of which the exact name wins", () => {
    expect(claims(["app_main"], ["app_*"])).toEqual([]);
  });

  it("may be a longer and a shorter pattern, of which the longer one wins", () => {
    expect(claims(["app_live_*"], ["app_*"])).toEqual([]);
  });

  it("must not be two patterns of the same length that match a common name", () => {
    expect(claims(["app*"], ["*app"])).toEqual([
      'environments.staging.users[0] claims users that "app*" of the environment "production" claims with the same precedence',
    ]);
    expect(claims(["app*"], ["dev*"])).toEqual([]);
  });

  it("may differ in the client's host, in which case is ignored", () => {
    expect(claims(["app@10.1.*"], ["app@10.2.*"])).toEqual([]);
    expect(claims(["app@Web-1"], ["app@web-1"])).toHaveLength(1);
  });

  it("must not have MySQL's wildcard in a host, where it would match no client", () => {
    const problem = 'has a host with "%": write * for any characters, or leave the host out';
    expect(
      claims(
        ["app@%", "a%@web-1", "app@fe80::1%eth0"],
        ["stg@10.0.%", "'x'@'%'", "x@ip-10-%.internal"],
      ),
    ).toEqual([
      `environments.production.users[0] ${problem}`,
      `environments.staging.users[0] ${problem}`,
      `environments.staging.users[1] ${problem}`,
      `environments.staging.users[2] ${problem}`,
    ]);
  });

  it("may be repeated inside one environment", () => {
    expect(claims(["app", "app*", "*app"], ["stg"])).toEqual([]);
  });
});

describe("the names of a stack's outputs", () => {
  it("must differ for environments that differ only in - and _", () => {
    expect(
      problemsOf({ environments: { "branch-7": { users: ["x"] }, branch_7: { users: ["y"] } } }),
    ).toEqual([
      'environments.branch_7 and "branch-7" are both ConsumerPolicyBranch7 among the stack\'s outputs, whose names have neither - nor _; rename one',
    ]);
  });

  it("must differ for all queues", () => {
    expect(
      problemsOf({
        environments: { b_c: { users: ["x"] }, c: { users: ["y"] } },
        subscribers: {
          a: { tables: ["shop.*"], environments: ["b_c"] },
          a_b: { tables: ["shop.*"], environments: ["c"] },
        },
      }),
    ).toEqual([
      "subscribers.a_b makes the queue shop-a_b-c.fifo, which has the name QueueABC among the stack's outputs, as shop-a-b_c.fifo does; rename one",
    ]);
  });

  it("may not be those that the stack reserves", () => {
    expect(problemsOf({ subscribers: { Consumers: { tables: ["shop.*"] } } })).toEqual([
      "subscribers.Consumers has a reserved name: the stack uses it for its consumer policies",
    ]);
  });

  it("may not make the id of an environment's policy, and may begin like one", () => {
    const subscribers = { "Consumers-a": { tables: ["shop.*"] } };
    const environments = { b: { users: ["x"] }, c: { users: ["y"] } };
    expect(problemsOf({ subscribers, environments })).toEqual([]);
    expect(
      problemsOf({ subscribers, environments: { ...environments, "a-b": { users: ["z"] } } }),
    ).toEqual([
      "subscribers.Consumers-a has a reserved name: the stack uses it for its consumer policies",
    ]);
  });
});

describe("an environment without users", () => {
  it("is being retired, and keeps its queues", () => {
    const environments = { production: { users: ["app"] }, staging: { users: [] } };
    expect(problemsOf({ environments })).toEqual([]);
  });
});

describe("the names of queues", () => {
  it("have at most 80 characters, also the dead-letter queue's", () => {
    const name = "s".repeat(80 - "-billing-production-dead.fifo".length);
    expect(problemsOf({ name })).toEqual([]);
    expect(problemsOf({ name: `${name}s` })).toEqual([
      `subscribers.billing makes the queue name ${name}s-billing-production-dead.fifo in the environment "production": 81 characters, and SQS allows 80`,
    ]);
  });

  it("belong to one subscriber in one environment", () => {
    const problems = problemsOf({
      environments: { c: { users: ["x"] }, "b-c": { users: ["y"] } },
      subscribers: { "a-b": { tables: ["shop.*"] }, a: { tables: ["shop.*"] } },
    });
    expect(problems).toContain(
      'subscribers.a would share the queue shop-a-b-c.fifo of its environment "b-c" with subscribers.a-b in "c"',
    );
  });

  it("must differ from those of dead-letter queues and of the raw queue", () => {
    const environments = { live: { users: ["x"] }, "live-dead": { users: ["y"] } };
    expect(problemsOf({ environments })).toContain(
      'subscribers.billing would share the queue shop-billing-live-dead.fifo of its environment "live-dead" with subscribers.billing in "live"',
    );
    expect(
      problemsOf({
        environments: { dead: { users: ["x"] } },
        subscribers: { raw: { tables: ["shop.*"] } },
      }),
    ).toContain(
      'subscribers.raw would share the queue shop-raw-dead.fifo of its environment "dead" with the raw queue\'s dead-letter queue',
    );
  });
});

function listing(tables: string[], statementTables: string[]): string[] {
  return problemsOf({
    source: { tables, statementTables },
    subscribers: { billing: { tables: ["shop.orders"] } },
  });
}

describe("a table that sessions may change in statement format", () => {
  it("must not be followed", () => {
    expect(listing(["shop.*"], ["percona.*", "shop.heartbeat"])).toEqual([
      'source.statementTables[1] is followed; leave it out of source.tables as well ("!shop.heartbeat")',
    ]);
    expect(listing(["shop.*", "!shop.heartbeat"], ["shop.heartbeat", "shop.*"])).toEqual([]);
  });

  it("is reported only if it is followed with every lower_case_table_names", () => {
    // With 1, the pattern excludes the table; with 0, it names another table.
    expect(listing(["shop.*", "!shop.Heartbeat"], ["shop.heartbeat"])).toEqual([]);
    // With 1, the table is followed; with 0, it is in another database.
    expect(listing(["shop.*"], ["Shop.heartbeat"])).toEqual([]);
    expect(listing(["shop.*"], ["shop.Heartbeat"])).toHaveLength(1);
  });
});

describe("a subscriber", () => {
  it("cannot be grouped by source when there are several lanes", () => {
    const subscribers = { billing: { tables: ["shop.orders"], groupBy: "source" } };
    expect(problemsOf({ subscribers })).toEqual([]);
    expect(problemsOf({ subscribers, lanes: 4 })).toEqual([
      'subscribers.billing.groupBy cannot be "source" with 4 lanes: only one lane keeps the order of the whole source',
    ]);
  });

  it("must name environments that exist", () => {
    const subscribers = { billing: { tables: ["shop.*"], environments: ["staging", "prod"] } };
    expect(problemsOf({ subscribers })).toEqual([
      'subscribers.billing.environments[1] names an environment that does not exist: "prod"',
    ]);
  });

  it("may name the environment unrouted only when other users are routed there", () => {
    const subscribers = { billing: { tables: ["shop.*"], environments: ["unrouted"] } };
    expect(problemsOf({ subscribers })).toEqual([]);
    expect(problemsOf({ subscribers, otherUsers: "drop" })).toHaveLength(1);
  });

  it("must name tables that the source follows", () => {
    const subscribers = { billing: { tables: ["shop.o*", "crm.*", "*.orders", "!crm.x"] } };
    expect(problemsOf({ subscribers })).toEqual([
      "subscribers.billing.tables[1] chooses no table that source.tables follows",
    ]);
  });

  it.each([
    ["shop.sessions", true],
    ["shop.log_*", true],
    ["shop.log_a*", true],
    ["shop.log_?", true],
    ["shop.*", false],
    ["shop.t?", true],
    ["shop.t*", false],
    ["*.sessions", false],
  ])(
    "is refused if its pattern %s chooses only what the source leaves out: %s",
    (pattern, isLeftOut) => {
      const tables = ["shop.*", "!shop.sessions", "!shop.log_*", "!shop.t?"];
      const problems = problemsOf({
        source: { tables },
        subscribers: { billing: { tables: [pattern] } },
      });
      const sentence =
        /^subscribers\.billing\.tables\[0\] chooses only what source\.tables leaves out: "!shop\..*"$/;
      expect(problems).toEqual(isLeftOut ? [expect.stringMatching(sentence)] : []);
    },
  );
});

describe("buckets of keys", () => {
  it("need groupBy key", () => {
    const billing = { tables: ["shop.orders"], keyBuckets: 64 };
    const [byKey, byTable] = ["key", "table"].map((groupBy) =>
      problemsOf({ subscribers: { billing: { ...billing, groupBy } } }),
    );
    expect(byKey).toEqual([]);
    expect(byTable).toEqual(['subscribers.billing.keyBuckets needs groupBy: "key"']);
  });
});

describe("the encoding of messages", () => {
  it("is allowed only with the router's own formats", () => {
    const billing = { tables: ["shop.orders"], encoding: "zstd", snapshot: "initial" };
    const [own, compact, foreign] = ["envelope", "compact", "debezium"].map((format) =>
      problemsOf({ subscribers: { billing: { ...billing, format } } }),
    );
    expect([own, compact]).toEqual([[], []]);
    expect(foreign).toEqual([
      'subscribers.billing.encoding cannot be set with the format "debezium": its tools read plain text only',
    ]);
  });
});

describe("the delay of delivery", () => {
  it("must be too short to raise the alarm for lag", () => {
    expect(problemsOf({ delivery: { delayMs: 30_000 } })).toEqual([]);
    expect(problemsOf({ delivery: { delayMs: 30_001 } })).toEqual([
      "delivery.delayMs must be at most half of alarms.lagSeconds, 30000",
    ]);
    expect(problemsOf({ delivery: { delayMs: 60_000 }, alarms: { lagSeconds: 120 } })).toEqual([]);
  });
});

describe("payloads", () => {
  it("must outlast a message in its queue and then in the dead-letter queue", () => {
    expect(problemsOf({ retention: { queueDays: 4, payloadDays: 8 } })).toEqual([]);
    expect(problemsOf({ retention: { payloadDays: 20 } })).toEqual([
      "retention.payloadDays must be at least twice retention.queueDays, 28",
    ]);
  });
});
