import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { columnUses } from "../../../../config/condition/condition.ts";
import { parseCondition } from "../../../../config/condition/parse-condition.ts";
import { jsonMembers } from "../../../../functions/filters/json-members.ts";
import { maskWith } from "../../../../functions/filters/masks.ts";
import { inCase } from "../../../../functions/filters/letter-case.ts";
import { rowCondition, type RowImage } from "../../../../functions/filters/row-condition.ts";
import { askColumns, type TableColumn } from "../../../../operator/commands/doctor/ask-columns.ts";
import {
  countsOnlyHere,
  differentMeaning,
} from "../../../../operator/commands/doctor/comparison-checks.ts";
import { BinlogFile } from "../../../support/binlog-changes.ts";
import { truthOfRows } from "../../../support/functions/truth-of-rows.ts";
import { useMysql } from "../../../support/mysql.ts";

/** Columns of many types, each with values that are edge cases of its type. */
const COLUMNS: Readonly<Record<string, readonly [type: string, ...values: string[]]>> = {
  tiny: ["TINYINT", "-128", "0", "1", "26", "127"],
  utiny: ["TINYINT UNSIGNED", "0", "255"],
  big: ["BIGINT", "-9223372036854775808", "9007199254740993", "9223372036854775807"],
  ubig: ["BIGINT UNSIGNED", "0", "18446744073709551615"],
  amount: ["DECIMAL(30,10)", "0", "-0.5", "100.0000000001", "12345678901234567890.123456789"],
  whole: [
    "DECIMAL(65,0)",
    "0",
    "99999999999999999999999999999999999999999999999999999999999999999",
  ],
  ratio: ["DOUBLE", "0", "0.1", "-1.5", "1e100", "9007199254740992", "3"],
  single: ["FLOAT", "0", "0.1", "0.5", "16777216"],
  built: ["YEAR", "0000", "1999", "2000", "2026"],
  bit: ["BIT(1)", "b'0'", "b'1'"],
  bits: ["BIT(64)", "b'0'", "b'1'", "0xFFFFFFFFFFFFFFFF"],
  bin: [
    "VARCHAR(30) COLLATE utf8mb4_0900_bin",
    "''",
    "'a'",
    "'a '",
    "'5'",
    "'5.0'",
    "'2026-11-20'",
    "'2026-11-20 00:00:00'",
    "'10:00:00'",
    "'100:00:00'",
    "'99:00:00'",
    "'NULL'",
  ],
  fold: [
    "VARCHAR(30) COLLATE utf8mb4_0900_ai_ci",
    "''",
    "'a'",
    "'A'",
    "'é'",
    "'a '",
    "'2026-11-20'",
  ],
  pad: ["VARCHAR(30) COLLATE utf8mb4_bin", "''", "'a'", "'a '", "'a\\t'"],
  latin: ["CHAR(10) CHARACTER SET latin1", "'a'", "'é'", "'ß'"],
  letter: ["LONGTEXT COLLATE utf8mb4_0900_bin", "''", "'a'", "'a '"],
  state: ["ENUM('open','5','2')", "'open'", "'5'", "'2'"],
  tags: ["SET('a','b','c')", "''", "'a'", "'a,c'"],
  born: ["DATE", "'2026-11-20'", "'1999-12-31'", "'1000-01-01'", "'9999-12-31'"],
  placed: ["DATETIME(3)", "'2026-11-20 00:00:00'", "'2026-11-20 19:05:00.125'"],
  changed: ["TIMESTAMP(6) NULL", "'2026-11-20 00:00:00'", "'2026-11-20 19:05:00.000001'"],
  took: ["TIME(2)", "'-838:59:58'", "'-00:00:00.5'", "'00:00:00'", "'10:00:00.25'", "'100:00:00'"],
  sign: ["VARBINARY(6)", "''", "x'00'", "x'41'", "x'41FF'", "x'4100'"],
  fixed: ["BINARY(3)", "x'41'", "x'410000'"],
  json: ["JSON", "'null'", "'1'", "'\"a\"'", "'{}'", "'true'"],
};

