import { expect } from "vitest";
import type { TestMysql } from "./mysql.ts";

/**
 * Waits until the reader has processed a census that began after this call. The reader's sweep and
 * its save each take a census only after they have processed their previous one. One of each may
 * already be running, so two of the next three come from the same one.
 */
export async function nextCensus(mysql: TestMysql): Promise<void> {
  const before = await censuses(mysql);
  await expect.poll(() => censuses(mysql), { timeout: 60_000 }).toBeGreaterThan(before + 3);
}

async function censuses(mysql: TestMysql): Promise<number> {
  const [row] = await mysql.query<{ count: string }>(
    `SELECT SUM(count_star) AS count FROM performance_schema.events_statements_summary_by_digest
     WHERE digest_text LIKE '%FROM \`performance_schema\` . \`threads\` WHERE \`processlist_id\` IS NOT NULL'`,
  );
  return Number(row?.count ?? 0);
}
