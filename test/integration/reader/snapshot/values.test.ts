import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import type { Column } from "../../../../reader/binlog-format/column.ts";
import { columnTypeText } from "../../../../reader/binlog-format/rows/column-type.ts";
import { describeTable } from "../../../../reader/snapshot/describe-table.ts";
import { SelectedRows, type SelectedRow } from "../../../../reader/snapshot/selected-rows.ts";
import { prepareSnapshotSession } from "../../../../reader/snapshot/snapshot-session.ts";
import { BinlogFile } from "../../../support/binlog-changes.ts";
import { useMysql } from "../../../support/mysql.ts";
import { valueFamilies } from "../../../support/value-families.ts";

const DATABASE = "snapshot_values";
const SEED = Number(process.env["VALUES_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const mysql = useMysql();
let binlog: BinlogFile;
let reading: Connection;

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, DATABASE);
  const { host, port, user, password } = mysql.server;
  reading = await createConnection({ host, port, user, password });
  await prepareSnapshotSession(reading);
});
afterAll(async () => {
  reading.destroy();
  await binlog[Symbol.asyncDispose]();
});

/**
 * Creates and fills a table. Compares each selected row with its change in the binlog, and the
 * table's definition, if the server shows all of it.
 */
async function compare(
  create: string,
  inserts: readonly string[],
  isShown = true,
): Promise<number> {
  const { connection } = binlog;
  await connection.query(`DROP TABLE IF EXISTS t; CREATE TABLE t ${create}`);
  await binlog.events();
  // Not every literal fits every type: the server refuses some values and adapts others.
  for (const insert of inserts)
    await connection.query(`INSERT IGNORE INTO t ${insert}`).catch(() => undefined);
  const changes = await binlog.changes();
  const described = await describeTable(reading, DATABASE, "t");
  if (described === null) throw new Error("the table is not described");
  const { definition } = described;
  const rows = new SelectedRows(definition);
  const [selected] = await reading.execute<RowDataPacket[][]>({
    sql: `SELECT ${rows.expressions.join(", ")} FROM ${DATABASE}.t`,
    rowsAsArray: true,
  });
  const texts = selected.map((row) => rows.textsOf(row as unknown as SelectedRow));
  expect(pairs(texts)).toEqual(pairs(changes));
  const [change] = changes;
  expect(definition.primaryKey).toEqual(change?.table.primaryKey);
  if (isShown) expect(shape(definition.columns)).toEqual(shape(change?.table.columns ?? []));
  return texts.length;
}

const pairs = (list: readonly { readonly key: string; readonly after: string }[]): string[] =>
  list.map(({ key, after }) => `${key} ${after}`).sort();

const shape = (columns: readonly Column[]): unknown[] =>
  columns.map((column) => ({ ...column, type: columnTypeText(column) }));

