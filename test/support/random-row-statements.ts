import type { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { RandomSql, type Style } from "./random-sql.ts";

type Table = readonly [database: string, table: string];

/** Followed tables; `child` refers to `tools.parent` with cascades. */
const FOLLOWED: readonly Table[] = [
  ["shop", "orders"],
  ["shop", "table"],
  ["shop", "a.b"],
  ["shop", "child"],
];
/** Tables from which no followed table can be changed. A trigger of `local` writes to `plain`. */
const FAR: readonly Table[] = [
  ["tools", "plain"],
  ["tools", "from"],
  ["tools", "local"],
  ["tools", "view_plain"],
];
/** The tables of `source.statementTables`. */
const LISTED: readonly Table[] = [
  ["tools", "listed"],
  ["shop", "heartbeat"],
];
/**
 * A view that calls a function that changes a followed table. No statement that writes a listed
 * table may read it (docs/statements.md).
 */
const CALLING: Table = ["shop", "calling"];
/** Tables and views from which a followed table is changed, or may be. */
const NEAR: readonly Table[] = [
  ["tools", "far"],
  ["tools", "parent"],
  ["tools", "view_orders"],
  ["shop", "log"],
  ["shop", "v"],
  CALLING,
];
const TABLES = [...FOLLOWED, ...FAR, ...LISTED, ...NEAR].filter(
  ([, table]) => !/^(?:v|view_.*|calling)$/.test(table),
);

export const SOURCE_TABLES = ["shop.*", "!shop.heartbeat", "!shop.log"];
export const STATEMENT_TABLES = LISTED.map((table) => table.join("."));

const COLUMNS = "(id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0, note TEXT)";

/** The statements that create the databases, without rows. */
export const SETUP: readonly string[] = [
  "SET GLOBAL log_bin_trust_function_creators = 1",
  "SET GLOBAL local_infile = 1",
  ...["shop", "tools"].flatMap((name) => [
    `DROP DATABASE IF EXISTS ${name}`,
    `CREATE DATABASE ${name} CHARACTER SET utf8mb4`,
  ]),
  ...TABLES.filter(([, table]) => table !== "child").map(
    (table) => `CREATE TABLE ${plainName(table)} ${COLUMNS}`,
  ),
  `CREATE TABLE shop.child (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0, note TEXT,
    FOREIGN KEY (id) REFERENCES tools.parent (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
  ...["INSERT", "UPDATE", "DELETE"].flatMap((verb) => [
    `CREATE TRIGGER tools.far_${verb} AFTER ${verb} ON tools.far FOR EACH ROW UPDATE shop.\`a.b\` SET n = n + 1`,
    `CREATE TRIGGER tools.local_${verb} AFTER ${verb} ON tools.local FOR EACH ROW UPDATE tools.plain SET n = n + 1`,
  ]),
  "CREATE FUNCTION tools.fw(a INT) RETURNS INT BEGIN UPDATE shop.`table` SET n = n + 1; RETURN a; END",
  "CREATE FUNCTION tools.fr(a INT) RETURNS INT RETURN (SELECT COUNT(*) + a FROM shop.orders)",
  "CREATE PROCEDURE tools.pw() UPDATE shop.orders SET n = n + 1",
  "CREATE PROCEDURE tools.pp() UPDATE tools.plain SET n = n + 1",
  "CREATE VIEW tools.view_plain AS SELECT * FROM tools.plain",
  "CREATE VIEW tools.view_orders AS SELECT * FROM shop.orders",
  "CREATE VIEW shop.v AS SELECT * FROM shop.orders",
  "CREATE VIEW shop.calling AS SELECT id, tools.fw(n) AS n, note FROM shop.orders",
];

/** The statements that restore a few rows in every table. */
export const REFILL: readonly string[] = [
  "DROP TABLE IF EXISTS shop.made, tools.made",
  ...TABLES.toSorted(([, a], [, b]) => Number(a === "child") - Number(b === "child")).flatMap(
    (table) => [
      `DELETE FROM ${plainName(table)} WHERE id > 9`,
      `INSERT IGNORE INTO ${plainName(table)} VALUES (1, 1, 'x'), (2, 2, NULL), (3, 3, 'y')`,
    ],
  ),
];

/** A statement that distinguishes contents of all followed tables, including a table `made`. */
export const CONTENTS = `CHECKSUM TABLE ${[...FOLLOWED, ["shop", "made"] as const].map(plainName).join(", ")}`;

/** Statements that change a followed table which their text does not name. */
export const HIDDEN: readonly string[] = [
  "INSERT INTO tools.far SELECT id + 20, n, note FROM shop.orders",
  "REPLACE INTO tools.far SELECT 7, COUNT(*), NULL FROM tools.parent",
  "UPDATE tools.far SET n = (SELECT MAX(n) + 1 FROM shop.orders)",
  "DELETE FROM tools.far WHERE id IN (SELECT id FROM shop.orders)",
  "INSERT INTO tools.plain SELECT id + 20, n, note FROM shop.calling",
  "DELETE FROM tools.parent",
  "SELECT tools.fw(1)",
  "CALL tools.pw()",
];

/** Statements that would change a followed table and that MySQL refuses. */
export const REFUSED: readonly string[] = [
  "CREATE TABLE tools.made SELECT * FROM shop.calling",
  "CREATE TABLE tools.made (PRIMARY KEY (id)) SELECT tools.fw(1) AS id",
  "CREATE TEMPORARY TABLE tools.hidden SELECT * FROM shop.calling",
  "CREATE TEMPORARY TABLE tools.hidden TABLE shop.calling",
];

