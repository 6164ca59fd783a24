import type { Connection, RowDataPacket } from "mysql2/promise";

/** An answer that took longer is too imprecise. */
const LONGEST_MS = 1000;

/**
 * How far the server's clock is ahead of this machine's, milliseconds; null when the answer took
 * too long.
 */
export async function clockAheadMs(connection: Connection): Promise<number | null> {
  const [askedAt, began] = [Date.now(), performance.now()];
  const [rows] = await connection.query<RowDataPacket[]>(
    // In UTC: in autumn one hour of local time comes twice.
    "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000 AS ms",
  );
  const tookMs = performance.now() - began;
  return tookMs > LONGEST_MS ? null : Number(rows[0]?.["ms"]) - askedAt - tookMs / 2;
}
