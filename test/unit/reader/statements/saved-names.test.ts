import { describe, expect, test } from "vitest";
import { filteredNames } from "../../../../config/filtered-names.ts";
import { NameHistory } from "../../../../reader/statements/name-history.ts";
import { namesAtAnyTime, type SavedNames } from "../../../../reader/statements/saved-names.ts";
import {
  apply,
  columns,
  CONFIGURED,
  historyOf,
  long,
  tables,
} from "../../../support/name-histories.ts";

const without = (saved: SavedNames | undefined): NameHistory =>
  new NameHistory({ filtered: null, lowerCase: false, saved });
const stored = ({ saved }: NameHistory): SavedNames =>
  JSON.parse(JSON.stringify(saved)) as SavedNames;
/** What the last release reads of a saved state. */
const released = (history: NameHistory): SavedNames => {
  const { present, past } = stored(history);
  return { present, past };
};
const pattern = (i: number): string => `shop.${"t".repeat(240)}${i}`;

function fullHistory(): NameHistory {
  const history = historyOf();
  for (let i = 0; !history.isFull; i++) {
    expect(i).toBeLessThan(5000);
    apply(history, `RENAME TABLE customers TO ${long(i)}`);
  }
  return history;
}

describe("a filter that is removed and configured again", () => {
  test("applies to what was renamed before and meanwhile", () => {
    const before = apply(historyOf(), "RENAME TABLE customers TO a");
    const meanwhile = apply(
      without(stored(before)),
      "RENAME TABLE a TO b, orders TO c",
      "ALTER TABLE b RENAME COLUMN email TO mail",
    );
    expect(tables(meanwhile, "b")).toEqual([["shop", "customers"]]);
    const back = historyOf(stored(meanwhile));
    expect(tables(back, "b")).toEqual([["shop", "customers"]]);
    expect(columns(back, "b")).toEqual([["mail", ["email"]]]);
    expect(tables(back, "c")).toEqual([["shop", "orders"]]);
    // Also where nothing had been renamed yet, and where the binlog is read again.
    const later = apply(without(stored(historyOf())), "RENAME TABLE customers TO a");
    expect(tables(historyOf(namesAtAnyTime(stored(later))), "a")).toEqual([["shop", "customers"]]);
    expect(without(undefined).saved).toBeUndefined();
  });

  test("gives way to the configured filters where the names do not all fit", () => {
    const history = apply(historyOf(), "RENAME TABLE orders TO bills");
    for (let i = 0; !history.isFull; i++) apply(history, `RENAME TABLE customers TO ${long(i)}`);
    const { present = [] } = history.saved ?? {};
    const filtered = filteredNames({ billing: { where: { "shop.orders": "id > 0" } } });
    const changed = new NameHistory({ filtered, lowerCase: false, saved: stored(history) });
    apply(changed, `RENAME TABLE orders TO ${long(9999)}, customers TO ${long(9998)}`);
    expect(changed.isFull).toBe(false);
    for (const table of ["bills", long(9999)])
      expect(tables(changed, table)).toEqual([["shop", "orders"]]);
    expect(JSON.stringify(changed.saved?.present).length).toBeLessThan(80_001);
    expect(changed.saved?.present.length).toBeGreaterThan(present.length - 10);
  });

  test("is known by the latest patterns, as many as fit", () => {
    let { saved } = historyOf();
    for (let i = 0; i < 40; i++) {
      const filtered = filteredNames({ mailing: { where: { [pattern(i)]: "id > 0" } } });
      ({ saved } = new NameHistory({ filtered, lowerCase: false, saved }));
    }
    const known = saved?.filtered?.tables ?? [];
    expect(known.slice(0, 2)).toEqual([pattern(39), pattern(38)]);
    expect(known).not.toContain("shop.customers");
    expect(known.join("").length).toBeGreaterThan(7000);
    expect(known.join("").length).toBeLessThan(8300);
  });
});

interface Filters {
  readonly exclude?: readonly string[];
  readonly where?: Readonly<Record<string, string>>;
}
const tableNames = Array.from({ length: 80 }, (_, i) => `users_v2_${i + 10}`);
/** Filters and statements by which each of the tables has a name that matters. */
const numbered: readonly [string, Filters, "tables" | "columns"][] = [
  ["a wildcard behind digits", { exclude: ["shop.users_v2_*.email"] }, "columns"],
  ["question marks", { exclude: ["shop.users_v?_??.email"] }, "columns"],
  ["exact names", { exclude: tableNames.map((table) => `shop.${table}.email`) }, "columns"],
  ["one exact name with digits", { exclude: ["shop.users_0.email"] }, "tables"],
  ["where on a name with digits", { where: { "shop.users_0": "id > 0" } }, "tables"],
];

describe("names of many tables that differ only in their numbers", () => {
  test.each(numbered)("outlive restarts with %s", (_, { exclude = [], where }, kind) => {
    const filtered = filteredNames({
      mailing: { columns: { exclude, mask: {} }, ...(where !== undefined && { where }) },
    });
    const begin = (saved?: SavedNames): NameHistory =>
      new NameHistory({ filtered, lowerCase: false, saved });
    const history = begin();
    for (const table of tableNames)
      if (kind === "columns") apply(history, `ALTER TABLE ${table} RENAME COLUMN email TO mail`);
      else apply(history, `RENAME TABLE users_0 TO ${table}, users_new TO users_0`);
    const former =
      kind === "columns"
        ? { tables: [], columns: [["mail", ["email"]]] }
        : { tables: [["shop", "users_0"]], columns: [] };
    const restarted = begin(stored(begin(stored(history))));
    const stretch = begin(namesAtAnyTime(stored(history)));
    for (const known of [history, restarted, stretch, begin(released(history))])
      for (const table of tableNames) expect(known.of("shop", table), table).toEqual(former);
    expect(history.of("shop", "users_v2_9")).toBeUndefined();
  });
});

