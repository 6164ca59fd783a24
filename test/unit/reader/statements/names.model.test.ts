import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { describe, expect, test } from "vitest";
import { filteredNames } from "../../../../config/filtered-names.ts";
import { columnRules, columnsHiddenByName } from "../../../../functions/filters/column-rules.ts";
import { NameHistory } from "../../../../reader/statements/name-history.ts";
import { namesAtAnyTime, type SavedNames } from "../../../../reader/statements/saved-names.ts";
import { apply } from "../../../support/name-histories.ts";

const SEED = Number(process.env["NAMES_SEED"] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env["NAMES_ROUNDS"] ?? 60);
const STATEMENTS = 60;

const COLUMNS = {
  exclude: ["shop.customers.email", "shop.log*.line", "crm.*.phone"],
  mask: { "shop.*.*_token": "hash", "shop.c?ients.mail": "null", "*.people.em*": "last4" },
} as const;
const ALL = { ...COLUMNS, exclude: [...COLUMNS.exclude] };
const FILTERED = filteredNames({ mailing: { columns: ALL } });

const TABLES = ["customers", "clients", "people", "log", "log_1", "log_27", "_customers_gho", "x"];
const NAMES = ["email", "mail", "phone", "line", "a_token", "token", "b"];
const DATABASES = ["shop", "crm"];

/** Whether a filter has chosen the data of a column at some time, by the column's name. */
type Table = Map<string, boolean>;

/** The tables of a server, changed by the same statements that the reader sees. */
class Server {
  readonly tables = new Map<string, Table>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Marks what a filter chooses by its present name. */
  mark(): void {
    for (const [name, columns] of this.tables) {
      const treatmentOf = rules(name);
      for (const column of columns.keys())
        if (treatmentOf(column) !== "keep") columns.set(column, true);
    }
  }

  /** Changes the tables. Returns the statement; null when there is nothing to change. */
  change(): string | null {
    const name = this.tables.size === 0 ? null : this.#random.pick([...this.tables.keys()]);
    const columns = name === null ? null : (this.tables.get(name) ?? null);
    const free = this.#freeName();
    if (name === null || columns === null || this.#random.chance(0.2)) return this.#create(free);
    switch (this.#random.below(7)) {
      case 0:
        this.tables.delete(name);
        return `DROP TABLE ${name}`;
      case 1:
        return this.#move(name, free, columns, "");
      case 2:
        return this.#swap(name, columns);
      case 3:
        return this.#exchange(name, columns);
      default: {
        const renames = this.#renameColumns(columns);
        if (renames.length === 0) return null;
        if (this.#random.chance(0.3))
          return this.#move(name, free, columns, `${renames.join(", ")}, `);
        return `ALTER TABLE ${name} ${renames.join(", ")}`;
      }
    }
  }

  #freeName(): string | null {
    const all = DATABASES.flatMap((database) => TABLES.map((table) => `${database}.${table}`));
    const free = all.filter((name) => !this.tables.has(name));
    return free.length === 0 ? null : this.#random.pick(free);
  }

  #create(name: string | null): string | null {
    if (name === null) return null;
    const columns = NAMES.filter(() => this.#random.chance(0.5));
    this.tables.set(name, new Map(columns.map((column) => [column, false])));
    return null;
  }

  #move(from: string, to: string | null, columns: Table, also: string): string | null {
    if (to === null) return also === "" ? null : `ALTER TABLE ${from} ${also.slice(0, -2)}`;
    this.tables.delete(from);
    this.tables.set(to, columns);
    return also === "" && this.#random.chance(0.5)
      ? `RENAME TABLE ${from} TO ${to}`
      : `ALTER TABLE ${from} ${also}RENAME TO ${to}`;
  }

