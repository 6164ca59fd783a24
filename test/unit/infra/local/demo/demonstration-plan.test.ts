import { expect, test } from "vitest";
import { loadConfig } from "../../../../../config/load.ts";
import { demonstrationPlan } from "../../../../../infra/local/demo/demonstration-plan.ts";
import { NoDemonstrationError } from "../../../../../infra/local/request/refusal.ts";

const CONFIG = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: {
    production: { users: ["batch@10.0.3.7", "app_production", "app_second"] },
    staging: { users: ["stg_*", "app_staging"] },
    nobody: { users: ["n_*"] },
  },
  subscribers: {
    billing: { tables: ["shop.payments"] },
    audit: { tables: ["shop.audit"] },
    search: { tables: ["shop.*"], environments: ["staging"] },
  },
};

test("one account of each environment that names one writes, and the queues that its tables reach are read", () => {
  const { accounts, streams } = demonstrationPlan(loadConfig(CONFIG));
  expect(accounts.map(({ environment, user }) => `${environment} ${user}`)).toEqual([
    "production app_production",
    "staging app_staging",
  ]);
  expect(streams.map(({ environment, subscriber }) => `${environment} ${subscriber}`)).toEqual([
    "production billing",
    "staging billing",
    "staging search",
  ]);
  expect(streams[0]?.wants("payments")).toBe(true);
  expect(streams[0]?.wants("orders")).toBe(false);
});

test.each([
  ["an account", { environments: { staging: { users: ["stg_*"] } } }],
  ["a subscriber of its tables", { subscribers: { audit: { tables: ["shop.audit"] } } }],
  [
    "followed tables",
    {
      source: { tables: ["shop.*", "!shop.orders", "!shop.payments"] },
      subscribers: { search: { tables: ["shop.*"] } },
    },
  ],
])("the demonstration is refused without %s", (_, change) => {
  expect(() => demonstrationPlan(loadConfig({ ...CONFIG, ...change }))).toThrow(
    NoDemonstrationError,
  );
});
