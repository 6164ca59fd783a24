import type { Connection, RowDataPacket } from "mysql2/promise";

/** The rows that a query brings. Rejects with MySQL's error. */
export async function rowsOf(
  connection: Connection,
  query: string,
  values: readonly unknown[] = [],
): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(query, [...values]);
  return rows;
}

/** MySQL's answer to a condition. */
export function isTrue(value: unknown): boolean {
  return Number(value) === 1;
}
