import type { Connection, RowDataPacket } from "mysql2/promise";

/** An answer that took longer is too imprecise. */
const LONGEST_MS = 1000;

/** The server's time, milliseconds since 1970. */
export async function serverNowMs(connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    // In UTC: in autumn one hour of local time comes twice.
    "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000 AS ms",
  );
  return Number(rows[0]?.["ms"]);
}

/**
 * How far the server's clock is ahead of this machine's, milliseconds; null when the answer took
 * too long.
 */
export async function clockAheadMs(connection: Connection): Promise<number | null> {
  const [askedAt, began] = [Date.now(), performance.now()];
  const nowMs = await serverNowMs(connection);
  const tookMs = performance.now() - began;
  return tookMs > LONGEST_MS ? null : nowMs - askedAt - tookMs / 2;
}
