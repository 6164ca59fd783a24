import { createPool, type Pool, type PoolConnection, type RowDataPacket } from "mysql2/promise";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { subscribe, type ChangeHandler, type SubscribeOptions } from "../../../client/index.ts";
import { MysqlPositionStore, POSITIONS_TABLE } from "../../../examples/mysql-positions.ts";
import { message, positionAt } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";
import { useMysql } from "../../support/mysql.ts";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";

interface Tables extends Record<string, { readonly id: number }> {}

describe("positions in the application's own database", () => {
  const mysql = useMysql();
  let rig: QueueRig;
  let pool: Pool;
  let options: SubscribeOptions<Tables, PoolConnection>;

  beforeEach(async () => {
    rig = await startQueueRig({ maxReceiveCount: 100 });
    const { host, port, user, password } = mysql.server;
    await mysql.query("CREATE DATABASE application");
    pool = createPool({ host, port, user, password, database: "application" });
    await pool.query(POSITIONS_TABLE);
    await pool.query("CREATE TABLE effects (n INT AUTO_INCREMENT PRIMARY KEY, pos INT NOT NULL)");
    options = {
      sqs: rig.sqs,
      source: "shop",
      environment: "staging",
      visibilityTimeoutSeconds: 2,
      backoffSeconds: () => 0,
      onError: () => undefined,
      positions: new MysqlPositionStore(pool, "billing/staging"),
    };
  });

  afterEach(async () => {
    await pool.end();
    await mysql.query("DROP DATABASE application");
    await rig[Symbol.asyncDispose]();
  });

  async function effects(): Promise<number[]> {
    const [rows] = await pool.query<RowDataPacket[]>("SELECT pos FROM effects ORDER BY n");
    return rows.map((row) => row["pos"] as number);
  }

  it("make the effect of each change happen once, in order, although handlers fail and messages repeat", async () => {
    const random = new SeededRandom(7);
    const offsets = Array.from({ length: 60 }, (_, index) => index + 1);
    for (let first = 0; first < offsets.length; first += 3) {
      const three = message(offsets.slice(first, first + 3));
      await rig.send(three, ...(random.next() < 0.3 ? [three] : []));
    }
    let failures = 0;
    const work: ChangeHandler<Tables, PoolConnection> = async (change, { transaction }) => {
      await transaction.execute("INSERT INTO effects (pos) VALUES (?)", [change.source.pos]);
      if (random.next() < 0.2) {
        failures++;
        throw new Error("after the work, before the commit");
      }
    };
    await using one = await subscribe("billing", work, options);
    await using two = await subscribe("billing", work, options);
    expect(two.queueUrl).toBe(one.queueUrl);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(await effects()).toEqual(offsets);
    expect(failures).toBeGreaterThan(0);
  });

  it("let whoever has a message a second time wait for the first, and then do nothing", async () => {
    const store = new MysqlPositionStore(pool, "billing/staging");
    const marks = [{ key: "shop.orders", position: positionAt(5) }];
    const finish = Promise.withResolvers<void>();
    const work = async (transaction: PoolConnection): Promise<void> => {
      await transaction.execute("INSERT INTO effects (pos) VALUES (5)");
      await finish.promise;
    };
    const first = store.transact(marks, work);
    const second = store.transact(marks, work);
    finish.resolve();
    await Promise.all([first, second]);
    expect(await effects()).toEqual([5]);
    expect(await store.load("shop.orders")).toBe(positionAt(5));
  });
});