const LITERALS = [
  ..."0 1 -1 2 5 26 99 100 255 2026 20261120 -0.5 0.1 0.5 5.0 3.0000000000000000001 TRUE".split(
    " ",
  ),
  ..."0.1000000000000000055 100.0000000001 100.00000000010000 9007199254740992 9007199254740993".split(
    " ",
  ),
  ..."18446744073709551615 18446744073709551616 -9223372036854775809 16777217".split(" "),
  ..."'' 'a' 'A' 'a ' 'é' 'e' 'ß' 'ss' '5' '5.0' '05' '5abc' 'open' 'a,c' 'c,a' '1' 'NULL'"
    .split(" '")
    .map((text, index) => (index === 0 ? text : `'${text}`)),
  "'2026-11-20'",
  "'2026-11-20 00:00:00'",
  "'2026-11-20 19:05'",
  "'2026-11-20T19:05:00.125'",
  "'2026-11-20 19:05:00.125000'",
  "'2026-11-20 19:05:00.1250001'",
  "'2026-1-2'",
  "'20261120'",
  "'0000-00-00'",
  "'2026-02-30'",
  "'10:00:00'",
  "'10:00:00.250'",
  "'10:00'",
  "'100:00:00'",
  "'99:00:00'",
  "'-00:00:00.50'",
  "'1 10:00:00'",
  "x''",
  "x'41'",
  "x'41FF'",
  "x'4100'",
  "x'00'",
];
const PATTERNS = ["'%'", "'a%'", "'a '", "'_'", "'A'", "'5%'", "'%e%'", "'20%'", "'1%'"];

const mysql = useMysql();
let binlog: BinlogFile;
let columns: readonly TableColumn[];
const images = new Map<number, RowImage>();

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, "comparisons_test");
  const definitions = Object.entries(COLUMNS).map(([name, [type]]) => `${name} ${type}`);
  await binlog.connection.query(`CREATE TABLE t (id INT PRIMARY KEY, ${definitions.join(", ")})`);
  await binlog.events();
  const rows = Math.max(...Object.values(COLUMNS).map(({ length }) => length));
  for (let id = 0; id < rows; id++) {
    const values = Object.values(COLUMNS).map(([, ...some]) => some[id] ?? "NULL");
    await binlog.connection.query(`INSERT INTO t VALUES (${id}, ${values.join(", ")})`);
  }
  for (const { after } of await binlog.changes()) {
    const image = new Map(jsonMembers(after).map(({ name, value }) => [name, value]));
    images.set(Number(image.get("id")), image);
  }
  const tables = await askColumns(await mysql.connect());
  columns = tables.find(({ database }) => database === "comparisons_test")?.columns ?? [];
});
afterAll(() => binlog[Symbol.asyncDispose]());

/** MySQL's result for each row; null when MySQL refuses the comparison. */
async function answers(condition: string): Promise<Map<number, boolean | null> | null> {
  try {
    return await truthOfRows(binlog.connection, condition);
  } catch (error) {
    if (error instanceof Error && "sqlState" in error && error.sqlState !== undefined) return null;
    throw error;
  }
}

/** Whether `npm run doctor` reports that MySQL may evaluate a condition differently. */
function isNamed(condition: string): boolean {
  return columnUses(parseCondition(condition)).some((use) => {
    const column = columns.find(({ name }) => name === use.column.name);
    if (column === undefined) throw new RangeError(`no column ${use.column.name}`);
    return differentMeaning(use, column) !== null || countsOnlyHere(use, column) !== null;
  });
}

it("doctor names the comparisons whose result differs from MySQL's", async () => {
  const differences: string[] = [];
  let [same, named] = [0, 0];
  for (const column of Object.keys(COLUMNS)) {
    const conditions = [
      ...LITERALS.flatMap((literal) => [
        `${column} = ${literal}`,
        `${column} < ${literal}`,
        `${column} IN (${literal}, NULL)`,
      ]),
      ...PATTERNS.map((pattern) => `${column} LIKE ${pattern}`),
      // In a JSON column, the JSON value null also counts as NULL.
      ...(column === "json" ? [] : [`${column} IS NULL`]),
      `UPPER(${column}) = 'A'`,
    ];
    for (const condition of conditions) {
      const said = await answers(condition);
      if (said === null) continue;
      const meets = rowCondition(parseCondition(condition));
      const other = [...said].filter(([id, truth]) => meets(images.get(id) ?? new Map()) !== truth);
      if (other.length === 0) same++;
      else if (isNamed(condition)) named++;
      else {
        const [id, truth] = other[0] ?? [0, null];
        differences.push(`${condition}: MySQL ${truth} of ${images.get(id)?.get(column)}`);
      }
    }
  }
  expect(differences).toEqual([]);
  expect(same).toBeGreaterThan(1000);
  expect(named).toBeGreaterThan(300);
}, 120_000);

