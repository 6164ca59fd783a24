import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
// In an application: from "@binlog-router/client".
import type { PositionMark, TransactionalPositionStore } from "../client/index.ts";

/**
 * Records of handled messages in the database to which the handler writes. Work and record are
 * committed together, so each change takes effect once, even after a crash.
 *
 * const subscription = await subscribe(
 *     "billing",
 *     async (change, { transaction }) => {
 *       await transaction.execute("INSERT INTO invoices …", […]);
 *     },
 *     { positions: new MysqlPositionStore(pool, "billing/staging") },
 * );
 *
 * If the router follows this database, exclude the table in the router's `tables`.
 */
export const POSITIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS change_positions (
    owner VARCHAR(100) NOT NULL,
    name VARCHAR(200) NOT NULL,
    position VARCHAR(60) NOT NULL,
    changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (owner, name),
    KEY (changed)
  ) CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * Updates a table from an earlier version of this example, which kept a row for each message group.
 * Its rows still count.
 */
export const POSITIONS_TABLE_UPDATE = `
  ALTER TABLE change_positions
    ADD COLUMN changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    ADD KEY (changed)`;

/** The time between two removals of old records, milliseconds. */
const REMOVE_EVERY_MS = 3_600_000;
/** The most rows that one statement removes, so that it does not lock many. */
const REMOVE_AT_ONCE = 1000;

export class MysqlPositionStore implements TransactionalPositionStore<PoolConnection> {
  readonly #pool: Pool;
  readonly #owner: string;
  readonly #keepDays: number;
  #removedAt = -Infinity;

  /**
   * `owner` tells apart the subscriptions that share the table. `keepDays` is how long a message's
   * record is kept; it must exceed the retention of the queue and of its dead-letter queue
   * together.
   */
  constructor(pool: Pool, owner: string, keepDays = 30) {
    this.#pool = pool;
    this.#owner = owner;
    this.#keepDays = keepDays;
  }

  async load(key: string): Promise<string | undefined> {
    const [rows] = await this.#pool.execute<RowDataPacket[]>(
      "SELECT position FROM change_positions WHERE owner = ? AND name = ?",
      [this.#owner, key],
    );
    return rows[0]?.["position"] as string | undefined;
  }

  async transact(
    marks: readonly PositionMark[],
    work: (transaction: PoolConnection) => Promise<void>,
  ): Promise<void> {
    const connection = await this.#pool.getConnection();
    try {
      await connection.beginTransaction();
      if (await this.#advance(connection, marks)) await work(connection);
      await connection.commit();
    } catch (error) {
      await connection.rollback();
      throw error;
    } finally {
      connection.release();
    }
    if (performance.now() - this.#removedAt < REMOVE_EVERY_MS) return;
    this.#removedAt = performance.now();
    // Not awaited. If the removal fails, it is tried again an hour later.
    this.removeOld().catch(() => undefined);
  }

  /** Removes the records that are older than `keepDays`. `transact` calls it once an hour. */
  async removeOld(): Promise<void> {
    for (;;) {
      const [{ affectedRows }] = await this.#pool.execute<ResultSetHeader>(
        `DELETE FROM change_positions WHERE owner = ? AND changed < NOW() - INTERVAL ? DAY LIMIT ${REMOVE_AT_ONCE}`,
        [this.#owner, this.#keepDays],
      );
      if (affectedRows < REMOVE_AT_ONCE) return;
    }
  }

  /**
   * Advances all keys; returns whether all could advance. The row locks make another process with
   * the same message wait and then find the work done.
   */
  async #advance(connection: PoolConnection, marks: readonly PositionMark[]): Promise<boolean> {
    for (const { key, position } of marks) {
      await connection.execute(
        "INSERT IGNORE INTO change_positions (owner, name, position) VALUES (?, ?, '')",
        [this.#owner, key],
      );
      const [{ affectedRows }] = await connection.execute<ResultSetHeader>(
        "UPDATE change_positions SET position = ? WHERE owner = ? AND name = ? AND position < ?",
        [position, this.#owner, key, position],
      );
      if (affectedRows === 0) return false;
    }
    return true;
  }
}
