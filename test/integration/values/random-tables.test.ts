import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BinlogFile, type DecodedChange } from "../../support/binlog-changes.ts";
import { jsonMembers } from "../../support/json-text.ts";
import { useMysql } from "../../support/mysql.ts";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { difference, type ValueFamily, valueFamilies } from "../../support/value-families.ts";

const mysql = useMysql();
let binlog: BinlogFile;

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, "random_test");
});
afterAll(() => binlog[Symbol.asyncDispose]());

const TABLES = Number(process.env["TABLES"] ?? 40);
const STATEMENTS = 60;
const firstSeed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

interface RandomColumn {
  readonly name: string;
  readonly type: string;
  readonly family: ValueFamily;
}

it.for(Array.from({ length: TABLES }, (_, i) => firstSeed + i))(
  "the changes of a random table add up to its content (SEED=%i)",
  async (seed) => {
    const random = new SeededRandom(seed);
    const columns = randomColumns(random);
    await createTable(columns);
    await binlog.events();
    for (let i = 0; i < STATEMENTS; i++) await runStatement(random, columns);
    const rows = replay(await binlog.changes());
    await expectSameAsTable(rows, columns);
  },
);

function randomColumns(random: SeededRandom): RandomColumn[] {
  const families = Object.values(valueFamilies).filter(
    ({ since }) => (since ?? 0) <= Number.parseInt(mysql.server.version, 10),
  );
  return Array.from({ length: 1 + random.below(40) }, (_, i) => {
    const family = random.pick(families);
    const type = random.pick(family.types.filter((name) => name !== "SERIAL"));
    return { name: `${random.pick(["c", "with space ", "é", "`"])}${i}`, type, family };
  });
}

async function createTable(columns: readonly RandomColumn[]): Promise<void> {
  const list = columns.map(({ name, type }) => `${quoted(name)} ${type}`);
  await binlog.connection.query(
    `DROP TABLE IF EXISTS t; CREATE TABLE t (id INT, ${list.join()}, part INT, PRIMARY KEY (part, id)) ROW_FORMAT = DYNAMIC`,
  );
}

/**
 * Runs an insert, update, key change or delete with a random kind of row image. A statement that
 * the server refuses has no effect.
 */
async function runStatement(random: SeededRandom, columns: readonly RandomColumn[]): Promise<void> {
  const id = random.below(20);
  const chosen = columns.filter(() => random.chance(0.5));
  const value = ({ family }: RandomColumn): string =>
    random.chance(0.2) ? "NULL" : random.pick(family.literals);
  const assignments = chosen.map((column) => `${quoted(column.name)} = ${value(column)}`);
  const statement = random.pick([
    `INSERT IGNORE INTO t (${["id", "part", ...chosen.map(({ name }) => quoted(name))].join()}) VALUES (${[id, id % 3, ...chosen.map(value)].join()})`,
    `UPDATE IGNORE t SET ${[`part = part + ${random.below(2)}`, ...assignments].join()} WHERE id = ${id}`,
    `REPLACE INTO t (${["id", "part", ...chosen.map(({ name }) => quoted(name))].join()}) VALUES (${[id, id % 3, ...chosen.map(value)].join()})`,
    `UPDATE IGNORE t SET id = id + 1 WHERE id = ${id}`,
    `DELETE FROM t WHERE id = ${id} AND part = ${random.below(4)}`,
  ]);
  await binlog.connection.query(
    `SET binlog_row_image = ${random.pick(["FULL", "MINIMAL", "NOBLOB"])}, binlog_transaction_compression = ${random.below(2)}`,
  );
  await binlog.connection.query(statement).catch(() => undefined);
}

/** Applies changes to an empty table. Returns the columns of each row, by key. */
function replay(changes: readonly DecodedChange[]): Map<string, Map<string, string>> {
  const rows = new Map<string, Map<string, string>>();
  for (const { op, key, oldKey, before, after } of changes) {
    const formerKey = oldKey === "" ? key : oldKey;
    expect(rows.has(formerKey)).toBe(op !== "c");
    const former = rows.get(formerKey) ?? new Map<string, string>();
    if (before !== "") {
      for (const [name, value] of jsonMembers(before))
        expect(value).toBe(former.get(name) ?? "null");
    }
    rows.delete(formerKey);
    if (op !== "d") rows.set(key, new Map([...former, ...jsonMembers(after)]));
  }
  return rows;
}

async function expectSameAsTable(
  rows: ReadonlyMap<string, ReadonlyMap<string, string>>,
  columns: readonly RandomColumn[],
): Promise<void> {
  const list = columns.map(({ name, family }) => family.select.replace("?", quoted(name)));
  const [table] = await binlog.connection.query<RowDataPacket[][]>(
    `SELECT JSON_OBJECT('part', part, 'id', id), ${list.join()} FROM t`,
  );
  expect(rows.size).toBe(table.length);
  for (const [key, ...printed] of table as unknown as [object, ...(string | null)[]][]) {
    const { part, id } = key as { part: number; id: number };
    const row = rows.get(JSON.stringify({ part, id }));
    for (const [i, { name, type, family }] of columns.entries()) {
      const wrong = difference(family, row?.get(name) ?? "null", printed[i] ?? null);
      expect(wrong === undefined ? undefined : `${type}: ${wrong}`).toBeUndefined();
    }
  }
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
