import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ChunkStatements } from "../../../../reader/snapshot/chunk-statements.ts";
import { describeTable } from "../../../../reader/snapshot/describe-table.ts";
import type { SelectedRow } from "../../../../reader/snapshot/selected-rows.ts";
import { prepareSnapshotSession } from "../../../../reader/snapshot/snapshot-session.ts";
import type { Condition, RowKey } from "../../../../reader/snapshot/table-key.ts";
import { BinlogFile } from "../../../support/binlog-changes.ts";
import { useMysql } from "../../../support/mysql.ts";

const DATABASE = "snapshot_keys";

const mysql = useMysql();
let binlog: BinlogFile;
let reading: Connection;

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, DATABASE);
  const { host, port, user, password } = mysql.server;
  reading = await createConnection({ host, port, user, password });
  // Settings of a server that would hide keys and rows.
  await reading.query(
    "SET SESSION sql_select_limit = 1 /*!80030 , show_gipk_in_create_table_and_information_schema = OFF */",
  );
  await prepareSnapshotSession(reading);
});
afterAll(async () => {
  reading.destroy();
  await binlog[Symbol.asyncDispose]();
});

async function select({ sql, parameters }: Condition): Promise<SelectedRow[]> {
  const [rows] = await reading.execute<RowDataPacket[][]>({ sql, rowsAsArray: true }, [
    ...parameters,
  ]);
  return rows as unknown as SelectedRow[];
}

const TEXTS =
  "(''), ('a'), ('B'), ('b '), ('ä'), ('Az'), ('az '), ('é'), ('E'), ('zz'), ('ß'), ('_'), ('10'), ('9'), ('a\\0'), ('a\\t')";

/** `clause`: how the table declares its key, without a primary key of `key`; and its options. */
type Key = readonly [
  name: string,
  columns: string,
  key: string,
  values: string,
  clause?: string,
  options?: string,
];

const NUMBERS = "(5), (1), (-3), (9), (2), (1000), (64)";

