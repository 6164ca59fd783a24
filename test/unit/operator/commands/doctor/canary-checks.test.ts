import { expect, test } from "vitest";
import { withCanary } from "../../../../../config/canary.ts";
import { loadConfig } from "../../../../../config/load.ts";
import { canaryFindings } from "../../../../../operator/commands/doctor/canary-checks.ts";

const base = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: { production: { users: ["app"] } },
  subscribers: { billing: { tables: ["shop.orders"] } },
};
const withOne = loadConfig(withCanary({ ...base, canary: {} })).subscribers;
const ORDERS = { database: "shop", table: "orders" };

test("a canary without its table is reported with the statements that make it", () => {
  expect(canaryFindings(withOne, [ORDERS])).toMatchObject([
    {
      check: "canary.table",
      severity: "warning",
      statements: [
        "CREATE DATABASE IF NOT EXISTS binlog_canary",
        expect.stringMatching(/^CREATE TABLE IF NOT EXISTS binlog_canary\.beats \(/),
      ],
      remedy: expect.stringMatching(/GRANT INSERT, UPDATE ON binlog_canary\.beats/),
    },
  ]);
});

test("a canary with its table, and a configuration without a canary, give no finding", () => {
  const beats = { database: "binlog_canary", table: "beats" };
  expect(canaryFindings(withOne, [ORDERS, beats])).toEqual([]);
  expect(canaryFindings(loadConfig(base).subscribers, [ORDERS])).toEqual([]);
});