it("a mask shows at most four characters of a value of any type, and no characters of a short one", () => {
  const mask = maskWith("the secret");
  let [whole, last] = [0, 0];
  for (const image of images.values())
    for (const [column, json] of image) {
      const hash = mask("hash", json);
      expect(mask("null", json)).toBe("null");
      if (json === "null") expect([hash, mask("last4", json)]).toEqual(["null", "null"]);
      else {
        expect(hash, column).toMatch(/^"[0-9a-f]{64}"$/);
        const value: unknown = json.startsWith('"') ? JSON.parse(json) : json;
        const characters = Array.from(String(value));
        const isShown = characters.length >= 8 && !/^[[{]/.test(json);
        const shown = isShown ? characters.slice(-4).join("") : "";
        expect(JSON.parse(mask("last4", json)), column).toBe(`****${shown}`);
        if (isShown) last++;
        else whole++;
      }
    }
  expect(whole).toBeGreaterThan(50);
  expect(last).toBeGreaterThan(20);
});

it("a value has the same hash in every character set and length, whether inserted, updated or deleted", async () => {
  const { connection } = binlog;
  const sets = ["latin1", "utf8mb4", "utf8mb3", "utf16", "utf16le", "utf32", "ucs2", "cp1250"];
  const types = ["VARCHAR(20)", "CHAR(30)", "TEXT", "LONGTEXT"];
  const texts = sets.flatMap((set) => types.map((type) => `${type} CHARACTER SET ${set}`));
  const fields = [...texts, "ENUM('größe, \"1\"')"].map((type, n) => `c${n} ${type}`);
  await connection.query(`CREATE TABLE hashes (id INT PRIMARY KEY, ${fields.join(", ")})`);
  await binlog.events();
  const values = fields.map(() => `'größe, "1"'`).join(", ");
  const nulls = fields.map(() => "NULL").join(", ");
  const assignments = fields.map((_, n) => `c${n} = 'größe, "1"'`).join(", ");
  await connection.query(`INSERT INTO hashes VALUES (1, ${values}), (2, ${nulls})`);
  await connection.query(`UPDATE hashes SET ${assignments} WHERE id = 2`);
  await connection.query("DELETE FROM hashes");
  const mask = maskWith("the secret");
  const found = (await binlog.changes()).flatMap(({ before, after }) =>
    [before, after].flatMap((text) =>
      (text === "" ? [] : jsonMembers(text))
        .filter(({ name, value }) => name !== "id" && value !== "null")
        .map(({ value }) => mask("hash", value)),
    ),
  );
  expect(found).toHaveLength(4 * fields.length);
  expect([...new Set(found)]).toEqual([mask("hash", JSON.stringify('größe, "1"'))]);
});

it("LOWER and UPPER convert every letter as MySQL does", async () => {
  const { connection } = binlog;
  const letters = Array.from({ length: 0x10ffff }, (_, at) => at + 1)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((letter) => letter !== letter.toLowerCase() || letter !== letter.toUpperCase());
  // MySQL truncates a text when its other case has more bytes. Here it truncates only the dots.
  await connection.query(
    "CREATE TABLE letters (n INT PRIMARY KEY, letter VARCHAR(8) COLLATE utf8mb4_0900_bin)",
  );
  const numbered = letters.map((letter, n) => [n, letter]);
  await connection.query("INSERT INTO letters VALUES ?", [numbered]);
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: "SELECT letter, LEFT(LOWER(CONCAT(letter, '....')), 1) AS lower, LEFT(UPPER(CONCAT(letter, '....')), 1) AS upper FROM letters",
    rowsAsArray: false,
  });
  expect(rows.length).toBeGreaterThan(2500);
  const differences = rows
    .map((row) => {
      const letter = String(row["letter"]);
      return {
        letter,
        theirs: [row["lower"], row["upper"]],
        own: [inCase(letter, "lower"), inCase(letter, "upper")],
      };
    })
    .filter(({ theirs, own }) => JSON.stringify(theirs) !== JSON.stringify(own));
  expect(differences).toEqual([]);
});