const KEYS: readonly Key[] = [
  ["TINYINT", "k TINYINT", "k", "(-128), (-1), (0), (1), (127)"],
  [
    "BIGINT UNSIGNED up to its largest value",
    "k BIGINT UNSIGNED",
    "k",
    "(0), (9007199254740992), (9007199254740993), (9223372036854775807), (9223372036854775808), (18446744073709551614), (18446744073709551615)",
  ],
  [
    "BIGINT, descending",
    "k BIGINT",
    "k DESC",
    "(-9223372036854775808), (-9007199254740993), (-9007199254740992), (0), (9223372036854775807)",
  ],
  [
    "DECIMAL",
    "k DECIMAL(40, 10)",
    "k",
    "(-123456789012345678901234567890.5), (-10), (-9.9), (0), (0.0000000001), (9.5), (10), (123456789012345678901234567890.1234567891)",
  ],
  ["FLOAT", "k FLOAT", "k", "(-3e38), (-0.1), (0), (0.1), (0.2), (16777216), (3.4e38), (1e-40)"],
  [
    "DOUBLE",
    "k DOUBLE",
    "k",
    "(-1e308), (-0.1), (0), (0.1), (0.30000000000000004), (0.3), (5e-324)",
  ],
  [
    "DOUBLE, of which the server prints fewer digits",
    "k DOUBLE(20, 2)",
    "k DESC",
    "(-0.1), (0.1), (0.2), (1.01), (123456789012345678.12)",
  ],
  ["DECIMAL with zeros in front", "k DECIMAL(6, 2) ZEROFILL", "k", "(0), (1.5), (2), (100)"],
  [
    "DATE",
    "k DATE",
    "k",
    "('0000-00-00'), ('0001-01-01'), ('2020-00-00'), ('2024-02-29'), ('9999-12-31')",
  ],
  [
    "DATETIME(6)",
    "k DATETIME(6)",
    "k",
    "('0000-00-00'), ('1000-01-01'), ('2026-01-02 03:04:05.000001'), ('2026-01-02 03:04:05.000002'), ('9999-12-31 23:59:59.999999')",
  ],
  [
    "TIMESTAMP(3)",
    "k TIMESTAMP(3)",
    "k",
    "('0000-00-00'), ('1970-01-01 00:00:01'), ('2026-01-02 03:04:05.001'), ('2026-01-02 03:04:05.002'), ('2038-01-19 03:14:07')",
  ],
  [
    "TIME(6)",
    "k TIME(6)",
    "k",
    "('-838:59:59'), ('-00:00:00.5'), ('00:00:00'), ('99:00:00'), ('100:00:00.000001'), ('-9:00:00')",
  ],
  ["YEAR", "k YEAR", "k", "(0), (1901), (1970), (2155)"],
  ["BIT(64)", "k BIT(64)", "k", "(0), (1), (b'1111'), (9223372036854775808), (~0)"],
  [
    "BINARY(16)",
    "k BINARY(16)",
    "k",
    "(x'00'), (x'01'), (x'0100'), (x'7f'), (x'80'), (x'ff00ff'), (REPEAT('a', 16))",
  ],
  [
    "VARBINARY",
    "k VARBINARY(20)",
    "k",
    "(''), (x'00'), (x'0000'), (x'0001'), ('a'), ('A'), (x'ff')",
  ],
  [
    "ENUM, which is not ordered by its texts",
    "k ENUM('zebra', 'ant', 'mouse')",
    "k",
    "('ant'), ('mouse'), ('zebra')",
  ],
  ["SET", "k SET('x', 'a', 'm')", "k", "(''), ('x'), ('a'), ('x,a'), ('m'), ('x,m'), ('a,m')"],
  [
    "SET, whose 64th member is the sign of a signed number",
    `k SET(${Array.from({ length: 64 }, (_, n) => `'m${n}'`).join()})`,
    "k",
    "(''), ('m0'), ('m62'), ('m63'), ('m0,m63'), ('m62,m63')",
  ],
  ["CHAR in a case-insensitive collation", "k CHAR(20) COLLATE utf8mb4_general_ci", "k", TEXTS],
  ["VARCHAR in the default collation", "k VARCHAR(20) COLLATE utf8mb4_0900_ai_ci", "k", TEXTS],
  ["VARCHAR with accents", "k VARCHAR(20) COLLATE utf8mb4_0900_as_cs", "k DESC", TEXTS],
  ["VARCHAR in a binary collation", "k VARCHAR(20) COLLATE utf8mb4_bin", "k", TEXTS],
  ["VARCHAR in latin1", "k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german2_ci", "k", TEXTS],
  ["VARCHAR in utf16", "k VARCHAR(20) CHARACTER SET utf16", "k", TEXTS],
  [
    "VARCHAR in sjis",
    "k VARCHAR(20) CHARACTER SET sjis",
    "k",
    "('a'), ('ア'), ('表'), ('能'), ('\\\\'), ('ｱ')",
  ],
  [
    "composite with a descending part",
    "a INT, k VARCHAR(9), c BIGINT UNSIGNED",
    "a, k DESC, c",
    "(1, 'a', 2), (1, 'a', 18446744073709551615), (1, 'B', 1), (1, 'c', 0), (2, '', 5), (2, 'Z', 5), (-1, 'x', 5)",
  ],
  [
    "composite of numbers with a descending part",
    "a INT, k DECIMAL(5,2), c TINYINT UNSIGNED",
    "a, k DESC, c",
    "(1, 1.5, 2), (1, 1.5, 255), (1, 10, 1), (1, -10, 0), (2, 0, 5), (2, 1, 5), (-1, 1, 5)",
  ],
  ["a unique key without NULL", "k INT NOT NULL", "k DESC", NUMBERS, ", UNIQUE (k DESC)"],
  [
    "a unique key of a column beside those of expressions, of prefixes and with NULL",
    "n INT, p VARCHAR(9) NOT NULL DEFAULT (UUID_SHORT() % 1e8), k INT NOT NULL",
    "k",
    NUMBERS,
    ", UNIQUE ((k + 1)), UNIQUE (p(8)), UNIQUE (n), UNIQUE (k)",
  ],
  [
    "a partitioned table",
    "k INT",
    "k",
    NUMBERS,
    ", PRIMARY KEY (k)",
    "PARTITION BY HASH (k) PARTITIONS 3",
  ],
  ["an invisible generated primary key", "k INT", "my_row_id", NUMBERS, ""],
];