describe("a selected row has the same texts as the row's change", () => {
  it.for(Object.entries(valueFamilies))("%s", async ([, family]) => {
    if ((family.since ?? 0) > Number.parseInt(mysql.server.version, 10)) return;
    for (const type of family.types) {
      const key = type === "SERIAL" ? "INT, UNIQUE" : "INT PRIMARY KEY, UNIQUE";
      const inserts = family.literals.map((literal, id) => `VALUES (${id}, ${literal})`);
      if (type !== "SERIAL") inserts.push("VALUES (9999, NULL)");
      expect(await compare(`(id ${key} (id), v ${type})`, inserts)).toBeGreaterThan(0);
    }
  });

  it("with random floating-point numbers, also inside JSON", async () => {
    console.log(`seed ${SEED}: VALUES_SEED=${SEED} draws the same numbers`);
    const random = new SeededRandom(SEED);
    const bits = Buffer.alloc(8);
    const values = Array.from({ length: 400 }, () => {
      for (let i = 0; i < 8; i++) bits[i] = random.below(256);
      return bits.readDoubleLE();
    }).filter(Number.isFinite);
    for (let power = -25; power < 25; power++)
      for (const digits of [1, -1.5, 9.99, 1.2345678901234567]) values.push(digits * 10 ** power);
    const rows = values.map((value, id) => {
      const single = Number.isFinite(Math.fround(value)) ? Math.fround(value) : 0;
      return `(${id}, CAST(CAST('${value}' AS DOUBLE) AS JSON), ${value}, ${single})`;
    });
    const create = "(id INT PRIMARY KEY, j JSON, d DOUBLE, f FLOAT)";
    expect(await compare(create, [`VALUES ${rows.join()}`])).toBe(values.length);
  });

  it.for([
    [
      "generated and invisible columns, and an index of an expression",
      "(id INT PRIMARY KEY, a INT, v INT AS (a + 1) VIRTUAL, s CHAR(9) AS (a) STORED, i INT INVISIBLE DEFAULT 7, KEY ((a * 2)))",
      "(id, a) VALUES (1, 2), (2, NULL)",
    ],
    [
      "the first unique key without NULL in place of a primary key",
      "(id INT NOT NULL, a INT NOT NULL, b INT, UNIQUE (b), UNIQUE (a), UNIQUE (id))",
      "VALUES (1, 2, 3)",
    ],
    [
      "a unique key of whole columns before one of a prefix",
      "(id INT NOT NULL, a VARCHAR(40) NOT NULL, UNIQUE (a(5)), UNIQUE (id DESC, a))",
      "VALUES (1, 'abcdef')",
    ],
    [
      "a primary key of a prefix",
      "(id VARCHAR(40), a INT, PRIMARY KEY (id(5)))",
      "VALUES ('abcdefgh', 1)",
    ],
    ["no key", "(id INT, a INT)", "VALUES (1, 2)"],
    [
      "a unique key of a virtual column, which is none in the binlog",
      "(id INT NOT NULL, v INT AS (id + 1) VIRTUAL NOT NULL, UNIQUE (v))",
      "(id) VALUES (1)",
    ],
    [
      "a unique key behind one of a virtual column",
      "(id INT NOT NULL, v INT AS (id + 1) VIRTUAL NOT NULL, UNIQUE (v), UNIQUE (id))",
      "(id) VALUES (1)",
    ],
    [
      "numbers that SELECT prints in another form than they have",
      "(id INT PRIMARY KEY, z DECIMAL(6,2) ZEROFILL, d DOUBLE(20,2), f DOUBLE(9,2) ZEROFILL)",
      "VALUES (1, 1.5, -0.1, 1.25), (2, 0, 1.01, 0)",
    ],
    [
      "ENUM and SET in a binary character set",
      "(id INT PRIMARY KEY, e ENUM('a', 'b') CHARACTER SET binary, s SET('x', 'y') CHARACTER SET binary)",
      "VALUES (1, 'b', 'x,y')",
    ],
    [
      "escapes inside JSON",
      "(id INT PRIMARY KEY, j JSON)",
      String.raw`VALUES (1, '{"\\u0000 key": "\\u0001\\u001f\\u007f\\u2028 \\/ \\" \\\\ \\b\\f\\n\\r\\t 😀", "a": [1e2, -0.0]}')`,
    ],
  ])("%s", async ([, create = "", insert = ""]) => {
    expect(await compare(create, [insert])).toBeGreaterThan(0);
  });

  it.for([
    ["utf8mb4", "'😀'", "'ä', '😀', 'z'"],
    ["utf16", "'😀'", "'ä', '😀', 'z'"],
    ["binary", "x'ff'", "'a2', 'b', 'c3'"],
  ])("members that information_schema does not show, in %s", async ([charset, member, others]) => {
    const create = `(id INT PRIMARY KEY, e ENUM('a', ${member}, '?') CHARACTER SET ${charset}, s SET(${others}) CHARACTER SET ${charset})`;
    const inserts = ["VALUES (1, 2, 2), (2, 1, 7), (3, 3, 0), (4, 0, 5), (5, NULL, NULL)"];
    expect(await compare(create, inserts, false)).toBe(5);
  });
});
