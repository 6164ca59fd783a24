import { expect, test } from "vitest";
import { withCanary, withoutCanary } from "../../../config/canary.ts";
import { loadConfig } from "../../../config/load.ts";
import { environmentQueues } from "../../../config/queues.ts";

const base = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: { production: { users: ["app_*"] }, staging: { users: ["stg"] } },
  subscribers: {
    billing: { tables: ["shop.orders"] },
    search: { tables: ["shop.*"], environments: ["staging"] },
  },
};

const queues = (value: unknown): string[] =>
  environmentQueues(loadConfig(value)).map(({ queueName }) => queueName);

test("a configuration without a canary is not changed", () => {
  expect(withCanary(base)).toBe(base);
});

test("a canary has an environment, a subscriber and a table that no other subscriber uses", () => {
  const config = loadConfig({ ...base, canary: {} });
  expect(config.source.tables).toEqual(["shop.*", "binlog_canary.beats"]);
  expect(config.environments["binlog-router"]).toMatchObject({ users: ["binlog_canary"] });
  expect(queues({ ...base, canary: {} })).toEqual([
    ...queues(base),
    "shop-router-canary-binlog-router.fifo",
  ]);
});

test("a loaded configuration is the same when it is loaded again", () => {
  const config = loadConfig({ ...base, canary: { user: "heartbeat" } });
  expect(loadConfig(config)).toEqual(config);
});

test("a configuration without its canary has its original queues", () => {
  const config = withoutCanary(loadConfig({ ...base, canary: {} }));
  expect(environmentQueues(config).map(({ queueName }) => queueName)).toEqual(queues(base));
  expect(config.source.tables).toEqual(["shop.*"]);
});

test.each([
  [
    "an environment",
    { environments: { ...base.environments, "binlog-router": { users: ["x"] } } },
    "environments.binlog-router has a reserved name: the canary uses it",
  ],
  [
    "a subscriber",
    { subscribers: { ...base.subscribers, "router-canary": { tables: ["shop.*"] } } },
    "subscribers.router-canary has a reserved name: the canary uses it",
  ],
  [
    "an account",
    { environments: { ...base.environments, staging: { users: ["binlog_canary"] } } },
    'is claimed by the environment "staging" too',
  ],
])("using %s of the canary for something else is refused", (_, changed, sentence) => {
  expect(() => loadConfig({ ...base, ...changed, canary: {} })).toThrow(sentence);
  expect(() => loadConfig({ ...base, ...changed })).not.toThrow();
});
