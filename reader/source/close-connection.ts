import type { Connection } from "mysql2";

/**
 * Closes the connection at once. mysql2's `destroy` alone waits until the server closes it, too: a
 * server that does not answer would keep this process from ending.
 */
export function closeConnection(connection: Connection): void {
  connection.destroy();
  connection.stream.destroy();
}
