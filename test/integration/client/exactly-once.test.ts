import { setTimeout as sleep } from "node:timers/promises";
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from "mysql2/promise";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  subscribe,
  type ChangeHandler,
  type SubscribeOptions,
  type TransactionalPositionStore,
} from "../../../client/index.ts";
import {
  MysqlPositionStore,
  POSITIONS_TABLE,
  POSITIONS_TABLE_UPDATE,
} from "../../../examples/mysql-positions.ts";
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

  it("produce the effect of each change once, in order, when handlers fail and messages are repeated", async () => {
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

  it("make a second holder of a message wait for the first one and then do nothing", async () => {
    const store = new MysqlPositionStore(pool, "billing/staging");
    const marks = [{ key: "one message", position: positionAt(5) }];
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
    expect(await store.load("one message")).toBe(positionAt(5));
  });

  it("produce the effect once when another process gets the message while it is being handled", async () => {
    await rig.send(message([1]), message([2]));
    const store = new MysqlPositionStore(pool, "billing/staging");
    const began = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    let attempts = 0;
    const work: ChangeHandler<Tables, PoolConnection> = async (change, { transaction }) => {
      attempts++;
      await transaction.execute("INSERT INTO effects (pos) VALUES (?)", [change.source.pos]);
      began.resolve();
      await finish.promise;
    };
    // No visibility timeout can be extended, so SQS delivers each message again after two seconds.
    using fault = rig.aws.faults.add({
      service: "sqs",
      action: "ChangeMessageVisibilityBatch",
      effect: { kind: "error", code: "InternalError", status: 500 },
    });
    await using _ = await subscribe("billing", work, options);
    await began.promise;
    // The other consumer continues after its first transaction, once the first consumer has handled
    // the whole message.
    const other: TransactionalPositionStore<PoolConnection> = {
      load: (key) => store.load(key),
      async transact(marks, otherWork) {
        const running = store.transact(marks, otherWork);
        await Promise.race([running, sleep(500)]);
        finish.resolve();
        await running;
        await vi.waitFor(async () => expect(await effects()).toContain(1), 60_000);
      },
    };
    await using second = await subscribe("billing", work, { ...options, positions: other });
    expect(second.queueUrl).toBe(rig.queueUrl());
    await finish.promise;
    fault.remove();
    await vi.waitFor(async () => expect(await rig.depth()).toBe(0), 60_000);
    expect(await effects()).toEqual([1, 2]);
    expect(attempts).toBe(2);
  });

  it("are removed when they are older than any message", async () => {
    const store = new MysqlPositionStore(pool, "billing/staging", 10);
    const record = (key: string): Promise<void> =>
      store.transact([{ key, position: positionAt(1) }], () => Promise.resolve());
    await record("old");
    await record("young");
    await pool.query(
      "UPDATE change_positions SET changed = NOW() - INTERVAL 11 DAY WHERE name = 'old'",
    );
    await store.removeOld();
    expect(await store.load("old")).toBeUndefined();
    expect(await store.load("young")).toBe(positionAt(1));
  });

  it("are kept in a table that was made for positions of groups", async () => {
    await pool.query("DROP TABLE change_positions");
    await pool.query(`
      CREATE TABLE change_positions (
        owner VARCHAR(100) NOT NULL, name VARCHAR(200) NOT NULL, position VARCHAR(60) NOT NULL,
        PRIMARY KEY (owner, name)) CHARACTER SET ascii COLLATE ascii_bin`);
    await pool.query("INSERT INTO change_positions VALUES ('billing/staging', 'shop.orders', ?)", [
      positionAt(9),
    ]);
    await pool.query(POSITIONS_TABLE_UPDATE);
    const store = new MysqlPositionStore(pool, "billing/staging");
    await store.transact([{ key: "record", position: positionAt(1) }], () => Promise.resolve());
    await store.removeOld();
    expect(await store.load("shop.orders")).toBe(positionAt(9));
    expect(await store.load("record")).toBe(positionAt(1));
  });
});