  #swap(one: string, columns: Table): string {
    const other = this.#random.pick([...this.tables.keys()]);
    if (other === one) return `RENAME TABLE ${one} TO shop.passing, shop.passing TO ${one}`;
    this.tables.set(one, this.tables.get(other) ?? new Map());
    this.tables.set(other, columns);
    return `RENAME TABLE ${one} TO shop.passing, ${other} TO ${one}, shop.passing TO ${other}`;
  }

  /** Tables that change places with a partition have the same columns, and then rows of both. */
  #exchange(one: string, columns: Table): string | null {
    const alike = [...this.tables].find(
      ([name, others]) =>
        name !== one && [...others.keys()].sort().join() === [...columns.keys()].sort().join(),
    );
    if (alike === undefined) return null;
    const [other, others] = alike;
    for (const [column, isMarked] of columns) {
      const both = isMarked || others.get(column) === true;
      columns.set(column, both);
      others.set(column, both);
    }
    return `ALTER TABLE ${one} EXCHANGE PARTITION p WITH TABLE ${other}`;
  }

  /** Renames one column, or lets two change places. */
  #renameColumns(columns: Table): string[] {
    const all = [...columns.keys()];
    if (all.length === 0) return [];
    const from = this.#random.pick(all);
    const to = this.#random.pick(NAMES);
    if (from === to) return [];
    const [left, right] = [columns.get(from) === true, columns.get(to)];
    columns.set(to, left);
    if (right === undefined) columns.delete(from);
    else columns.set(from, right);
    const clauses = [`CHANGE ${from} ${to} VARCHAR(20)`];
    if (right !== undefined) clauses.push(`RENAME COLUMN ${to} TO ${from}`);
    return clauses;
  }
}

const known = new Map<string, (column: string) => string>();

/** How the filters treat the columns of a table, by the names that a history remembers. */
function rules(name: string, history?: NameHistory): (column: string) => string {
  const [database = "", table = ""] = name.split(".");
  const former = history?.of(database, table);
  const key = JSON.stringify([name, former]);
  let treatmentOf = known.get(key);
  if (treatmentOf === undefined) {
    const found = columnRules(ALL, database, table, false, former);
    treatmentOf = (column) => found?.(column, false) ?? "keep";
    known.set(key, treatmentOf);
  }
  return treatmentOf;
}

/** Whether the rows of a table are parked, because it lacks a column that a filter names. */
function isParked(name: string, columns: Table, history: NameHistory): boolean {
  const [database = "", table = ""] = name.split(".");
  const former = history.of(database, table);
  return columnsHiddenByName(ALL, database, table, false, former).some(
    (column) => !columns.has(column),
  );
}

const copyOf = (saved: SavedNames | undefined): SavedNames | undefined =>
  saved && (JSON.parse(JSON.stringify(saved)) as SavedNames);

describe(`random renames (NAMES_SEED=${SEED})`, () => {
  test(
    "never show data that a filter has chosen, whatever they are called since, and while the filter is away",
    () => {
      const seen = { renamed: 0, parked: 0, restarts: 0 };
      for (let round = 0; round < ROUNDS; round++) {
        const random = new SeededRandom(SEED + round);
        const server = new Server(random);
        const statements: string[] = [];
        let history = new NameHistory({ filtered: FILTERED, lowerCase: false });
        for (let i = 0; i < STATEMENTS; i++) {
          if (random.chance(0.1)) {
            // A deployment, with the filters or without, or a reader that begins earlier.
            const saved = random.chance(0.2) ? namesAtAnyTime(history.saved) : history.saved;
            const filtered = random.chance(0.5) ? FILTERED : null;
            history = new NameHistory({ filtered, lowerCase: false, saved: copyOf(saved) });
            seen.restarts++;
          }
          const statement = server.change();
          if (statement !== null) {
            statements.push(statement);
            apply(history, statement);
          }
          server.mark();
          for (const [name, columns] of server.tables) {
            const treatmentOf = rules(name, history);
            const shown = [...columns]
              .filter(([column, isMarked]) => isMarked && treatmentOf(column) === "keep")
              .map(([column]) => column);
            if (shown.length > 0 && isParked(name, columns, history)) seen.parked++;
            else
              expect(shown, `round ${round}, ${name} after ${statements.join("; ")}`).toEqual([]);
            for (const column of columns.keys())
              if (rules(name)(column) === "keep" && treatmentOf(column) !== "keep") seen.renamed++;
          }
        }
      }
      expect(seen.renamed).toBeGreaterThan(ROUNDS);
      expect(seen.restarts).toBeGreaterThan(ROUNDS);
    },
    60_000 + ROUNDS * 1000,
  );
});
