import type { Connection } from "mysql2/promise";

/**
 * Makes SHOW CREATE TABLE and SHOW GRANTS print each name in backticks on this connection, whatever
 * the server's settings are.
 */
export async function printNamesInBackticks(connection: Connection): Promise<void> {
  await connection.query("SET SESSION sql_mode = '', sql_quote_show_create = 1");
}
