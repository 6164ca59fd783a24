import { RowTooLargeError, UnsupportedEventError } from "../binlog-format/errors.ts";
import { judgeSourceError } from "../source/mysql-errors.ts";
import { SnapshotRefusedError, SnapshotStoppedError } from "./errors.ts";

const ER_QUERY_TIMEOUT = 3024;
const ER_NO_SUCH_TABLE = 1146;
const DENIED: ReadonlySet<number> = new Set([1044, 1142, 1143]);
const ACCOUNT: ReadonlySet<number> = new Set([1045, 1130, 1698, 1820, 1862, 3118]);

/** Whether the server has ended a query because of its time limit. */
export function isQueryTimeout(error: unknown): boolean {
  return (error as { errno?: unknown } | null)?.errno === ER_QUERY_TIMEOUT;
}

/**
 * Says why a snapshot cannot continue and what to do, without values of rows; null when the error
 * may pass.
 */
export function sentenceOf(error: unknown): string | null {
  if (error instanceof SnapshotRefusedError || error instanceof SnapshotStoppedError)
    return error.message;
  if (error instanceof UnsupportedEventError || error instanceof RowTooLargeError)
    return `A table cannot be read: ${error.message}. Cancel the snapshot, and order one without the table.`;
  const { errno, code, sqlState } = error as {
    errno?: unknown;
    code?: unknown;
    sqlState?: unknown;
  };
  const mayPass = judgeSourceError(error).kind !== "final";
  if (typeof errno !== "number" || typeof sqlState !== "string") {
    // An unexpected error stops the snapshot but not the stream.
    return mayPass
      ? null
      : "The reader's own code failed on this snapshot; its log has the error. Resume the snapshot to try again, or cancel it, and report the error.";
  }
  if (errno === ER_QUERY_TIMEOUT)
    return "The server took longer than 30 s for one query and ended it, also when the query examined few rows. Resume the snapshot when the server has less load. If the condition of --where is costly to evaluate, cancel the snapshot, and order one with a simpler condition, or with a small --rate: no query examines more rows than that.";
  if (errno === ER_NO_SUCH_TABLE)
    return "A table of the snapshot no longer exists. Create it again, then resume the snapshot; or cancel the snapshot, and order one without the table.";
  if (DENIED.has(errno))
    return "The reader's account may no longer read a table. Grant it SELECT on the snapshot's tables, then resume.";
  if (ACCOUNT.has(errno))
    return "MySQL refuses the reader's account. Check the secret's username and password, then resume the snapshot.";
  if (mayPass) return null;
  return `MySQL refuses a query of the snapshot (${typeof code === "string" ? code : errno}). Check that its tables have the definitions that they had when it was ordered, and that --where fits their columns. Then resume or cancel the snapshot.`;
}
