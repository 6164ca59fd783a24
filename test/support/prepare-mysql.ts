import { findMysql } from "../../infra/local/mysql/find-mysql.ts";
import { showProgress } from "../../infra/local/mysql/progress.ts";

/**
 * Provides MySQL's programs before the first test, so that no test's time limit includes a
 * download.
 */
export async function setup(): Promise<void> {
  await findMysql({ progress: showProgress(process.stderr) });
}