/** A statement in the statement format of the binlog. */
export interface RowStatement {
  readonly text: string;
  /** Whether the reader must accept it: by its text it changes no followed table. */
  readonly passes: boolean;
  /** The only table that it uses, locked before it runs; null: no lock. */
  readonly locked: string | null;
}

/** Generates random statements that change rows of the tables above. */
export class RandomRowStatements {
  readonly #random: SeededRandom;
  readonly #sql: RandomSql;
  #number = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#sql = new RandomSql(random);
  }

  next(style: Style, defaultDatabase: string): RowStatement {
    const random = this.#random;
    const reach = random.pick(["far", "far", "listed", "any", "any"] as const);
    const table = (tables: readonly Table[]): string =>
      this.#sql.table(...random.pick(tables), style, defaultDatabase);
    const all = [...FOLLOWED, ...FAR, ...LISTED, ...NEAR];
    const written = random.pick(reach === "far" ? FAR : reach === "listed" ? LISTED : all);
    const target = table([written]);
    const harmless = LISTED.includes(written) ? all.filter((read) => read !== CALLING) : all;
    const source = (): string =>
      table(
        reach === "far" ? FAR : reach === "listed" ? [...FOLLOWED, ...FAR.slice(0, 3)] : harmless,
      );
    const value = (): string => this.#value(style, source, reach === "any");
    const id = (): string => String(1 + random.below(9));
    const query = (): string[] => [
      "SELECT",
      `id + ${3 * random.below(3)},`,
      value(),
      ",",
      "note",
      "FROM",
      source(),
      ...this.#sql.maybe("WHERE", "n", "<", "5"),
    ];
    const into = (...modifiers: readonly string[]): string[] => [
      ...this.#sql.maybe(random.pick(modifiers)),
      ...this.#sql.maybe("INTO"),
      target,
    ];
    const insert = (): string[] => ["INSERT", ...into("IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY")];
    const simple: (() => string[])[] = [
      () => [...insert(), "(id, n)", "VALUES", `(${id()},`, value(), ")"],
      () => [...insert(), "SET", "id", "=", id(), ",", "note", "=", this.#sql.text(style)],
      () => [...insert(), ...query()],
      () => ["REPLACE", ...into("LOW_PRIORITY", "DELAYED"), ...query()],
      () => ["UPDATE", ...this.#sql.maybe("IGNORE"), target, "SET", "n", "=", "n + 1"],
      () => ["DELETE", ...this.#sql.maybe("QUICK"), "FROM", target, "WHERE", "id", "=", id()],
      () => ["LOAD DATA LOCAL INFILE", this.#sql.text(style), "REPLACE INTO TABLE", target, "(id)"],
    ];
    const common = (): string[] => ["WITH", "c", "AS", "(SELECT id FROM", source(), ")"];
    const isCommon = ["id IN (SELECT", "id", "FROM", "c)"];
    const others: (() => string[])[] = [
      () => [...insert(), ...query(), "ON DUPLICATE KEY UPDATE", "n", "=", value(), ",note = 'z'"],
      () => [...insert(), "TABLE", source()],
      () => [...insert(), "WITH", "c", "AS", "(", ...query(), ")", "SELECT * FROM c"],
      () => ["UPDATE", target, "SET", "n", "=", value(), ",", "note", "=", this.#sql.text(style)],
      () => ["UPDATE", target, "AS x JOIN", source(), "AS y USING (id)", "SET", "x.n = x.n + y.n"],
      () => ["UPDATE", target, "x,", source(), "y", "SET", "y.n = y.n + 1", "WHERE x.id = y.id"],
      () => ["DELETE", "FROM", target, "WHERE", "n", "<=", value()],
      () => ["DELETE", "x", "FROM", target, "AS x JOIN", source(), "AS y USING (id)"],
      () => ["DELETE", "FROM", "x", ", y", "USING", target, "x JOIN", source(), "y USING (id)"],
      () => [...common(), "UPDATE", target, "SET", "n", "=", "n + 1", "WHERE", ...isCommon],
      () => [...common(), "DELETE", "FROM", target, "WHERE", ...isCommon],
      () => ["CREATE TABLE", "tools.made", "(PRIMARY KEY (id))", ...query().with(1, "id,")],
      () => ["CREATE TEMPORARY TABLE", `tools.t${++this.#number}`, ...query().with(1, "id,")],
    ];
    const near: (() => string[])[] = [
      () => ["CREATE TABLE", "shop.made", ...query().with(1, "id,")],
      () => ["SELECT", "tools.fw", "(", "1", ")"],
      () => ["DO", "tools.fw(2)"],
      () => ["CALL", random.pick(["tools.pw()", "tools.pp()"])],
    ];
    const isSimple = reach === "listed" || random.chance(0.4);
    const kinds = isSimple ? simple : reach === "any" ? [...others, ...near] : others;
    const kind = random.pick(kinds);
    const load = simple.at(-1);
    return {
      text: this.#sql.spaced(kind().filter((word) => word !== "")),
      // MySQL writes the text of a LOAD DATA with escapes, which NO_BACKSLASH_ESCAPES does not
      // have.
      passes: reach === "far" || (reach === "listed" && (kind !== load || style.backslashEscapes)),
      locked: kind === simple[4] && random.chance(0.5) ? target : null,
    };
  }

  #value(style: Style, source: () => string, calls: boolean): string {
    const random = this.#random;
    return random.pick([
      String(random.below(9)),
      `LENGTH(${this.#sql.text(style)})`,
      "ABS(-1) + LENGTH(TRIM('x' FROM 'xy'))",
      `(SELECT MAX(n) FROM ${source()})`,
      ...(calls ? ["tools.fw(1)", "`tools` . `fr` (2)"] : []),
    ]);
  }
}

function plainName([database, table]: Table): string {
  return `${database}.\`${table}\``;
}
