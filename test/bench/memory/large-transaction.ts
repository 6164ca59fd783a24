import type { Pool } from "mysql2/promise";

/** A table in the database `shop`. */
export const LARGE_TABLE = "large_transaction";

/** Inserts rows in one transaction, by one statement that runs inside the server. */
export async function insertInOneTransaction(pool: Pool, rows: number): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await connection.query(
      `CREATE TABLE IF NOT EXISTS ${LARGE_TABLE} (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(60), ` +
        "state ENUM('new','paid','sent'), amount DECIMAL(12,2), note TEXT, items INT)",
    );
    await connection.query("SET SESSION cte_max_recursion_depth = ?", [rows]);
    await connection.query(
      `INSERT INTO ${LARGE_TABLE} (customer, state, amount, note, items) ` +
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) " +
        "SELECT CONCAT('customer ', n % 997), 'new', n % 10000 + 0.25, REPEAT('x', 80), n % 12 FROM numbers",
      [rows],
    );
  } finally {
    connection.release();
  }
}
