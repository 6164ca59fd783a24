import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { TestMysql } from "./mysql.ts";

/**
 * Makes the server end itself behind a rotation, because it cannot open the next binlog file. The
 * last file then ends as if the same run of the server had begun the next one.
 */
export async function endInRotation(mysql: TestMysql): Promise<void> {
  const obstacle = join(mysql.server.dataDir, "mysql-bin.~rec~");
  await mkdir(obstacle);
  await expect(mysql.query("FLUSH BINARY LOGS")).rejects.toThrow("Aborting the server");
  await expect.poll(() => mysql.server.pid, { timeout: 60_000 }).toBeNull();
  await rmdir(obstacle);
}
