import type { Connection, RowDataPacket } from "mysql2/promise";

/**
 * Evaluates a condition in MySQL for each row of the table `t`. Returns true, false or null (NULL)
 * by the row's `id`. Rejects when MySQL refuses the condition.
 */
export async function truthOfRows(
  connection: Connection,
  condition: string,
): Promise<Map<number, boolean | null>> {
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: `SELECT id, (${condition}) AS truth FROM t`,
    rowsAsArray: false,
  });
  return new Map(
    rows.map((row) => [Number(row["id"]), row["truth"] === null ? null : row["truth"] !== 0]),
  );
}