test.for(KEYS)("%s", async ([, columns, key, values, clause, options = ""]) => {
  const { connection } = binlog;
  const declared = clause ?? `, PRIMARY KEY (${key})`;
  const create = (name: string): string =>
    `CREATE TABLE ${name} (${columns}, v INT DEFAULT 1${declared}) ${options}`;
  if (clause === "") await connection.query("SET SESSION sql_generate_invisible_primary_key = ON");
  await connection.query(`DROP TABLE IF EXISTS t, u; ${create("t")}; ${create("u")}`);
  const names = columns.startsWith("a ") ? "a, k, c" : "k";
  await binlog.events();
  await connection.query(`INSERT IGNORE INTO t (${names}) VALUES ${values}`);
  const changes = await binlog.changes();
  const described = await describeTable(reading, DATABASE, "t");
  if (described?.key == null) throw new Error("the table has no usable key");
  const statements = new ChunkStatements(described, described.key, null);

  // The rows arrive in the server's order and each exactly once, whatever the chunk size.
  const [whole] = await connection.query<RowDataPacket[][]>(`SELECT v FROM t ORDER BY ${key}`);
  expect(changes.length).toBe(whole.length);
  const seen: string[] = [];
  const bounds: RowKey[] = [];
  for (let lower: RowKey | null = null; seen.length <= changes.length;) {
    const rows: SelectedRow[] = await select(statements.first(lower, 2));
    seen.push(...rows.map((row) => statements.rows.textsOf(row).key));
    const last = rows.at(-1);
    if (last === undefined) break;
    lower = statements.key.ofRow(last);
    bounds.push(lower);
  }
  expect(seen.toSorted()).toEqual(changes.map((change) => change.key).toSorted());
  const all = (await select(statements.first(null, 1000))).map(
    (row) => statements.rows.textsOf(row).key,
  );
  expect(seen).toEqual(all);

  // The key of a change falls into exactly the range in which its row was selected.
  const ranges = [null, ...bounds].map((lower, i) => ({ lower, upper: bounds[i] ?? null }));
  for (const { key: text } of changes) {
    const rowKey = statements.key.ofText(text);
    const [answers = []] = await Promise.all(
      [ranges].map(async (list) =>
        Promise.all(
          list.map(async (range) => {
            const [row] = await select(statements.questions([rowKey], range));
            return String(row?.[0]) === "1";
          }),
        ),
      ),
    );
    expect(answers).toEqual(ranges.map((_, i) => Math.floor(all.indexOf(text) / 2) === i));
    const known = ranges.map((range) => statements.key.isInRange(rowKey, range));
    if (!known.includes(null)) expect(known).toEqual(answers);
    const found = await select(statements.oneOf([rowKey]));
    expect(found.map((row) => statements.rows.textsOf(row).key)).toEqual([text]);
  }

  // The index delivers the range: the server reads no earlier rows and sorts nothing.
  const middle = bounds[Math.floor(bounds.length / 2)] ?? null;
  const { sql, parameters } = statements.first(middle, 2);
  const [plan] = await reading.execute<RowDataPacket[]>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, [
    ...parameters,
  ]);
  expect(String(plan[0]?.["Extra"])).not.toContain("filesort");
  // For the number of an ENUM or SET, MySQL reads the index from its beginning.
  expect(String(plan[0]?.["type"])).toBe(/(?:ENUM|SET)\(/.test(columns) ? "index" : "range");
});
