import { expect, test } from "vitest";
import type { StatementWays } from "../../../../../operator/commands/doctor/ask-statement-ways.ts";
import { statementFindings } from "../../../../../operator/commands/doctor/statement-checks.ts";

const WAYS: StatementWays = {
  triggers: [
    { database: "shop", table: "heartbeat", name: "beats" },
    { database: "shop", table: "orders", name: "audit" },
    { database: "percona", table: "sums", name: "near" },
  ],
  views: [{ database: "shop", table: "newest" }],
  callingViews: [],
  cascades: [
    {
      parent: { database: "shop", table: "beaters" },
      child: { database: "shop", table: "orders" },
    },
  ],
};

test("triggers, views and followed children of source.statementTables are findings", () => {
  const tables = ["shop.orders"];
  const findings = statementFindings(
    WAYS,
    { tables, statementTables: ["shop.*", "percona.x"] },
    false,
  );
  expect(findings.map(({ check }) => check)).toEqual(["statements.tables"]);
  expect(findings[0]?.what).toMatch(
    /: shop\.heartbeat has the trigger beats, shop\.newest is a view, shop\.beaters has foreign keys of shop\.orders$/,
  );
});

test("the table of pt-table-checksum is checked without being listed", () => {
  const triggers = [{ database: "percona", table: "checksums", name: "far" }];
  const source = { tables: ["shop.*"], statementTables: [] };
  const [finding, ...others] = statementFindings({ ...WAYS, triggers }, source, false);
  expect(finding?.what).toMatch(/: percona\.checksums has the trigger far$/);
  expect(others).toEqual([]);
});

test("names are compared as the server does, with lower_case_table_names", () => {
  const source = { tables: ["Shop.Orders"], statementTables: ["SHOP.Heartbeat"] };
  const checks = (isLower: boolean): string[] =>
    statementFindings(WAYS, source, isLower).map(({ check }) => check);
  expect(checks(false)).toEqual([]);
  expect(checks(true)).toEqual(["statements.tables"]);
});

test("a listed table that is followed is named, by the server's lower_case_table_names", () => {
  const source = { tables: ["shop.*"], statementTables: ["SHOP.beats", "shop.*", "percona.x"] };
  expect(statementFindings(WAYS, source, false)).toEqual([]);
  const [finding, ...others] = statementFindings(WAYS, source, true);
  expect(finding).toMatchObject({
    check: "statements.followed",
    what: expect.stringMatching(/follows: SHOP\.beats$/),
    remedy: 'Leave them out of source.tables as well: "!SHOP.beats".',
  });
  expect(others).toEqual([]);
});

test("views that call functions are named where tables are listed", () => {
  const ways = { ...WAYS, callingViews: [{ database: "shop", table: "priced" }] };
  const checks = (statementTables: string[]): string[] =>
    statementFindings(ways, { tables: ["shop.orders"], statementTables }, false).map(
      ({ check }) => check,
    );
  expect(checks(["percona.x"])).toEqual(["statements.views"]);
  expect(checks([])).toEqual([]);
});
