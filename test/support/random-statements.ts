import type { SeededRandom } from "@binlog-router/local-aws/seeded-random";

/** How a session writes its statements. */
export interface Style {
  readonly ansiQuotes: boolean;
  readonly backslashEscapes: boolean;
}

export const DATABASES = ["fuzz_a", "fuzz_b"] as const;

/** Names whose bytes mean something in some character set, or that look like something else. */
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

const TEXTS = [
  "x",
  "it's",
  'say "x"',
  "\\",
  "a\\'",
  "', RENAME TO stolen",
  "/* x */ -- x # x",
  "`; DROP TABLE x",
  "表ソ能許\\",
  "é",
  "\n",
];

/**
 * Writes random statements about the tables of two databases, and says which tables each names as
 * its objects.
 */
export class RandomStatements {
  readonly #random: SeededRandom;
  #number = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** `tables`: those that exist, `database.table`. */
  next(tables: readonly string[], style: Style): string {
    const random = this.#random;
    const table = (): string =>
      tables.length > 0 && random.chance(0.9) ? this.#existing(tables, style) : this.#fresh(style);
    const fresh = (): string => this.#fresh(style);
    const kinds: (() => string[])[] = [
      () => [
        "CREATE",
        "TABLE",
        ...this.#maybe("IF", "NOT", "EXISTS"),
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
        ...this.#maybe("IF", "EXISTS"),
        table(),
        ",",
        table(),
        ...this.#maybe("CASCADE"),
      ],
      () => ["DROP", "TABLE", table()],
      () => ["RENAME", random.pick(["TABLE", "TABLES"]), table(), "TO", fresh()],
      () => ["RENAME", "TABLE", table(), "TO", fresh(), ",", table(), "TO", fresh()],
      () => [
        "ALTER",
        "TABLE",
        table(),
        "RENAME",
        ...this.#maybe(random.pick(["TO", "AS", "="])),
        fresh(),
      ],
      () => [
        "ALTER",
        "TABLE",
        table(),
        "ADD",
        "COLUMN",
        `(c${++this.#number} INT, d${this.#number} VARCHAR(9) DEFAULT`,
        this.#text(style),
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
        this.#text(style),
      ],
      () => ["TRUNCATE", ...this.#maybe("TABLE"), table()],
      // What concerns no table, or only the session.
      () => [
        "CREATE",
        "OR",
        "REPLACE",
        "VIEW",
        "fuzz_a.v",
        "AS",
        "SELECT",
        this.#text(style),
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
    return this.#spaced(
      random
        .pick(kinds)()
        .filter((word) => word !== ""),
    );
  }

  #existing(tables: readonly string[], style: Style): string {
    const [database = "", ...rest] = this.#random.pick(tables).split(".");
    return this.#named(database, rest.join("."), style);
  }

  #fresh(style: Style): string {
    return this.#named(this.#random.pick(DATABASES), this.#random.pick(NAMES), style);
  }

  #named(database: string, table: string, style: Style): string {
    const name = this.#quoted(table, style);
    // The session's default database is the first one.
    if (database === DATABASES[0] && this.#random.chance(0.5)) return name;
    return `${this.#quoted(database, style)}${this.#random.pick([".", " . "])}${name}`;
  }

  #quoted(name: string, { ansiQuotes }: Style): string {
    if (/^[a-z_]\w*$/.test(name) && !["table", "select"].includes(name) && this.#random.chance(0.5))
      return name;
    const quote = ansiQuotes && this.#random.chance(0.5) ? '"' : "`";
    return quote + name.replaceAll(quote, quote + quote) + quote;
  }

  #text({ ansiQuotes, backslashEscapes }: Style): string {
    const text = this.#random.pick(TEXTS);
    const quote = ansiQuotes || this.#random.chance(0.5) ? "'" : '"';
    const escaped = backslashEscapes ? text.replaceAll("\\", "\\\\") : text;
    const doubled = this.#random.chance(0.5) || !backslashEscapes ? quote + quote : `\\${quote}`;
    return quote + escaped.replaceAll(quote, doubled) + quote;
  }

  /** A comment that no table has yet. */
  #comment(style: Style, before = ""): string[] {
    const text = this.#text(style);
    const quote = text.slice(-1);
    return [before, "COMMENT", "=", `${text.slice(0, -1)}${++this.#number}${quote}`];
  }

  #maybe(...words: readonly string[]): readonly string[] {
    return this.#random.chance(0.5) ? words : [];
  }

  /** Words with white space, comments and executable comments between them. */
  #spaced(words: readonly string[]): string {
    const random = this.#random;
    const gap = (): string =>
      random.pick([
        " ",
        " ",
        " ",
        "\n",
        "\t",
        " /* ' \" ` */ ",
        " /*x/*y*/ ",
        " -- it's\n",
        " # it's `\n",
        "/**/",
        " --\n",
      ]);
    let statement = random.chance(0.3) ? gap() : "";
    for (const word of words) {
      const isExecutable = random.chance(0.05) && /^[A-Z]+$/.test(word);
      statement += isExecutable ? `/*!${random.pick(["", "50000", "080000"])} ${word} */` : word;
      statement += gap();
    }
    return statement;
  }
}
