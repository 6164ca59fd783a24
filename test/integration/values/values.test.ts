import { createHash } from "node:crypto";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BinlogFile } from "../../support/binlog-changes.ts";
import { jsonMembers } from "../../support/json-text.ts";
import { useMysql } from "../../support/mysql.ts";
import { difference, valueFamilies } from "../../support/value-families.ts";

const mysql = useMysql();
let binlog: BinlogFile;

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, "values_test");
});
afterAll(() => binlog[Symbol.asyncDispose]());

describe.for(Object.entries(valueFamilies))("%s", ([, family]) => {
  it.for(family.types)("%s: every value is decoded as SELECT shows it", async (type) => {
    const { connection } = binlog;
    if ((family.since ?? 0) > Number.parseInt(mysql.server.version, 10)) return;
    const key = type === "SERIAL" ? "INT, UNIQUE" : "INT PRIMARY KEY, UNIQUE";
    await connection.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (id ${key} (id), v ${type})`);
    await binlog.events();
    for (const [id, literal] of family.literals.entries()) {
      // Not every literal fits every type: the server refuses some values and adapts others.
      await connection
        .query(`INSERT IGNORE INTO t VALUES (${id}, ${literal})`)
        .catch(() => undefined);
    }
    if (!type.includes("SERIAL")) await connection.query("INSERT INTO t VALUES (9999, NULL)");
    const changes = await binlog.changes();
    const [printed] = await connection.query<RowDataPacket[][]>(
      `SELECT id, ${family.select.replace("?", "v")} FROM t ORDER BY id`,
    );
    expect(printed.length).toBeGreaterThan(0);
    expect(changes.length).toBe(printed.length);
    for (const [i, row] of (printed as unknown as [number, string | null][]).entries()) {
      const members = jsonMembers(changes[i]?.after ?? "");
      expect(members.get("id")).toBe(String(row[0]));
      expect(difference(family, members.get("v") ?? "absent", row[1])).toBeUndefined();
    }
  });
});

describe("values of many megabytes", () => {
  it.for([
    ["LONGTEXT", (text: string) => Buffer.from(text)],
    ["LONGTEXT CHARACTER SET latin1", (text: string) => Buffer.from(text, "latin1")],
    ["LONGTEXT CHARACTER SET utf16", (text: string) => Buffer.from(text, "utf16le").swap16()],
    ["LONGBLOB", (text: string) => Buffer.from(text, "base64")],
  ] as const)("%s", async ([type, bytesOf]) => {
    const { connection } = binlog;
    await connection.query(
      `DROP TABLE IF EXISTS t; CREATE TABLE t (id INT PRIMARY KEY, v ${type})`,
    );
    await binlog.events();
    const character = type.endsWith("latin1") ? "£" : "😀";
    const literal = `REPEAT(CONCAT('text \\n"é${character}" ', CHAR(1)), 1000000)`;
    await connection.query(`INSERT INTO t VALUES (1, ${literal})`);
    const [change] = await binlog.changes();
    const [rows] = await connection.query<RowDataPacket[][]>(
      "SELECT SHA2(v, 256), LENGTH(v) FROM t",
    );
    const [hash, length] = rows[0] as unknown as [string, number];
    const bytes = bytesOf((JSON.parse(change?.after ?? "{}") as { v: string }).v);
    expect(bytes.length).toBe(length);
    expect(length).toBeGreaterThan(10_000_000);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(hash);
  });
});
