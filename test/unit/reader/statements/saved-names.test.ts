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

describe("a filtered table that is renamed again and again", () => {
  test("needs one entry, for ever, where the new names differ in their numbers", () => {
    const history = historyOf();
    const times = Array.from({ length: 5000 }, (_, hour) => `${2026 + (hour % 9)}_${hour}`);
    for (const time of times) {
      apply(history, `RENAME TABLE customers TO customers_${time}, customers_new TO customers`);
      expect(history.isFull).toBe(false);
    }
    expect(JSON.stringify(history.saved).length).toBeLessThan(1000);
    const resumed = historyOf(JSON.parse(JSON.stringify(history.saved)) as SavedNames);
    for (const { saved } of [history, resumed, apply(resumed, "DROP TABLE customers_2026_0")]) {
      const known = historyOf(saved);
      for (const time of times)
        expect(tables(known, `customers_${time}`)).toEqual([["shop", "customers"]]);
      for (const other of ["customers", "customers_x", "people_2026_0"])
        expect(tables(known, other), other).toEqual([]);
    }
    apply(
      resumed,
      "RENAME TABLE customers_2027_1 TO past",
      "RENAME TABLE customers_2028_2 TO customers",
    );
    expect(tables(resumed, "past")).toEqual([["shop", "customers"]]);
    expect(tables(resumed, "customers")).toEqual([]);
  });

  test("has exact entries while they are few, and while they differ in their former names", () => {
    const history = historyOf();
    for (let i = 0; i < 60; i++)
      apply(history, `RENAME TABLE customers TO c_${i}`, `RENAME TABLE orders TO c_1${i}000`);
    expect(history.saved?.present).toHaveLength(120);
    expect(tables(history, "c_77")).toEqual([]);
    apply(history, `DROP TABLE ${Array.from({ length: 60 }, (_, i) => `c_${i}`).join(", ")}`);
    expect(history.saved?.present).toHaveLength(60);
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
});