describe("saved names", () => {
  test("hide the same by the rules of the last release, which reads what is present and past", () => {
    const history = apply(
      historyOf(),
      "ALTER TABLE customers RENAME COLUMN email TO mail",
      "ALTER TABLE customers RENAME COLUMN mail TO contact, RENAME COLUMN phone TO line",
      ...tableNames.map((table) => `RENAME TABLE orders TO ${table}`),
      "DROP TABLE users_v2_11",
    );
    const reading = historyOf(stored(historyOf(namesAtAnyTime(stored(history)))));
    expect(tables(reading, "users_v2_11")).toEqual([["shop", "orders"]]);
    expect(columns(reading, "customers")).toEqual([
      ["contact", ["email"]],
      ["line", ["phone"]],
      ["mail", ["email"]],
    ]);
    for (const known of [history, reading]) {
      const { present, past } = released(known);
      for (const [kind, named] of [
        ["present", present],
        ["past", past],
      ] as const) {
        // It takes the last entry of a table.
        expect(new Set(named.map(({ table }) => table.join("."))).size).toBe(named.length);
        expect(named, kind).toEqual(known.saved?.[kind]);
      }
      for (const table of ["customers", ...tableNames])
        expect(present.find((named) => named.table[1] === table)?.former).toEqual(
          known.of("shop", table),
        );
    }
  });

  test("may have fields that are unknown", () => {
    const history = apply(historyOf(), "RENAME TABLE customers TO a", "RENAME TABLE a TO b");
    const other = [{ table: ["shop", "c"], former: { tables: [["shop", "orders"]], columns: [] } }];
    const saved = { ...stored(history), series: other, again: other };
    expect(historyOf(saved).saved).toEqual(history.saved);
    expect(historyOf(namesAtAnyTime(saved)).saved).toEqual(
      historyOf(namesAtAnyTime(history.saved)).saved,
    );
  });
});

describe("a history of more names than can be saved", () => {
  test("is full, and later names replace past ones", () => {
    const history = fullHistory();
    const { present = [] } = history.saved ?? {};
    apply(history, `DROP TABLE ${present.map(({ table }) => table[1]).join(", ")}`);
    const { past = [] } = history.saved ?? {};
    expect(history.isFull).toBe(false);
    expect(JSON.stringify(past).length).toBeLessThan(20_001);
    expect(past.at(-1)?.table).toEqual(present.at(-1)?.table);
  });

  test("is full only by a statement that adds names, and only where it is saved", () => {
    const history = fullHistory();
    apply(history, "DROP TABLE unrelated");
    expect(history.isFull).toBe(false);
    const stretch = new NameHistory({
      filtered: CONFIGURED,
      lowerCase: false,
      saved: history.saved,
      isLimited: false,
    });
    apply(stretch, "RENAME TABLE customers TO another");
    expect(stretch.isFull).toBe(false);
    expect(tables(stretch, "another")).toEqual([["shop", "customers"]]);
  });

  test("is not full any more with patterns that also choose the new names, even where past names came back", () => {
    const full = fullHistory();
    const dropped = full.saved?.present.slice(-200).map(({ table }) => table[1]) ?? [];
    apply(full, `DROP TABLE ${dropped.join(", ")}`);
    // As after `offsets set`: the binlog is read again.
    const again = historyOf(namesAtAnyTime(full.saved));
    for (const table of dropped.slice(0, 150)) apply(again, `RENAME TABLE customers TO ${table}`);
    expect(again.isFull).toBe(false);
    for (let i = 5000; !again.isFull; i++) apply(again, `RENAME TABLE customers TO ${long(i)}`);
    const filtered = filteredNames({
      mailing: { columns: { exclude: ["shop.*.email"], mask: {} } },
    });
    const deployed = new NameHistory({ filtered, lowerCase: false, saved: again.saved });
    for (let i = 6000; i < 6100; i++) {
      apply(deployed, `RENAME TABLE customers TO ${long(i)}`);
      expect(deployed.isFull).toBe(false);
    }
  });

  test("keeps all of them where the binlog is read again, twice and in a stretch, and has 20,000 bytes of room more", () => {
    const names: string[] = [];
    let history = historyOf();
    const dropMany = (from: number): void => {
      for (let i = from; i < from + 140; i++)
        apply(history, `RENAME TABLE customers TO ${long(i)}`, `DROP TABLE ${long(i)}`);
      expect(JSON.stringify(history.saved?.past).length).toBeGreaterThan(17_000);
      names.push(...(history.saved?.past ?? []).map(({ table }) => table[1]));
    };
    for (const from of [1000, 2000]) {
      dropMany(from);
      history = historyOf(namesAtAnyTime(stored(history)));
      for (const table of names) expect(tables(history, table)).toEqual([["shop", "customers"]]);
    }
    dropMany(3000);
    const stretch = new NameHistory({
      filtered: CONFIGURED,
      lowerCase: false,
      saved: namesAtAnyTime(stored(history)),
      isLimited: false,
    });
    expect(names).toHaveLength(420);
    for (const table of names) expect(tables(stretch, table)).toEqual([["shop", "customers"]]);

    for (let i = 5000; !history.isFull; i++) apply(history, `RENAME TABLE customers TO ${long(i)}`);
    const length = JSON.stringify(history.saved?.present).length;
    expect(length).toBeGreaterThan(100_000);
    expect(length).toBeLessThan(100_200);
  });
});
