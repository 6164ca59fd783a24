import { findMysql } from "../../infra/local/mysql/find-mysql.ts";
import { showProgress } from "../../infra/local/mysql/progress.ts";

/**
 * Has MySQL's programs at hand before the first test starts, so that no test's time limit pays for
 * a download.
 */
export async function setup(): Promise<void> {
  await findMysql({ progress: showProgress(process.stderr) });
}
