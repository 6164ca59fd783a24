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
      column("ratio", "double"),
      column("built", "year"),
      column("weight", "float"),
      column("placed", "datetime"),
      column("took", "time"),
      column("sign", "varbinary"),
      column("details", "json"),
    ],
  },
  { database: "shop", table: "items", columns: [column("id", "int", { isKey: true })] },
];

function column(
  name: string,
  type: string,
  other: { isKey?: boolean; collation?: string; expression?: string } = {},
) {
  return { name, type, isKey: false, collation: null, ...other };
}

function shopTable(name: string, ...columns: string[]): TableColumns {
  const own = columns.map((one) => column(one, "int"));
  return { database: "shop", table: name, columns: [column("id", "int", { isKey: true }), ...own] };
}

function found(
  subscriber: Partial<FilteredSubscriber>,
  variables: Record<string, string> = {},
  tables: readonly TableColumns[] = TABLES,
) {
  const subscribers = { billing: { tables: ["shop.orders"], ...subscriber } };
  const all = new Map(Object.entries({ binlog_row_image: "FULL", ...variables }));
  return filterFindings(subscribers, tables, all).map(
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
      "Total > 1 AND placed >= '2026-11-20' AND took < '10:00:00' AND sign = x'41' AND code LIKE 'a%' AND ratio > 0.10000 AND built IN (0, 2026)" +
      " AND LOWER(status) IN ('paid', NULL) AND details IS NULL AND weight IS NOT NULL";
    expect(found({ columns, where })).toEqual([]);
    expect(found({})).toEqual([]);
  });

  test("report columns that no table has", () => {
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

  test("report a column of a key that is left out", () => {
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

  test("report columns that are computed from a hidden column, also by way of another column", () => {
    const tables = [
      {
        database: "shop",
        table: "orders",
        columns: [
          column("id", "int", { isKey: true }),
          column("E`mail", "varchar"),
          column("domain", "varchar", { expression: "substring_index(`e``mail`,_utf8mb4'@',-1)" }),
          column("land", "varchar", { expression: "right(`domain`,2)" }),
          column("twice", "int", { expression: "(`id` * 2)" }),
          column("masked", "varchar", { expression: "lower(`E``mail`)" }),
        ],
      },
    ];
    const columns = { exclude: ["shop.orders.e`mail"], mask: { "*.*.masked": "null" } } as const;
    expect(found({ columns }, {}, tables)).toEqual([
      "warning filters.generated: subscribers.billing gets shop.orders.domain, which MySQL computes from E`mail",
      "warning filters.generated: subscribers.billing gets shop.orders.land, which MySQL computes from domain",
    ]);
    const all = { exclude: ["shop.orders.*mail", "*.*.domain", "*.*.land"], mask: columns.mask };
    expect(found({ columns: all }, {}, tables)).toEqual([]);
  });

  test("report other tables that show a hidden column", () => {
    const columns = [column("id", "int", { isKey: true }), column("email", "varchar")];
    const named = (...tables: readonly string[]): TableColumns[] =>
      tables.map((table) => ({ database: "shop", table, columns }));
    const mask = { "shop.customers.email": "hash" } as const;
    const subscriber = { tables: ["shop.*"], columns: { exclude: [], mask } };

    expect(found(subscriber, {}, named("customers", "clients"))).toEqual([
      "warning filters.copy: subscribers.billing gets values of shop.clients as they are (email), and the table has all columns of shop.customers",
    ]);
    const both = { exclude: [], mask: { ...mask, "shop.clients.EMAIL": "null" } } as const;
    expect(found({ ...subscriber, columns: both }, {}, named("customers", "clients"))).toEqual([]);
    expect(
      found({ ...subscriber, tables: ["shop.customers"] }, {}, named("customers", "clients")),
    ).toEqual([]);

    expect(found(subscriber, {}, named("clients"))).toEqual([
      'warning filters.column: no table has a column that "shop.customers.email" of subscribers.billing.columns chooses',
      "warning filters.copy: subscribers.billing gets values of shop.clients as they are (email), and the table may be shop.customers under a new name: the filters of shop.customers apply to it only if the reader has read the RENAME",
    ]);

    expect(found(subscriber, {}, named("customers", "_customers_gho", "__customers_new"))).toEqual(
      ["_customers_gho", "__customers_new"].map(
        (table) =>
          `note filters.tool-copy: subscribers.billing gets shop.${table}, which is named like a copy of shop.customers that a tool for schema changes makes`,
      ),
    );
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
    "code = '2026-11-20'",
    "code < '10:00:00'",
    "ratio = 0.1000000000000000055",
    "built = 26",
    "built > 5.0",
  ])("compare a column with what its type compares with: %s", (where) => {
    expect(conditions(where)).toEqual(["warning filters.comparison"]);
  });

  test("say where MySQL's collation would choose other rows", () => {
    expect(conditions("status = 'paid'")).toEqual(["note filters.collation"]);
    expect(conditions("status LIKE 'p%' AND UPPER(status) = 'PAID'")).toEqual([
      "note filters.collation",
    ]);
    expect(conditions("LOWER(code) = 'a'")).toEqual(["note filters.collation"]);
  });

  test("apply to a table that is named like a copy, and a column that it lacks parks its changes", () => {
    const tables = [
      shopTable("daily", "note"),
      shopTable("_daily_new", "total"),
      shopTable("orders", "status"),
      shopTable("_orders_old"),
    ];
    const subscriber: Partial<FilteredSubscriber> = {
      tables: ["shop.*"],
      columns: { exclude: ["shop.daily.Note"], mask: {} },
      where: { "shop.orders": "status = 1" },
    };
    const expected = [
      "warning filters.copy-column: shop._daily_new has the name of a tool's copy of another table, and lacks Note, which subscribers.billing.columns hides in that table",
      "warning filters.condition-column: subscribers.billing.where names the column status, which shop._orders_old does not have",
    ];
    const parking = (settings: Partial<FilteredSubscriber>, variables = {}) =>
      found(settings, variables, tables).filter((text) => text.startsWith("warning"));
    expect(parking(subscriber)).toEqual(expected);
    const lower = { lower_case_table_names: "1" };
    const columns = { exclude: ["Shop.Daily.Note"], mask: {} };
    const where = { "Shop.Orders": "status = 1" };
    expect(parking({ ...subscriber, columns, where }, lower)).toEqual(expected);
    expect(
      parking({ ...subscriber, tables: ["shop.*", "!shop._daily_new", "!shop._orders_old"] }),
    ).toEqual([]);
  });

  test("need whole row images", () => {
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
