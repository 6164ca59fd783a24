import ZongJi from "@vlasky/zongji";
import { expect, it } from "vitest";
import { BinlogFile } from "../../support/binlog-changes.ts";
import { jsonMembers } from "../../support/json-text.ts";
import { useMysql } from "../../support/mysql.ts";
import { valueFamilies } from "../../support/value-families.ts";

const mysql = useMysql();

type Row = Readonly<Record<string, unknown>>;

/** For the types that zongji decodes exactly: whether its value matches our JSON. */
const comparable: Readonly<Record<string, (json: string, zongji: unknown) => boolean>> = {
  "signed integers": (json, zongji) => json === String(zongji),
  "unsigned integers": (json, zongji) => json === String(zongji),
  BIT: (json, zongji) => BigInt(json) === BigInt(`0x${(zongji as Buffer).toString("hex")}`),
  DECIMAL: (json, zongji) => JSON.parse(json) === zongji,
  DOUBLE: (json, zongji) => Object.is(JSON.parse(json), zongji),
  FLOAT: (json, zongji) => Object.is(Math.fround(Number(json)), zongji),
  DATE: (json, zongji) => JSON.parse(json) === zongji,
  DATETIME: (json, zongji) => JSON.parse(json) === zongji,
  "text in UTF-8": (json, zongji) => JSON.parse(json) === zongji,
  "binary strings": (json, zongji) => JSON.parse(json) === (zongji as Buffer).toString("base64"),
  ENUM: (json, zongji) => JSON.parse(json) === (zongji ?? ""),
  SET: (json, zongji) => (JSON.parse(json) as string[]).join() === zongji,
  // Numbers are compared as JavaScript numbers: zongji writes a double without a fraction as an
  // integer.
  JSON: (json, zongji) =>
    JSON.stringify(JSON.parse(json)) === JSON.stringify(JSON.parse(zongji as string)),
};

/** Whether zongji is exact for a value: it decodes a DECIMAL inside JSON as a string. */
function isExactInZongji(family: string, literal: string): boolean {
  return family !== "JSON" || literal.startsWith("'");
}

it.for(Object.entries(comparable))(
  "%s: values equal those that zongji decodes",
  async ([name, same]) => {
    const family = valueFamilies[name];
    if (family === undefined) throw new Error(`there is no family named ${name}`);
    await using binlog = await BinlogFile.open(mysql.server, "differential_test");
    for (const [i, type] of family.types.entries()) {
      await binlog.connection.query(
        `DROP TABLE IF EXISTS t${i}; CREATE TABLE t${i} (id INT UNIQUE, v ${type})`,
      );
    }
    const { file, position } = await binlog.end();
    await binlog.events();
    for (const i of family.types.keys()) {
      for (const [id, literal] of family.literals.entries()) {
        if (!isExactInZongji(name, literal)) continue;
        await binlog.connection
          .query(`INSERT IGNORE INTO t${i} VALUES (${id}, ${literal})`)
          .catch(() => undefined);
      }
    }
    const ours = (await binlog.changes()).map(({ after }) => jsonMembers(after).get("v") ?? "");
    const theirs = await rowsOfZongji(file, position, ours.length);
    expect(ours.length).toBeGreaterThan(0);
    for (const [i, json] of ours.entries()) {
      const value = theirs[i]?.["v"];
      const equal = (json === "null" && value === null) || same(json, value);
      expect(equal ? "equal" : `${json}, zongji: ${String(value)}`).toBe("equal");
    }
  },
);

/** The first `count` inserted rows from a binlog position on, as zongji decodes them. */
async function rowsOfZongji(filename: string, position: number, count: number): Promise<Row[]> {
  const { host, port, user, password } = mysql.server;
  const zongji = new ZongJi({
    host,
    port,
    user,
    password,
    dateStrings: true,
    jsonStrings: true,
  });
  const rows: Row[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      zongji.on("error", reject);
      zongji.on("binlog", (event) => {
        if (event.getEventName() !== "writerows") return;
        rows.push(...(event as unknown as { rows: Row[] }).rows);
        if (rows.length >= count) resolve();
      });
      zongji.start({
        serverId: 4_000,
        filename,
        position,
        includeEvents: ["tablemap", "writerows"],
      });
    });
  } finally {
    zongji.stop();
  }
  return rows;
}
