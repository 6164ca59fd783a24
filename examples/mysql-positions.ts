import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
// In an application: from "@binlog-router/client".
import type { PositionMark, TransactionalPositionStore } from "../client/index.ts";

/**
 * Positions in the database that the handler writes to: work and position are committed together, so the effect of a
 * change happens once, whatever dies when.
 *
 *   const subscription = await subscribe(
 *     "billing",
 *     async (change, { transaction }) => {
 *       await transaction.execute("INSERT INTO invoices …", […]);
 *     },
 *     { positions: new MysqlPositionStore(pool, "billing/staging") },
 *   );
 *
 * Leave the table out of the router's own `tables` when both databases are one.
 */
export const POSITIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS change_positions (
    owner VARCHAR(100) NOT NULL,
    name VARCHAR(200) NOT NULL,
    position VARCHAR(60) NOT NULL,
    PRIMARY KEY (owner, name)
  ) CHARACTER SET ascii COLLATE ascii_bin`;

export class MysqlPositionStore implements TransactionalPositionStore<PoolConnection> {
  readonly #pool: Pool;
  readonly #owner: string;

  /** `owner` tells apart the subscriptions that share the table. */
  constructor(pool: Pool, owner: string) {
    this.#pool = pool;
    this.#owner = owner;
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
  }

  /** Whether all keys were moved. The lock on their rows makes whoever else has the same message wait, and then find it done. */
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
