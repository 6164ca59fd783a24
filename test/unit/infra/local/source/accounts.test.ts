import { expect, test } from "vitest";
import {
  configuredDatabases,
  grantPattern,
  plannedAccounts,
  refuseOwnAccounts,
} from "../../../../../infra/local/source/accounts.ts";
import { UsageError } from "../../../../../infra/local/request/refusal.ts";

test("an account is planned for each user that names one, and for no pattern", () => {
  const environments = {
    production: { users: ["app_prod", "batch@10.0.3.7"] },
    staging: { users: ["stg_*", "app@10.*", "app_staging"] },
  };
  expect(plannedAccounts(environments)).toEqual([
    { environment: "production", user: "app_prod", host: "%" },
    { environment: "production", user: "batch", host: "10.0.3.7" },
    { environment: "staging", user: "app_staging", host: "%" },
  ]);
});

test("accounts that the server has for itself are refused by name, and their environments", () => {
  const planned = plannedAccounts({
    production: { users: ["root@10.0.0.1", "app_prod"] },
    staging: { users: ["binlog_router"] },
  });
  expect(() => refuseOwnAccounts(planned)).toThrow(
    /root \(environment production\), binlog_router \(environment staging\).*--mysql/,
  );
  expect(() => refuseOwnAccounts(planned)).toThrow(UsageError);
  expect(() => refuseOwnAccounts(plannedAccounts({ a: { users: ["app"] } }))).not.toThrow();
});

test("the configured databases are those of the patterns that include tables", () => {
  expect(configuredDatabases(["shop.*", "shop.orders", "!audit.log", "log_*.x"])).toEqual([
    "shop",
    "log_*",
  ]);
});

test.each([
  ["shop", "shop"],
  ["my_shop", "my\\_shop"],
  ["shop_?", "shop\\__"],
  ["*", "%"],
  ["100%", "100\\%"],
])("the database pattern %s is granted as %s", (pattern, granted) => {
  expect(grantPattern(pattern)).toBe(granted);
});
