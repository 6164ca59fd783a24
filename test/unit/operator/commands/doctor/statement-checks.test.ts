import { expect, test } from "vitest";
import type { StatementWays } from "../../../../../operator/commands/doctor/ask-statement-ways.ts";
import { statementFindings } from "../../../../../operator/commands/doctor/statement-checks.ts";

const WAYS: StatementWays = {
  triggers: [
    { database: "shop", table: "heartbeat", name: "beats", body: "SET @a = 1" },
    { database: "shop", table: "orders", name: "audit", body: "INSERT INTO log VALUES (1)" },
    { database: "percona", table: "sums", name: "far", body: "DELETE FROM `shop` . orders" },
    { database: "percona", table: "sums", name: "near", body: "SET NEW.a = OLD.b" },
  ],
  views: [{ database: "shop", table: "newest" }],
  cascades: [
    {
      parent: { database: "shop", table: "beaters" },
      child: { database: "shop", table: "orders" },
    },
  ],
};

test("a table of source.statementTables is a table, without triggers and followed children", () => {
  const tables = ["shop.orders"];
  const findings = statementFindings(
    WAYS,
    { tables, statementTables: ["shop.*", "percona.x"] },
    false,
  );
  expect(findings.map(({ check }) => check)).toEqual(["statements.tables", "statements.triggers"]);
  expect(findings[0]?.what).toMatch(
    /: shop\.heartbeat has the trigger beats, shop\.newest is a view, shop\.beaters has foreign keys of shop\.orders$/,
  );
});

test("a trigger that leads to a database with followed tables is named", () => {
  const [finding, ...others] = statementFindings(
    WAYS,
    { tables: ["shop.*"], statementTables: [] },
    false,
  );
  expect(finding).toMatchObject({ check: "statements.triggers", severity: "note" });
  expect(finding?.what).toMatch(/: percona\.far$/);
  expect(others).toEqual([]);
  expect(statementFindings(WAYS, { tables: ["crm.*"], statementTables: [] }, false)).toEqual([]);
});

test("names are compared as the server does, with lower_case_table_names", () => {
  const source = { tables: ["Shop.Orders"], statementTables: ["SHOP.Heartbeat"] };
  const checks = (isLower: boolean): string[] =>
    statementFindings(WAYS, source, isLower).map(({ check }) => check);
  expect(checks(false)).toEqual([]);
  expect(checks(true)).toEqual(["statements.tables", "statements.triggers"]);
});

test.each(['UPDATE "shop"."orders" SET note = 1', "CALL percona.p()"])(
  "a trigger that may lead to a followed table is named: %s",
  (body) => {
    const triggers = [{ database: "percona", table: "sums", name: "far", body }];
    const source = { tables: ["shop.orders"], statementTables: [] };
    const [finding] = statementFindings({ ...WAYS, triggers }, source, false);
    expect(finding?.check).toBe("statements.triggers");
  },
);
