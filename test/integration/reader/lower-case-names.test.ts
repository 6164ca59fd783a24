import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { commonOptions } from "../../../infra/local/mysql/data-template.ts";
import { findMysql } from "../../../infra/local/mysql/find-mysql.ts";
import { lowerCaseName } from "../../../wire/lower-case.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

// A server that stores names in lower case must be initialized with this setting.
// LOWER_CASE_TABLE_NAMES=2 requires a case-insensitive file system, as on a Mac.
const MODE = process.env["LOWER_CASE_TABLE_NAMES"] ?? "1";
const dataDir = join(tmpdir(), `lower-case-names-${randomBytes(6).toString("hex")}`);
const { mysqld } = await findMysql();
await promisify(execFile)(mysqld, [
  ...commonOptions(),
  "--initialize-insecure",
  `--datadir=${dataDir}`,
  `--lower_case_table_names=${MODE}`,
]);
afterAll(() => rm(dataDir, { recursive: true }));

const mysql = useMysql({ dataDir, variables: { lower_case_table_names: MODE } });
const aws = useLocalAws();

test("the reader and the server convert every letter of a table's name to the same lower case", async () => {
  await mysql.query("CREATE DATABASE letters");
  const connection = await mysql.connect(undefined, { database: "letters", charset: "utf8mb4" });
  const upper = Array.from({ length: 0xffff }, (_, code) => code)
    .filter((code) => code >= 0x41 && (code < 0xd800 || code > 0xdfff))
    .map((code) => String.fromCodePoint(code))
    .filter((letter) => letter.toLowerCase() !== letter);
  expect(upper.length).toBeGreaterThan(1000);
  // Two names of the same table: only the first one is created.
  for (let i = 0; i < upper.length; i += 40) {
    const name = upper.slice(i, i + 40).join("");
    await connection.query(`CREATE VIEW \`${name}\` AS SELECT 1`);
    const [rows] = await connection.query(
      "SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'letters'",
    );
    expect(lowerCaseName(name)).toBe((rows as { name: string }[])[0]?.name);
    await connection.query(`DROP VIEW \`${name}\``);
  }
});

test("statements, rows and patterns match a table in any case of its name", async () => {
  await mysql.query("CREATE DATABASE Shop");
  await mysql.query("CREATE TABLE Shop.Orders (id INT PRIMARY KEY)");
  await using bench = await ReaderBench.create(aws, mysql.server, {
    SOURCE_TABLES: '["SHOP.Ord*"]',
  });
  await bench.start();
  await mysql.query("INSERT INTO shop.ORDERS VALUES (1)");
  await mysql.query("TRUNCATE sHOP.oRDERS");
  await mysql.query("ALTER TABLE shop.Orders RENAME Shop.Ordered");
  const found: string[] = [];
  while (found.length < 4) {
    for (const { changes, tables, lowerCaseNames } of await bench.receive()) {
      expect(lowerCaseNames).toBe(true);
      for (const { op, table } of changes)
        found.push(`${op} ${tables[table]?.slice(0, 2).map(String).join(".")}`);
    }
  }
  expect(found).toEqual(["c shop.orders", "t shop.orders", "ddl shop.orders", "ddl shop.ordered"]);
});

test("a statement in statement format is compared with followed tables in lower case", async () => {
  await mysql.query("CREATE DATABASE Beats");
  await mysql.query("CREATE TABLE Beats.Orders (id INT PRIMARY KEY)");
  await mysql.query("CREATE TABLE Beats.HeartBeat (id INT PRIMARY KEY)");
  await using bench = await ReaderBench.create(aws, mysql.server, {
    SOURCE_TABLES: '["BEATS.Orders"]',
    STATEMENT_TABLES: '["Beats.HEARTBEAT"]',
  });
  const reader = await bench.start();
  const session = await mysql.connect(undefined, { database: "beats" });
  await session.query("SET SESSION binlog_format = 'STATEMENT'");
  await session.query("REPLACE INTO heartBEAT VALUES (1)");
  await session.query("UPDATE BEATS.Heartbeat SET id = 2");
  await mysql.query("INSERT INTO beats.orders VALUES (1)");
  expect((await bench.takeFrames(1)).flatMap(({ changes }) => changes)).toHaveLength(1);
  await session.query("INSERT INTO bEATS.oRDERS VALUES (2)");
  const { error } = await reader.logged("stopped by an error");
  expect(error).toMatchObject({ name: "UnreadableTransactionError" });
});
