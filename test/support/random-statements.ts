import type { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { RandomSql, type Style } from "./random-sql.ts";

export const DATABASES = ["fuzz_a", "fuzz_b"] as const;

/** Names with bytes that mean something in some character set, or that look like syntax. */
const NAMES = [
  "orders",
  "2024_orders",
  "table",
  "select",
  "a`b",
  'a"b',
  "a'b",
  "a b",
  "a.b",
  "--x",
  "/*x",
  "#x",
  "rename to x",
  "back\\slash",
  "café",
  "Größe",
  "Ждать",
  "αβγ",
  "表",
  "ソース",
  "能力",
  "許功蓋",
  "誠",
  "한글",
  "กขค",
  "שלום",
  "ÿ",
];

/** Generates random statements about the tables of two databases. */
export class RandomStatements {
  readonly #random: SeededRandom;
  readonly #sql: RandomSql;
  #number = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#sql = new RandomSql(random);
  }

  /** A statement. `tables`: the existing ones, as `database.table`. */
  next(tables: readonly string[], style: Style): string {
    const random = this.#random;
    const table = (): string =>
      tables.length > 0 && random.chance(0.9) ? this.#existing(tables, style) : this.#fresh(style);
    const fresh = (): string => this.#fresh(style);
    const kinds: (() => string[])[] = [
      () => [
        "CREATE",
        "TABLE",
        ...this.#sql.maybe("IF", "NOT", "EXISTS"),
        fresh(),
        "(id INT PRIMARY KEY, b INT)",
        ...this.#comment(style),
      ],
      () => ["CREATE", "TABLE", fresh(), "LIKE", table()],
      () => ["CREATE", "TABLE", fresh(), "(", "LIKE", table(), ")"],
      () => ["CREATE", "TABLE", fresh(), "(id INT PRIMARY KEY) SELECT 1 AS id, 2 AS b"],
      () => [
        "DROP",
        random.pick(["TABLE", "TABLES"]),
        ...this.#sql.maybe("IF", "EXISTS"),
        table(),
        ",",
        table(),
        ...this.#sql.maybe("CASCADE"),
      ],
      () => ["DROP", "TABLE", table()],
      () => ["RENAME", random.pick(["TABLE", "TABLES"]), table(), "TO", fresh()],
      () => ["RENAME", "TABLE", table(), "TO", fresh(), ",", table(), "TO", fresh()],
      () => [
        "ALTER",
        "TABLE",
        table(),
        "RENAME",
        ...this.#sql.maybe(random.pick(["TO", "AS", "="])),
        fresh(),
      ],
      () => [
        "ALTER",
        "TABLE",
        table(),
        "ADD",
        "COLUMN",
        `(c${++this.#number} INT, d${this.#number} VARCHAR(9) DEFAULT`,
        this.#sql.text(style),
        ")",
        ...this.#comment(style, ","),
      ],
      () => ["ALTER", "TABLE", table(), ...this.#comment(style), ",", "RENAME", "TO", fresh()],
      () => ["ALTER", "TABLE", table(), ...this.#comment(style), ",", "ALGORITHM", "=", "INPLACE"],
      () => [
        "ALTER",
        "TABLE",
        table(),
        `ADD COLUMN e${++this.#number} INT, RENAME COLUMN e${this.#number} TO f`,
      ],
      () => [
        "CREATE",
        random.pick(["UNIQUE", ""]),
        "INDEX",
        `i${++this.#number}`,
        "ON",
        table(),
        "(b)",
        "COMMENT",
        this.#sql.text(style),
      ],
      () => ["TRUNCATE", ...this.#sql.maybe("TABLE"), table()],
      // Statements that concern no table, or only the session.
      () => [
        "CREATE",
        "OR",
        "REPLACE",
        "VIEW",
        "fuzz_a.v",
        "AS",
        "SELECT",
        this.#sql.text(style),
        "AS x",
      ],
      () => [
        "CREATE",
        "TEMPORARY",
        "TABLE",
        "temporary_table",
        "(id INT)",
        ...this.#comment(style),
      ],
      () => ["DROP", "TEMPORARY", "TABLE", "IF", "EXISTS", "temporary_table"],
      () => ["ANALYZE", "TABLE", table()],
      () => ["ALTER", "DATABASE", "fuzz_a", "CHARACTER", "SET", random.pick(["latin1", "utf8mb4"])],
      () => ["CREATE", "PROCEDURE", `fuzz_a.p${++this.#number}()`, "DROP TABLE", table()],
    ];
    return this.#sql.spaced(
      random
        .pick(kinds)()
        .filter((word) => word !== ""),
    );
  }

  #existing(tables: readonly string[], style: Style): string {
    const [database = "", ...rest] = this.#random.pick(tables).split(".");
    return this.#sql.table(database, rest.join("."), style, DATABASES[0]);
  }

  #fresh(style: Style): string {
    const database = this.#random.pick(DATABASES);
    return this.#sql.table(database, this.#random.pick(NAMES), style, DATABASES[0]);
  }

  /** A table comment that no table has yet. */
  #comment(style: Style, before = ""): string[] {
    const text = this.#sql.text(style);
    const quote = text.slice(-1);
    return [before, "COMMENT", "=", `${text.slice(0, -1)}${++this.#number}${quote}`];
  }
}
