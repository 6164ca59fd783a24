import { describe, expect, test } from "vitest";
import type { TableColumns } from "../../../../../operator/commands/doctor/ask-columns.ts";
import {
  filterFindings,
  type FilteredSubscriber,
} from "../../../../../operator/commands/doctor/filter-checks.ts";

const TABLES: TableColumns[] = [
  {
    database: "shop",
    table: "orders",
    columns: [
      column("id", "int", { isKey: true }),
      column("status", "enum", { collation: "utf8mb4_0900_ai_ci" }),
      column("code", "varchar", { collation: "utf8mb4_bin" }),
      column("total", "decimal"),
      column("weight", "float"),
      column("placed", "datetime"),
      column("took", "time"),
      column("sign", "varbinary"),
      column("details", "json"),
    ],
  },
  { database: "shop", table: "items", columns: [column("id", "int", { isKey: true })] },
];

function column(name: string, type: string, other: { isKey?: boolean; collation?: string } = {}) {
  return { name, type, isKey: false, collation: null, ...other };
}

function found(subscriber: Partial<FilteredSubscriber>, variables: Record<string, string> = {}) {
  const subscribers = { billing: { tables: ["shop.orders"], ...subscriber } };
  const all = new Map(Object.entries({ binlog_row_image: "FULL", ...variables }));
  return filterFindings(subscribers, TABLES, all).map(
    ({ check, severity, what }) => `${severity} ${check}: ${what}`,
  );
}

const conditions = (where: string) => found({ where }).map((text) => text.split(": ")[0]);

describe("filters", () => {
  test("that fit their tables are no finding", () => {
    const columns = {
      include: ["shop.orders.*"],
      exclude: ["shop.orders.details"],
      mask: { "shop.orders.ID": "hash" },
    } as const;
    const where =
      "Total > 1 AND placed >= '2026-11-20' AND took < '10:00:00' AND sign = x'41' AND code LIKE 'a%'" +
      " AND LOWER(status) IN ('paid', NULL) AND details IS NULL AND weight IS NOT NULL";
    expect(found({ columns, where })).toEqual([]);
    expect(found({})).toEqual([]);
  });

  test("name columns that no table has", () => {
    expect(
      found({ columns: { exclude: ["shop.orders.e_mail"], mask: { "shop.*.pho*": "null" } } }),
    ).toEqual([
      'warning filters.column: no table has a column that "shop.orders.e_mail" of subscribers.billing.columns chooses',
      'warning filters.column: no table has a column that "shop.*.pho*" of subscribers.billing.columns chooses',
    ]);
    expect(found({ tables: ["shop.*"], where: "status = 'paid'" })).toContain(
      "warning filters.condition-column: subscribers.billing.where names the column status, which shop.items does not have",
    );
    expect(found({ tables: ["shop.*"], where: { "shop.items": "id = 1 AND total > 1" } })).toEqual([
      "warning filters.condition-column: subscribers.billing.where names the column total, which shop.items does not have",
    ]);
  });

  test("leave no column of a key out", () => {
    for (const columns of [
      { exclude: ["*.*.id"], mask: {} },
      { exclude: [], include: ["shop.orders.total"], mask: {} },
      { exclude: [], mask: { "shop.orders.id": "last4" } },
      { exclude: [], mask: { "shop.orders.id": "null" } },
    ] as const) {
      expect(found({ columns })).toEqual([
        expect.stringContaining(
          "warning filters.key: subscribers.billing.columns leaves out shop.orders.id,",
        ),
      ]);
    }
  });

  test.for([
    "total > '100'",
    "status = 1",
    "weight = 0.5",
    "placed > '20.11.2026'",
    "placed > 20261120",
    "took = '2026-11-20'",
    "sign = 'A'",
    "details = '{}'",
    "total LIKE '1%'",
    "code IN ('a', 5)",
  ])("compare a column with what its type compares with: %s", (where) => {
    expect(conditions(where)).toEqual(["warning filters.comparison"]);
  });

  test("say where MySQL's collation would choose other rows", () => {
    expect(conditions("status = 'paid'")).toEqual(["note filters.collation"]);
    expect(conditions("status LIKE 'p%' AND UPPER(status) = 'PAID'")).toEqual([
      "note filters.collation",
    ]);
  });

  test("want whole row images", () => {
    const minimal = { binlog_row_image: "MINIMAL" };
    expect(found({ where: "total > 1" }, minimal)).toEqual([
      "warning filters.row-image: binlog_row_image is MINIMAL, and subscribers.billing has a condition",
    ]);
    expect(found({ columns: { exclude: ["shop.orders.total"], mask: {} } }, minimal)).toEqual([]);
  });

  test("cannot be checked by an account that sees no table, and mean lower case where the server has it", () => {
    expect(found({ tables: ["other.*"], where: "a = 1" })).toEqual([
      "warning filters.tables: this account sees no table of subscribers.billing",
    ]);
    const where = { "Shop.Orders": "total > 1" };
    expect(found({ tables: ["Shop.Orders"], where }, { lower_case_table_names: "1" })).toEqual([]);
  });
});
