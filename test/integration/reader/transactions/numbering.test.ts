import type { Connection } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainStep } from "../../../../functions/frame/chain.ts";
import type { Frame } from "../../../../wire/frame.ts";
import { formatPosition, type PositionText } from "../../../../wire/position.ts";
import { BinlogFile } from "../../../support/binlog-changes.ts";
import { useLocalAws } from "../../../support/local-aws.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, SHORT_LEASE } from "../../../support/reader.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";

// Positions and ids count all changes of an event and of a transaction. The followed tables may
// change while the reader is inside a transaction; tables that are followed before and after keep
// their numbers.

const mysql = useMysql();
const aws = useLocalAws();

beforeEach(async () => {
  aws.faults.clear();
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  for (const table of TABLES)
    await mysql.query(
      `CREATE TABLE shop.${table} (id INT PRIMARY KEY, note VARCHAR(100), at DATETIME(3))`,
    );
});

const TABLES = ["orders", "lines", "audit"] as const;
const ROWS = 30_001;
const CHUNK = 500;

/** Inserts rows into the three tables in turn, some with NULL, within the open transaction. */
async function insertInTurn(connection: Connection, rows: number): Promise<void> {
  for (let first = 0; first < rows; first += CHUNK) {
    const values = Array.from({ length: Math.min(CHUNK, rows - first) }, (_, i) => [
      first + i,
      (first + i) % 7 === 0 ? null : `row ${first + i}`,
      (first + i) % 5 === 0 ? null : "2026-01-02 03:04:05.678",
    ]);
    const table = TABLES[(first / CHUNK) % TABLES.length] ?? "";
    await connection.query(`INSERT INTO shop.${table} VALUES ?`, [values]);
  }
}

/**
 * The changes of shop.orders in the events with their numbers, as read by a reader that follows
 * `patterns`.
 */
async function numbersOfOrders(
  events: readonly Buffer[],
  patterns: readonly string[],
  ledger = "x.x",
): Promise<string[]> {
  const numbers: string[] = [];
  const reader = transactionReaderOf(
    patterns,
    {
      change: (_, { op, table, offset, row, n, texts }) => {
        if (table === "orders") numbers.push(`${op} ${offset}/${row} ${n} ${texts.key}`);
      },
    },
    { ledger, heldLimitBytes: 1e8 },
  );
  for (const event of events) await reader.onEvent(event);
  return numbers;
}

describe("a change has the same numbers whichever tables the reader follows", () => {
  let binlog: BinlogFile;

  beforeAll(async () => {
    binlog = await BinlogFile.open(mysql.server, "shop");
  });
  afterAll(async () => binlog[Symbol.asyncDispose]());

  async function expectSameNumbers(changes: number): Promise<void> {
    const events = await binlog.events();
    const all = await numbersOfOrders(events, ["*.*"]);
    expect(all).toHaveLength(changes);
    expect(await numbersOfOrders(events, ["shop.orders"])).toEqual(all);
    expect(await numbersOfOrders(events, ["shop.*", "!shop.audit"])).toEqual(all);
    // A table that becomes the ledger's table.
    expect(await numbersOfOrders(events, ["shop.orders"], "shop.audit")).toEqual(all);
  }

  const BEGINNINGS = {
    "a transaction": ["BEGIN", "COMMIT"],
    "an XA transaction": ["XA START 'x'", "XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x'"],
    "an XA transaction of one phase": ["XA START 'x'", "XA END 'x'; XA COMMIT 'x' ONE PHASE"],
  } as const;

  for (const [name, [begin, end]] of Object.entries(BEGINNINGS)) {
    test.each(["OFF", "ON"])(`${name}, compression %s`, async (compression) => {
      const { connection } = binlog;
      await connection.query(`SET SESSION binlog_transaction_compression = ${compression}`);
      await binlog.events();
      await connection.query(begin);
      await insertInTurn(connection, 4 * CHUNK);
      await connection.query(
        "UPDATE shop.audit SET note = NULL WHERE id % 2 = 0; UPDATE shop.orders SET id = id + 10000;" +
          "DELETE FROM shop.lines; DELETE FROM shop.orders LIMIT 10",
      );
      await connection.query(end);
      await expectSameNumbers(2 * CHUNK + 2 * CHUNK + 10);
    });
  }

  test.each(["FULL", "MINIMAL", "NOBLOB"])("binlog_row_image %s", async (image) => {
    const { connection } = binlog;
    await connection.query(
      `SET SESSION binlog_transaction_compression = ON, binlog_row_image = ${image}`,
    );
    await binlog.events();
    await connection.query("BEGIN");
    await insertInTurn(connection, 4 * CHUNK);
    await connection.query(
      "UPDATE shop.audit SET note = 'x' WHERE id % 3 = 0; DELETE FROM shop.audit; UPDATE shop.orders SET at = NULL; COMMIT",
    );
    await connection.query("SET SESSION binlog_row_image = FULL");
    const changed = 2 * CHUNK;
    const [rows] = await connection.query("SELECT COUNT(*) FROM shop.orders");
    expect(rows).toEqual([[changed]]);
    // An UPDATE of a row that already has the value is not a change.
    const already = Array.from({ length: changed }, (_, i) => (i < CHUNK ? i : i + 2 * CHUNK));
    await expectSameNumbers(changed + already.filter((id) => id % 5 !== 0).length);
  });

  test("with statements that name several tables", async () => {
    const { connection } = binlog;
    await binlog.events();
    await connection.query(
      "RENAME TABLE shop.lines TO shop.former, shop.orders TO shop.older, shop.audit TO shop.orders;" +
        "DROP TABLE shop.former, shop.orders, shop.older",
    );
    // Each statement names the table at least once, which counts once.
    await expectSameNumbers(2);
  });
});

