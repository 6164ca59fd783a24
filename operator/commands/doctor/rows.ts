import type { Connection, RowDataPacket } from "mysql2/promise";

/** Runs a query and returns its rows. Rejects with MySQL's error. */
export async function rowsOf(
  connection: Connection,
  query: string,
  values: readonly unknown[] = [],
): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(query, [...values]);
  return rows;
}

/** Converts MySQL's result of a condition, which is 0 or 1. */
export function isTrue(value: unknown): boolean {
  return Number(value) === 1;
}