/**
 * Models a lane's route function, which drops changes that it has delivered, by their positions.
 */
class Delivered {
  readonly ids = new Map<string, string[]>();
  #last: PositionText | null = null;
  #repeated = 0;

  get repeated(): number {
    return this.#repeated;
  }

  take(frame: Frame): void {
    const step = chainStep({ delivered: this.#last, life: frame.life ?? null }, frame);
    expect(step.kind).not.toBe("gap");
    for (const change of frame.changes) {
      const transaction = frame.transactions[change.transaction];
      const [, table = ""] = frame.tables[change.table] ?? [];
      const file = Number(transaction?.file.split(".").at(-1));
      const { offset, row, n, key } = change;
      const position = formatPosition({ epoch: frame.epoch, file, offset, row });
      if (this.#last !== null && position <= this.#last) {
        this.#repeated++;
        continue;
      }
      this.#last = position;
      const of = `${table} ${key}`;
      this.ids.set(of, [...(this.ids.get(of) ?? []), `${transaction?.gtid}/${n}`]);
    }
  }

  ofTable(table: string): string[][] {
    return Array.from(this.ids).flatMap(([of, ids]) => (of.startsWith(`${table} `) ? [ids] : []));
  }
}

describe("a reader that is killed inside a transaction of 30,001 rows and restarted with other tables", () => {
  const ORDERS = Array.from({ length: ROWS }, (_, id) => id).filter(
    (id) => Math.floor(id / CHUNK) % TABLES.length === 0,
  ).length;

  describe.each([["OFF"], ["ON"]])("with compression %s", (compression) => {
    test.each([
      ["fewer", ["shop.*"], ["shop.orders"]],
      ["more", ["shop.orders"], ["shop.*"]],
      ["others", ["shop.orders", "shop.lines"], ["shop.audit", "shop.orders"]],
    ])("%s tables", { timeout: 240_000 }, async (_, before, after) => {
      await using bench = await ReaderBench.create(aws, mysql.server, { FRAME_KIB: "4" });
      const delivered = new Delivered();
      const first = await bench.start("following the binlog", {
        SOURCE_TABLES: JSON.stringify(before),
      });
      const connection = await mysql.connect();
      await connection.query(`SET SESSION binlog_transaction_compression = ${compression}`);
      await connection.beginTransaction();
      await insertInTurn(connection, ROWS);
      await connection.commit();
      let taken = 0;
      while (taken < 1500) {
        for (const frame of await bench.receive()) {
          delivered.take(frame);
          taken += frame.changes.length;
        }
      }
      await first.kill();
      await bench.start(undefined, { ...SHORT_LEASE, SOURCE_TABLES: JSON.stringify(after) });
      await mysql.query("INSERT INTO shop.orders VALUES (1000000, 'end', NULL)");
      while (!delivered.ids.has('orders {"id":1000000}'))
        for (const frame of await bench.receive()) delivered.take(frame);
      const orders = delivered.ofTable("orders");
      const doubled = orders.filter((ids) => ids.length > 1).length;
      const lost = ORDERS + 1 - orders.length;
      console.log(
        `compression ${compression}, ${before.join()} then ${after.join()}: ${ORDERS} rows of shop.orders, ` +
          `${lost} lost, ${doubled} doubled, ${delivered.repeated} repeats dropped`,
      );
      expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
      expect(new Set(orders.flat()).size).toBe(ORDERS + 1);
      expect(delivered.repeated).toBeGreaterThan(0); // otherwise it was not killed inside the transaction
    });
  });
});
